"""Real servers for the tests, each a process of its own on a loopback port, and the faults between them and us."""
