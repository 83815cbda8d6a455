"""What is logged and printed: events, without secrets, safe for a terminal."""
