"""Waiting for conditions on the reactor; pytest's timeout ends a wait in vain."""

from collections.abc import Callable
from typing import Any

from twisted.internet import reactor as installed_reactor
from twisted.internet.defer import Deferred

reactor: Any = installed_reactor


async def until(true: Callable[[], object]) -> None:
    """Turn the reactor until something is so."""
    while not true():
        waiting: Deferred[None] = Deferred()
        reactor.callLater(0.005, waiting.callback, None)
        await waiting
