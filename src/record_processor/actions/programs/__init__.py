"""A user's program that reads and answers line by line."""
