"""What a change of an item is, and what it is converted to."""
