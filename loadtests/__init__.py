"""Measurements: each file is one command that prints a ratio against a baseline of the same run."""
