"""A stand-in for a busy DynamoDB stream, in front of the local database, where each has one shard.

It shows one table's changes as several shards by item, splits them and rolls them over as DynamoDB does, trims them,
marks what TTL deletes, keeps AWS's limits, and gives faults on command. It can write records as DynamoDB Local does.
What it does not know it passes through.
"""
