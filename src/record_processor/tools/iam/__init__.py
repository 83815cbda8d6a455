"""`record-processor iam`: the least policy for a configuration."""
