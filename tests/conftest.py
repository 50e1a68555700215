"""Fixtures of every test. The servers they stand for start when a test first asks for one."""

import atexit
import os
import shutil
import tempfile

import pytest
from hypothesis import settings

# how long an example takes says how busy the machine is, not whether the code is right
settings.register_profile("ganying", deadline=None)
settings.load_profile("ganying")

pytest_plugins = ("tests.postgres", "tests.nats_server")

SHELF = "GANYING_TEST_SHELF"
LONGEST = ("tests/journeys/", "tests/loadtests/", "tests/webui/")


def pytest_configure(config: pytest.Config) -> None:
    """One folder for what the processes of this run share; the first process makes it and takes it away."""
    if SHELF not in os.environ:
        os.environ[SHELF] = tempfile.mkdtemp(prefix="ganying-shelf-")
        atexit.register(shutil.rmtree, os.environ[SHELF], ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long files first, so that short ones are left to fill the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))
