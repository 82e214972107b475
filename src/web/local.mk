# sources of src/web
