"""A hub's part in files of consultations: what passes for others is kept once, and given again to the next who asks.

    42 asks 43 over 36, offset 0      36 passes it on: whether 42 may have it is for 43 to say, each time anew
    43 gives the first piece          36 notes that 42 was given it, and gathers what passes
    42 asks on                        36 answers from what it keeps, if it has it whole; else passes it on

Kept is only what this site might have asked for itself: it is in the room, an entry of the file's site that it has
names the file, and that site's agreement with it lets it have messages whole. It is looked at as any file is.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from twisted.internet.threads import deferToThread

from adapters.clock import Clock
from adapters.desk import Desk
from adapters.rooms.files import RoomFiles
from dispatch import room_sharing
from dispatch.errors import GanyingError
from dispatch.room_checks import MAX_FILE_BYTES
from dispatch.room_records import RoomFile
from protocols.codec.link_passed import WordPassed
from protocols.codec.link_rooms import PART_BYTES, FileAsk, FilePart

MOST_GATHERED = 4  # files at once, 2 MiB each; beyond: the oldest is let go, and passes all the same
MOST_GRANTS = 256
GRANTED_FOR = timedelta(minutes=5)  # a file at 256 kbit/s takes a little over one

log = structlog.get_logger()


class Ways(Protocol):
    """The links (adapters/link)."""

    def forward(self, passed: WordPassed) -> bool:
        """On towards the site it is for."""

    def answer(self, asked: WordPassed, word: FilePart) -> bool:
        """Back to who asked, in place of the site that was asked."""


class PassingFiles:
    """One hub's. On the reactor thread only; the disk is read and written on others."""

    def __init__(
        self,
        *,
        desk: Desk,
        ways: Ways,
        files: RoomFiles,
        clock: Clock,
        count: Callable[[str, str, int], None],
    ) -> None:
        self._desk, self._ways, self._files, self._clock, self._count = desk, ways, files, clock, count
        self._rooms: dict[tuple[str, str], str] = {}  # (asker, hash) -> the room it was asked for in
        self._granted: dict[tuple[str, str, str], datetime] = {}  # (asker, giver, hash) -> when
        self._gathered: dict[tuple[str, str], bytearray] = {}  # (giver, hash) -> from the start on

    def passing(self, passed: WordPassed) -> bool:
        """Something for another site, which may be passed on; True: it is seen to here."""
        match passed.word:
            case FileAsk():
                return self._asked(passed, passed.word)
            case FilePart():
                self._given(passed, passed.word)
        return False

    def _asked(self, passed: WordPassed, ask: FileAsk) -> bool:
        if self._may_keep(passed.to, ask.room_id, ask.sha256) is None:
            return False
        _keep_newest(self._rooms, (passed.origin, ask.sha256), ask.room_id, MOST_GRANTS)
        granted = self._granted.get((passed.origin, passed.to, ask.sha256))
        if ask.offset == 0 or granted is None or self._clock() - granted > GRANTED_FOR:
            return False
        reading = deferToThread(self._files.piece, ask.sha256, ask.offset, PART_BYTES)
        reading.addCallback(self._answer, passed, ask).addErrback(_defect)
        return True

    def _answer(self, data: bytes, passed: WordPassed, ask: FileAsk) -> None:
        named = self._may_keep(passed.to, ask.room_id, ask.sha256)
        if not data or named is None:  # not here, or not any more
            self._ways.forward(passed)
            return
        part = FilePart(sha256=ask.sha256, offset=ask.offset, size=named.size, data=data)
        if self._ways.answer(passed, part):
            self._count(passed.origin, "bytes_given_for_others", len(data))

    def _given(self, passed: WordPassed, part: FilePart) -> None:
        key = (passed.to, passed.origin, part.sha256)
        if part.refused:
            self._granted.pop(key, None)
            return
        if part.offset == 0:
            self._granted.pop(key, None)
            _keep_newest(self._granted, key, self._clock(), MOST_GRANTS)
        named = self._may_keep(passed.origin, self._rooms.get((passed.to, part.sha256), ""), part.sha256)
        if named is not None and named.size == part.size <= MAX_FILE_BYTES:
            self._gather(passed.origin, named, part)

    def _gather(self, giver: str, named: RoomFile, part: FilePart) -> None:
        key = (giver, part.sha256)
        if key not in self._gathered:
            if part.offset:
                return  # its start passed before we looked, or was let go
            _keep_newest(self._gathered, key, bytearray(), MOST_GATHERED)
        data = self._gathered[key]
        if part.offset != len(data):
            return  # of two who fetch it at once, the one behind
        data += part.data
        if len(data) < named.size:
            return
        del self._gathered[key]
        if len(data) > named.size or hashlib.sha256(data).hexdigest() != part.sha256:
            return  # whoever asked will see it too
        self._count(giver, "files_kept_for_others", 1)
        keeping = deferToThread(self._files.keep, bytes(data), named.media_type)
        keeping.addErrback(_not_kept, part.sha256)

    def _may_keep(self, giver: str, room_id: str, sha256: str) -> RoomFile | None:
        return room_sharing.passing_file(self._desk.world, room_id, sha256, site=giver, now=self._clock())


def _keep_newest(table: dict[Any, Any], key: Any, value: Any, most: int) -> None:
    if key not in table and len(table) >= most:
        del table[next(iter(table))]
    table[key] = value


def _not_kept(failure: Any, sha256: str) -> None:
    if not failure.check(GanyingError):
        return _defect(failure)
    log.warning("a file that passed was not kept", sha256=sha256, why=failure.getErrorMessage())
    return None


def _defect(failure: Any) -> None:
    log.error("defect in files that pass", traceback=failure.getTraceback())
