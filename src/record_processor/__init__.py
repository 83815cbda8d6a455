"""A KCL worker for DynamoDB Streams: every change reaches the configured actions, in order per item."""

__version__ = "0.1.0"
