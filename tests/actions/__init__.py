"""Every action against its server, over the network."""
