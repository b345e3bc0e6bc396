"""Media: pictures, their files, and what is read beside them."""
