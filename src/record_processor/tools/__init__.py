"""Looking and mending, beside the workers."""
