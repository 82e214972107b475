# unit tests of src/upstream
