"""What has been given up: looked at, delivered again, removed, or set aside."""
