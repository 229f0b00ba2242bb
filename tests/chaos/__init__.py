"""Faults on purpose: a simulation with a clock of its own, and real processes that are broken."""
