"""A DynamoDB on this machine, and the demo."""
