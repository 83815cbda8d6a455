"""DynamoDB Local without Docker, and the demo."""
