"""One shard's child process: protocol → records → delivery → checkpoint.

A record enters at the protocol and never goes back a room. Nothing here knows of `daemon/` or `operate/`.
"""
