"""Records that could not be delivered: what is kept of them, and where."""
