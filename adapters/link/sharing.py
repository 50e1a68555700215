"""The clock of what is told to partners by itself: once a second it asks the desk what dispatch/sharing.py finds due.

It also purges what a partner has taken back, a chunk at a time, with one receipt at the end, and keeps for the audit
what partners have committed. It decides nothing: the desk does, under the consent of that moment.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from hashlib import md5
from typing import Any

import structlog
from shapely.geometry.base import BaseGeometry
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure

from adapters.clock import Clock
from adapters.desk import Desk
from adapters.ground import outline_of
from adapters.link.spread import spread_m, volumes_near
from dispatch import consent_policy, partner, sharing
from dispatch.border import Nearness
from dispatch.commands import Ask, Command
from dispatch.consent import MOST_PURGED
from dispatch.consent_commands import ExpireConsent, NoteSent, PurgeCopies
from dispatch.consent_records import Beyond, ClassCount, Consent, ConsentTerms, SentRow
from dispatch.errors import GanyingError
from dispatch.records import Incident
from dispatch.sharing import Around
from dispatch.volume_records import Volume
from dispatch.world import World
from protocols.codec.facts import KINDS
from protocols.purging import Gone, gone, purge_digest

EVERY_S = 1.0
AT_ONCE = 8  # told per tick; the rest a second later
LOOK_AGAIN_TICKS = 15  # without any new fact: the fitness of aircraft changes with the hours
NOTE_EVERY_TICKS = 5
NOTE_TRACKS_TICKS = 60  # where nothing but positions left: a row of the journal a minute
MOST_SPREADS = 10_000  # remembered
MOST_NOTED = 256  # rows of one RowsSent
# What a consent lets through; consents themselves and receipts are kept: they say what was and why it is gone.
COPIES = tuple(
    sorted(
        kind
        for kind, cls in KINDS.items()
        if cls in partner.SHAREABLE and partner.class_of(cls) != partner.AGREEMENT
    )
)

log = structlog.get_logger()


class Sharing:
    """Tells, purges and notes for one site. Everything here is called on the reactor thread."""

    def __init__(
        self,
        desk: Desk,
        partners: Iterable[str],
        clock: Clock,
        beyond: Callable[[str], tuple[Beyond, ...]] = lambda _: (),
    ) -> None:
        self._beyond = beyond
        self._desk, self._clock = desk, clock
        self._partners = tuple(partners)
        self._outlines: dict[str, BaseGeometry | None] = {}
        self._near: dict[str, tuple[ConsentTerms, Nearness]] = {}
        self._spreads: dict[str, tuple[Incident, float]] = {}
        self._volumes: dict[str, tuple[object, tuple[Volume, ...]]] = {}
        self._asked: set[str] = set()
        self._purging: set[str] = set()
        self._sent: dict[str, list[SentRow]] = {}
        self._tracks: Counter[str] = Counter()
        self._looked_at = -1
        self._ticks = 0
        self._loop = LoopingCall(self._tick)
        self._around = Around(near=self.near, spread_m=self._spread_m, volumes_at=self._volumes_at)

    def start(self, reactor: Any) -> None:
        """Begin; the outlines are read in a thread and nothing is near before they are."""
        self._loop.clock = reactor
        deferToThread(lambda: {site: outline_of(site) for site in self._partners}).addCallbacks(
            self._begin, lambda failure: log.error("outlines not read", why=failure.getErrorMessage())
        )

    def _begin(self, outlines: dict[str, BaseGeometry | None]) -> None:
        self._outlines |= outlines
        if not self._loop.running:
            self._loop.start(EVERY_S, now=True)

    def add(self, site: str) -> None:
        """A partner that came while the site runs: nothing is near to it before its outline is read."""
        deferToThread(outline_of, site).addCallbacks(
            lambda outline: self._outlined(site, outline),
            lambda failure: log.error("outline not read", site=site, why=failure.getErrorMessage()),
        )

    def _outlined(self, site: str, outline: BaseGeometry | None) -> None:
        self._outlines[site] = outline
        self._near.pop(site, None)

    def stop(self) -> None:
        """Note what is not noted yet and stop."""
        if self._loop.running:
            self._loop.stop()
        self._note_all()

    # What is near

    def near(self, consent: Consent) -> Nearness:
        """What is near under a consent, kept while its terms are the same."""
        kept = self._near.get(consent.partner)
        if kept is None or kept[0] != consent.terms:
            made = Nearness(consent.terms, self._outlines.get(consent.partner))
            kept = self._near[consent.partner] = (consent.terms, made)
        return kept[1]

    def in_band(self, site: str, lon_deg: float, lat_deg: float) -> bool:
        """Whether a position is where tracks leave to a partner without a joint incident."""
        consent = consent_policy.in_force(self._desk.world, site)
        return consent is not None and bool(self._outlines) and self.near(consent).holds(lon_deg, lat_deg)

    def area(self, site: str) -> BaseGeometry | None:
        """Where tracks leave to a partner without a joint incident; None: nowhere."""
        consent = consent_policy.in_force(self._desk.world, site)
        return None if consent is None or not self._outlines else self.near(consent).shape

    def _spread_m(self, incident: Incident) -> float:
        """Kept while the incident is the same record: it is asked every second."""
        kept = self._spreads.get(incident.id)
        if kept is None or kept[0] is not incident:
            if len(self._spreads) >= MOST_SPREADS:
                self._spreads.clear()
            kept = self._spreads[incident.id] = (incident, spread_m(incident))
        return kept[1]

    def _volumes_at(self, world: World, incident: Incident) -> tuple[Volume, ...]:
        key = (world.volumes_at, incident.position, len(world.labels))
        kept = self._volumes.get(incident.id)
        if kept is None or kept[0] != key:
            kept = self._volumes[incident.id] = (key, volumes_near(world, incident.position))
        return kept[1]

    # The clock

    def _tick(self) -> None:
        self._ticks += 1
        world, now = self._desk.world, self._clock()
        if world.seq != self._looked_at or self._ticks % LOOK_AGAIN_TICKS == 0:
            self._looked_at = world.seq
            for told, command in enumerate(sharing.due(world, self._around, now)):
                if told >= AT_ONCE:
                    self._looked_at = -1
                    break
                if isinstance(command, ExpireConsent):
                    over = world.consents[command.consent_id].partner
                    command = replace(command, beyond=self._beyond(over))  # noqa: PLW2901  # the same, complete
                self._ask(command)
        for consent, through in list(sharing.to_purge(world, now)):
            self._purge(consent, through)
        if self._ticks % NOTE_EVERY_TICKS == 0:
            self._note_all(tracks_alone=self._ticks % NOTE_TRACKS_TICKS == 0)

    def _ask(self, command: Command) -> Deferred[Any] | None:
        key = md5(repr((command, self._desk.world.seq)).encode(), usedforsecurity=False).hexdigest()
        name = md5(repr(command).encode(), usedforsecurity=False).hexdigest()
        if name in self._asked:
            return None
        self._asked.add(name)
        asked = self._desk.ask(Ask(actor="sharing", role=None, command_id=key, command=command))
        asked.addErrback(self._not_done, type(command).__name__)
        return asked.addBoth(lambda result: self._answered(name, result))

    def _answered(self, name: str, result: Any) -> Any:
        self._asked.discard(name)
        return result

    @staticmethod
    def _not_done(failure: Failure, what: str) -> None:
        if isinstance(failure.value, GanyingError):
            log.info("not told to a partner", what=what, why=str(failure.value))
        else:
            log.error("defect in telling partners", what=what, traceback=failure.getTraceback())

    # Purging

    def _purge(self, consent: Consent, through: int) -> None:
        if consent.id in self._purging:
            return
        self._purging.add(consent.id)
        done = Deferred.fromCoroutine(self._purged(consent, through))
        done.addErrback(self._not_done, "PurgeCopies")
        done.addBoth(lambda _: self._purging.discard(consent.id))

    async def _purged(self, consent: Consent, through: int) -> None:
        """Chunk by chunk; a crash in between goes on where it was, and the receipt counts what went in this run."""
        all_gone: list[Gone] = []
        rows = await self._desk.copies_of(consent.site, through, COPIES, MOST_PURGED)
        while rows:
            numbers = tuple(each.row.seq for each in rows)
            await self._do(PurgeCopies(consent_id=consent.id, rows=numbers))
            all_gone += [gone(each) for each in rows]
            rows = await self._desk.copies_of(consent.site, through, COPIES, MOST_PURGED)
        await self._do(
            PurgeCopies(
                consent_id=consent.id,
                rows=(),
                last=True,
                counts=_counts(all_gone),
                total=len(all_gone),
                digest=purge_digest(all_gone),
                through=through,
            )
        )
        log.info("copies purged", partner=consent.site, consent=consent.id, rows=len(all_gone))

    async def _do(self, command: Command) -> None:
        key = md5(repr((command, self._desk.world.seq)).encode(), usedforsecurity=False).hexdigest()
        await self._desk.ask(Ask(actor="sharing", role=None, command_id=key, command=command))

    # The audit

    def sent(self, site: str, rows: Iterable[SentRow]) -> None:
        """A partner has committed these."""
        self._sent.setdefault(site, []).extend(rows)
        if len(self._sent[site]) >= MOST_NOTED:
            self._note(site)

    def tracks_sent(self, site: str, count: int) -> None:
        """Positions that left."""
        self._tracks[site] += count

    def _note_all(self, *, tracks_alone: bool = True) -> None:
        for site in {*self._sent, *(self._tracks if tracks_alone else ())}:
            self._note(site)

    def _note(self, site: str) -> None:
        rows = self._sent.pop(site, [])
        tracks = self._tracks.pop(site, 0)
        for start in range(0, max(len(rows), 1 if tracks else 0), MOST_NOTED):
            some = tuple(rows[start : start + MOST_NOTED])
            self._ask(NoteSent(partner=site, rows=some, tracks=tracks if start == 0 else 0))


def _counts(rows: Iterable[Gone]) -> tuple[ClassCount, ...]:
    number, size = Counter[str](), Counter[str]()
    for each in rows:
        name = partner.class_of(KINDS[each.kind])
        number[name] += 1
        size[name] += each.size
    return tuple(
        ClassCount(object_class=name, rows=number[name], bytes=size[name]) for name in sorted(number)
    )
