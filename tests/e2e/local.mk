# End-to-end tests: the real programs.
TESTS += tests/e2e/cli.sh
EXTRA_DIST += tests/e2e/cli.sh
