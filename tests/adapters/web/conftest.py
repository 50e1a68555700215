"""A running site per test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_twisted

from tests.adapters.web.running import Running


@pytest_twisted.async_yield_fixture
async def site(tmp_path: Path) -> AsyncIterator[Running]:
    """A site with people of every role, one base and two aircraft."""
    running = await Running.start(tmp_path)
    yield running
    await running.stop()
