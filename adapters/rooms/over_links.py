"""What of consultations crosses links beside the journal: hands that point, and files asked for by their hash.

    ours points   -> the newest of each person, a few times a second, to the partners in the room; a full line drops it
    theirs points -> to our consoles in the room, if the person is that site's and the site is in the room
    a file        -> asked for when somebody here opens it, piece by piece (protocols/link_files.py), looked at like one
                     that was handed over here, and kept

A partner is given a file only if an entry of our own names it in a room that the partner is in, and what our consent
says of messages lets it leave now. Sites that are reached over a third one are told and asked over it
(adapters/link/words.py); what passes here for others is seen to by passing.py.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from adapters.clock import Clock
from adapters.desk import Desk
from adapters.rooms.files import RoomFiles
from adapters.rooms.passing import PassingFiles, Ways
from dispatch import room_sharing
from dispatch.commands import Ask
from dispatch.errors import GanyingError, Refused
from dispatch.room_commands import NoteReached
from dispatch.room_fold import LATE_S
from dispatch.room_records import RoomEntry, RoomFile
from dispatch.world import World
from protocols.codec.link_passed import WordPassed
from protocols.codec.link_rooms import (
    MAX_HANDS,
    PART_BYTES,
    FileAsk,
    FilePart,
    RoomHand,
    RoomHands,
)
from protocols.link_files import Fetched, FileFetch, NotGiven

HANDS_EVERY_S = 0.15
HANDS_A_SECOND = 20  # of one partner; what comes faster is dropped and counted
ASKS_JUDGED_A_SECOND = 50
LOOK_EVERY_S = 1.0  # whether a question is due; only while a file is wanted
MOST_REASONS = 256  # of files that did not come, until they are asked for anew

log = structlog.get_logger()


class Lines(Ways, Protocol):
    """The links (adapters/link)."""

    def say(self, site: str, word: RoomHands | FileAsk | FilePart) -> bool:
        """Put it out, if the link is up, the partner reads it and the line has room."""

    def reached(self, site: str) -> bool:
        """Whether such words find their way to a partner now."""


class RoomsOverLinks:
    """One site's. On the reactor thread only; the disk is read and written on others."""

    def __init__(
        self, *, desk: Desk, lines: Lines, files: RoomFiles, clock: Clock, metrics: Any, reactor: Any
    ) -> None:
        self._desk, self._lines, self._clock = desk, lines, clock
        self.files = files
        self._reactor = reactor
        self._pointing: dict[str, dict[str, RoomHand]] = {}  # by partner, by person: the newest
        self._heard: Counter[tuple[str, str]] = Counter()  # this second's, by partner and what
        self._second: datetime | None = None
        self._fetches: dict[str, FileFetch] = {}
        self._giving: set[str] = set()  # partners that a piece is read for: one at a time
        self._granted: dict[str, tuple[World, str, str, RoomFile]] = {}  # the last of each, not judged again
        self._not_given: dict[str, str] = {}  # by hash: why, until somebody asks anew
        self._later: dict[str, Any] = {}
        self.on_hand: Callable[[str, RoomHand], None] = lambda _site, _hand: None
        self._counted = metrics.counter(
            "ganying_room_over_links", "What of rooms crossed links beside the journal", ("partner", "what")
        )

        self._hub = PassingFiles(
            desk=desk,
            ways=lines,
            files=files,
            clock=clock,
            count=lambda site, what, many: self._counted.labels(site, what).inc(many),
        )

    def stop(self) -> None:
        """Ask and tell no more."""
        for call in self._later.values():
            if call.active():
                call.cancel()

    def passing(self, passed: WordPassed) -> bool:
        """Something from one site to another comes by; True: it is seen to here."""
        return self._hub.passing(passed)

    def heard(self, site: str, word: RoomHands | FileAsk | FilePart) -> None:
        """A partner says something."""
        match word:
            case RoomHands():
                self._hands(site, word.hands)
            case FileAsk():
                self._asked(site, word)
            case FilePart():
                self._part(site, word)

    def back(self, site: str, lost_at: datetime) -> None:
        """The line to a partner opens again: said in the rooms with it, so that what comes now is known to be late."""
        if self._clock() - lost_at < timedelta(seconds=LATE_S):
            return
        for room in self._desk.world.rooms.values():
            if room.closed_at is None and site in room.sites:
                note = NoteReached(room_id=room.id, site=site, lost_at=lost_at)
                key = f"reached:{room.id}:{site}:{int(lost_at.timestamp())}"
                ask = Ask(actor=self._desk.world.site, role=None, command_id=key[-64:], command=note)
                self._desk.ask(ask).addErrback(_not_noted)

    # Hands

    def point(self, sites: Iterable[str], hand: RoomHand) -> None:
        """Somebody of ours points or looks; `sites`: who is in the room."""
        for site in sites:
            if site == self._desk.world.site or not self._lines.reached(site):
                continue
            hands = self._pointing.setdefault(site, {})
            before = hands.pop(hand.person_id, None)
            hands[hand.person_id] = _newest(before, hand)
            self._soon("hands", HANDS_EVERY_S, self._tell_hands)

    def _tell_hands(self) -> None:
        pointing, self._pointing = self._pointing, {}
        for site, hands in pointing.items():
            newest = tuple(hands.values())[-MAX_HANDS:]
            said = self._lines.say(site, RoomHands(hands=newest))
            self._counted.labels(site, "hands_said" if said else "hands_dropped").inc(len(hands))

    def _hands(self, site: str, hands: tuple[RoomHand, ...]) -> None:
        if self._too_many(site, "hands", HANDS_A_SECOND):
            return
        world = self._desk.world
        for hand in hands:
            room = world.rooms.get(hand.gesture.room_id)
            if room is None or site not in room.sites or not room_sharing.is_own(site, hand.person_id):
                self._counted.labels(site, "hands_refused").inc()
            else:
                self.on_hand(site, hand)

    # Files of ours

    def _asked(self, site: str, ask: FileAsk) -> None:
        if site in self._giving:
            self._counted.labels(site, "asks_dropped").inc()
            return
        try:
            named = self._may_have(site, ask)
        except Refused as error:
            self._lines.say(site, FilePart(sha256=ask.sha256, offset=ask.offset, refused=error.code))
            return
        self._giving.add(site)
        reading = deferToThread(self.files.piece, ask.sha256, ask.offset, PART_BYTES)
        reading.addCallback(self._give, site, ask, named).addErrback(_defect)
        reading.addBoth(lambda _: self._giving.discard(site))

    def _may_have(self, site: str, ask: FileAsk) -> RoomFile:
        """Judged once a file and world, and so many times a second: it walks the room. Raises Refused."""
        world = self._desk.world
        known = self._granted.get(site)
        if known is not None and known[0] is world and known[1:3] == (ask.room_id, ask.sha256):
            return known[3]
        if self._too_many(site, "asks", ASKS_JUDGED_A_SECOND):
            raise Refused("BUSY", "too many files are asked for")
        named = room_sharing.file_for(world, ask.room_id, ask.sha256, partner=site, now=self._clock())
        self._granted[site] = world, ask.room_id, ask.sha256, named
        return named

    def _too_many(self, site: str, what: str, most: int) -> bool:
        now = self._clock()
        if self._second is None or not timedelta(0) <= now - self._second < timedelta(seconds=1):
            self._second = now
            self._heard.clear()
        self._heard[site, what] += 1
        if self._heard[site, what] > most:
            self._counted.labels(site, f"{what}_too_often").inc()
            return True
        return False

    def _give(self, data: bytes, site: str, ask: FileAsk, named: RoomFile) -> None:
        part = FilePart(sha256=ask.sha256, offset=ask.offset, size=named.size, data=data)
        if not data:
            part = FilePart(sha256=ask.sha256, offset=ask.offset, refused="NO_FILE")
        if self._lines.say(site, part):
            self._counted.labels(site, "bytes_given").inc(len(data))

    # Files of partners

    def fetch(self, entry: RoomEntry, named: RoomFile) -> tuple[int, int]:
        """Have a partner's file fetched; how many of its bytes are here, and of how many.

        Raises Refused (FILE_NOT_REACHED, FILE_REFUSED) or Busy.
        """
        code = self._not_given.pop(named.sha256, "")
        if code:
            raise Refused("FILE_REFUSED", f"site {entry.site} did not give it: {code}", field="file")
        if not self._lines.reached(entry.site):
            raise Refused("FILE_NOT_REACHED", f"site {entry.site} is not linked", field="file")
        fetch = self._fetches.setdefault(entry.site, FileFetch())
        fetch.want(entry.room_id, named.sha256, named.size, self._clock())
        self._ask()
        return fetch.got(named.sha256) or 0, named.size

    def pause(self, seconds: float) -> Deferred[None]:
        """Fires then."""
        return deferLater(self._reactor, seconds)

    def _ask(self) -> None:
        wanting = False
        for site, fetch in self._fetches.items():
            if not self._lines.reached(site):
                fetch.lost()
                wanting = wanting or fetch.wants(self._clock())
                continue
            ask = fetch.next(self._clock())
            if ask is not None and not self._lines.say(site, ask):
                self._counted.labels(site, "asks_dropped").inc()
            wanting = wanting or fetch.wants(self._clock())
        if wanting:
            self._soon("ask", LOOK_EVERY_S, self._ask)

    def _part(self, site: str, part: FilePart) -> None:
        fetch = self._fetches.get(site)
        heard = None if fetch is None else fetch.heard(part)
        match heard:
            case Fetched():
                self._counted.labels(site, "files_fetched").inc()
                kind = room_sharing.file_named(self._desk.world, heard.room_id, heard.sha256, site)
                keeping = deferToThread(self.files.keep, heard.data, "" if kind is None else kind.media_type)
                keeping.addErrback(self._not_kept, heard.sha256)
            case NotGiven():
                self._counted.labels(site, "files_not_given").inc()
                self._note_not_given(heard.sha256, heard.code)
        self._ask()

    def _not_kept(self, failure: Any, sha256: str) -> None:
        if not failure.check(GanyingError):
            return _defect(failure)
        log.warning("a partner's file not kept", sha256=sha256, why=failure.getErrorMessage())
        self._note_not_given(sha256, failure.value.code)
        return None

    def _note_not_given(self, sha256: str, code: str) -> None:
        if len(self._not_given) >= MOST_REASONS:
            self._not_given.clear()
        self._not_given[sha256] = code

    def _soon(self, what: str, after_s: float, call: Callable[[], None]) -> None:
        waiting = self._later.get(what)
        if waiting is None or not waiting.active():
            self._later[what] = self._reactor.callLater(after_s, call)


def _newest(before: RoomHand | None, hand: RoomHand) -> RoomHand:
    """Both in one where one points and the other looks."""
    if before is None or hand.gesture.left or before.gesture.room_id != hand.gesture.room_id:
        return hand
    return replace(
        hand,
        gesture=replace(
            hand.gesture,
            pointer=hand.gesture.pointer or before.gesture.pointer,
            view=hand.gesture.view or before.gesture.view,
        ),
    )


def _not_noted(failure: Any) -> None:
    """A mark is missing then, nothing that was said."""
    if not failure.check(GanyingError):
        _defect(failure)


def _defect(failure: Any) -> None:
    log.error("defect in rooms over links", traceback=failure.getTraceback())
