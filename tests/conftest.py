"""Fixtures of every test. The servers they stand for start when a test first asks for one."""

pytest_plugins = ("tests.postgres",)
