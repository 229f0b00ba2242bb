"""Checks, metrics and the gate: pure; learned scores come in as plain values."""
