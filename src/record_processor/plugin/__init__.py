"""What an action is made of."""
