"""The AWS SDK: its clients and settings, what its errors mean, and limits for its answers."""
