# sources of src/symbols
