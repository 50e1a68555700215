"""Dialling a partner: only while no link to it is up, and with a growing pause in between."""

import random
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IStreamClientEndpoint
from zope.interface import implementer

from protocols.link_session import LinkSession
from protocols.link_state import LinkState

FIRST_PAUSE_S = 0.25
PAUSE_FACTOR = 1.6
LONGEST_PAUSE_S = 10.0  # a neighbour that comes back is heard within this
REFUSED_PAUSE_S = 15.0


class AlreadyLinked(Exception):
    """The partner's own connection serves; ours is not needed now."""


@implementer(IStreamClientEndpoint)
class WhenNeeded:
    """An endpoint that does not dial while the link is up by the other side's connection."""

    def __init__(self, endpoint: Any, linked: Callable[[], bool]) -> None:
        self._endpoint, self._linked = endpoint, linked

    def connect(self, factory: Any) -> Deferred[Any]:
        """Dial, or fail at once with AlreadyLinked."""
        if self._linked():
            return fail(AlreadyLinked())
        dialled: Deferred[Any] = self._endpoint.connect(factory)
        return dialled


def pause(session: LinkSession) -> Callable[[int], float]:
    """Seconds until the next attempt; longer where people must change something first."""

    def pause_s(attempt: int) -> float:
        if session.state is LinkState.REFUSED:
            return REFUSED_PAUSE_S
        tries = min(max(attempt, session.fruitless), 20)
        length_s = min(FIRST_PAUSE_S * PAUSE_FACTOR ** (tries - 1), LONGEST_PAUSE_S)
        return length_s * random.uniform(0.8, 1.2)  # noqa: S311  # spreads two sites' attempts, no secret

    return pause_s
