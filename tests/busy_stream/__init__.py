"""A stand-in for a busy DynamoDB stream, in front of the local database, whose streams have one shard each.

It shows one table's changes as several shards by item, splits them and rolls them over as DynamoDB does, trims them,
marks what TTL deletes, keeps AWS's limits, and injects faults on command. It can write records as DynamoDB Local does.
Requests that it does not know are passed through.
"""
