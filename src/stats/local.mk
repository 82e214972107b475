# sources of src/stats
