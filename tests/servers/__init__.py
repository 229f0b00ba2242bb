"""Real servers on free loopback ports, for tests and benchmarks; each is ended by its id."""
