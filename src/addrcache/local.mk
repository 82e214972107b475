# sources of src/addrcache
