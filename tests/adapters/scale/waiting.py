"""Waiting for conditions on the reactor, in vain for WITHIN_S at most: then the test fails and says for what."""

import inspect
import time
from collections.abc import Callable
from typing import Any

from twisted.internet import reactor as installed_reactor
from twisted.internet.defer import Deferred

reactor: Any = installed_reactor
WITHIN_S = 90.0  # on a busy two-core machine


async def until(true: Callable[[], object]) -> None:
    """Turn the reactor until something is so."""
    gives_up_s = time.monotonic() + WITHIN_S
    while not true():
        if time.monotonic() > gives_up_s:
            raise AssertionError(f"waited in vain: {inspect.getsource(true).strip()}")
        waiting: Deferred[None] = Deferred()
        reactor.callLater(0.005, waiting.callback, None)
        await waiting
