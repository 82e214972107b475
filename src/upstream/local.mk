# sources of src/upstream
