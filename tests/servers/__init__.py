"""Real servers for the tests, each its own process on a loopback port, and faults between them and us."""
