"""What a change of an item is, and what is made of it."""
