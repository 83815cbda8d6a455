"""Text from outside: fit for where it goes, and without secrets."""
