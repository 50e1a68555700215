"""Tests of adapters/store."""
