# unit tests of src/addrcache
