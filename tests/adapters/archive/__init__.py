"""Tests of adapters/archive."""
