# sources of src/protocol
