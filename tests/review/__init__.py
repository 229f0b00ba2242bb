"""A review page on lines made up for tests: a real server, and fakes with the real interface."""
