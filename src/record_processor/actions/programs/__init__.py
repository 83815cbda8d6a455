"""A user's program that is fed and answers line by line."""
