# unit tests of src/symbols
