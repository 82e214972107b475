# unit tests of src/protocol
