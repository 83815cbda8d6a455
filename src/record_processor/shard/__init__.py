"""One shard process: protocol → records → delivery → checkpoint.

A record enters at the protocol and never goes back a room. Nothing here knows about `host/` or `tools/`.
"""
