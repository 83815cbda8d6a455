"""What the package is made of: read when it is built and by tests, never by a worker."""
