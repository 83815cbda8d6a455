"""Looking and repairing, beside the workers."""
