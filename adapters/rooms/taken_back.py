"""Files of consultations that a partner has taken back leave the disk with its entries.

    start                       what no entry names goes: left by a crash, or handed over and never said
    a partner ends its consent  what its entries named and no other entry names goes

The journal's rows are purged by adapters/link/sharing.py; who kept a file before then and saved it elsewhere keeps it.
"""

from collections.abc import Callable
from typing import Any

import structlog
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from adapters.desk import Desk
from adapters.rooms.files import RoomFiles
from dispatch import room_sharing
from dispatch.consent_facts import ConsentEnded
from dispatch.facts import Recorded
from dispatch.world import World

log = structlog.get_logger()


class FilesTakenBack:
    """Of one site. Start it before the doors open: a file that is being handed over is named by nothing yet."""

    def __init__(self, desk: Desk, files: RoomFiles) -> None:
        self._desk, self._files = desk, files
        self._before = desk.world
        self._unsubscribe: Callable[[], None] = lambda: None

    def start(self) -> Deferred[None]:
        """Fires when the disk has been looked through."""
        self._before = self._desk.world
        self._unsubscribe = self._desk.subscribe(self._committed)
        return self._looked(deferToThread(self._left_over, self._before))

    def stop(self) -> None:
        """Follow the desk no more."""
        self._unsubscribe()

    def _committed(self, world: World, recorded: tuple[Recorded, ...]) -> None:
        before, self._before = self._before, world
        if any(isinstance(each.fact, ConsentEnded) and each.origin != world.site for each in recorded):
            self._looked(deferToThread(self._taken, before, world))

    def _left_over(self, world: World) -> int:
        return self._files.forget(self._files.all() - room_sharing.files_named(world))

    def _taken(self, before: World, after: World) -> int:
        return self._files.forget(room_sharing.files_named(before) - room_sharing.files_named(after))

    @staticmethod
    def _looked(looking: Deferred[int]) -> Deferred[None]:
        def said(count: int) -> None:
            if count:
                log.info("files of consultations removed", count=count)

        def failed(failure: Any) -> None:
            log.error("files of consultations could not be removed", why=failure.getErrorMessage())

        return looking.addCallbacks(said, failed)
