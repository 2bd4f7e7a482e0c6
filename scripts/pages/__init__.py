"""Pages: what the program and its schema say of themselves, as pages of the documentation."""
