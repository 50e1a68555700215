"""Hands to a partner that another site has invited what our people had put into the room before (`RoomGiven`).

What is owed follows from the world, so a crash between the invitation and this loses nothing: the start looks too.
"""

from collections.abc import Callable
from typing import Any

import structlog
from twisted.internet.defer import Deferred

from adapters.desk import Desk
from dispatch import room_sharing
from dispatch.commands import Ask
from dispatch.errors import GanyingError
from dispatch.facts import Recorded
from dispatch.room_commands import GiveRoom
from dispatch.room_facts import RoomSiteInvited
from dispatch.world import World

RETRY_S = 2.0  # the desk was busy or its journal away

log = structlog.get_logger()


class RoomGiver:
    """Follows the desk of one site."""

    def __init__(self, desk: Desk, reactor: Any) -> None:
        self._desk, self._reactor = desk, reactor
        self._under_way: set[tuple[str, str]] = set()
        self._unsubscribe: Callable[[], None] | None = None
        self._again: Any = None

    def start(self) -> None:
        """Look, and from now on follow."""
        self._unsubscribe = self._desk.subscribe(self._committed)
        self._give()

    def stop(self) -> None:
        """Follow no more."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._again is not None and self._again.active():
            self._again.cancel()

    def _committed(self, _: World, recorded: tuple[Recorded, ...]) -> None:
        if any(isinstance(each.fact, RoomSiteInvited) for each in recorded):
            self._give()

    def _give(self) -> None:
        for key in set(room_sharing.owed(self._desk.world)) - self._under_way:
            self._under_way.add(key)
            Deferred.fromCoroutine(self._one(key)).addErrback(
                lambda failure: log.error("defect in giving a room", traceback=failure.getTraceback())
            )

    async def _one(self, key: tuple[str, str]) -> None:
        room_id, site = key
        try:
            await self._desk.ask(
                Ask(
                    actor=self._desk.world.site,
                    role=None,
                    command_id=f"give:{room_id}:{site}"[:64],
                    command=GiveRoom(room_id=room_id, partner=site),
                )
            )
        except GanyingError as error:
            if error.code in ("BUSY", "NOT_STORED"):
                self._again = self._reactor.callLater(RETRY_S, self._give)
            elif error.code != "ALREADY":
                log.warning("a room's entries not given", room=room_id, partner=site, why=str(error))
        finally:
            self._under_way.discard(key)
