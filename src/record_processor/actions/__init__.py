"""What can be done with records: one file per action, found by name and imported only when configured."""
