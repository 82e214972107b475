# tests/naive
