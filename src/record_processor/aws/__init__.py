"""The AWS SDK: its clients and settings, what its errors mean, and answers that stay small."""
