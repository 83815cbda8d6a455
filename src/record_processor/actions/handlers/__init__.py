"""How a user's Python function is imported, called and ended."""
