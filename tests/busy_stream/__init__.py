"""A stand-in for a busy DynamoDB stream, in front of DynamoDB Local, which shows one open shard at a time.

It shows one table's changes as several shards by item, splits them and rolls them over as DynamoDB does, keeps AWS's
limits, and gives faults on command. What it does not know it passes through.
"""
