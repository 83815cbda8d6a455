"""What is logged and printed: events, without secrets, fit for a terminal."""
