"""Text from outside: made fit for its destination, and without secrets."""
