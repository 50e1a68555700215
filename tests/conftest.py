"""Fixtures of every test. The servers they stand for start when a test first asks for one."""

from hypothesis import settings

# how long an example takes says how busy the machine is, not whether the code is right
settings.register_profile("ganying", deadline=None)
settings.load_profile("ganying")

pytest_plugins = ("tests.postgres", "tests.nats_server")
