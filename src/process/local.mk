# sources of src/process
