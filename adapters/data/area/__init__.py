"""Whose ground an alarm is on; ORIGIN.md says where it comes from."""
