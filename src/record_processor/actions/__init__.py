"""What can be done with records: one file an action, found by name, imported only when configured."""
