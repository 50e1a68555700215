"""Who works for this site, and how each does: what was heard of it, when, how far its clock is off, what was lost.

Only workers that the site was told of are known: its own children, those that a `[[feed]]` names, those of
`[broker] workers`. Whoever else speaks is counted, by name no further than a few, and not heard.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from adapters.config import Config
from adapters.feeds.status import FeedStatus
from adapters.scale.children import Child, Children
from adapters.scale.reports import status_of
from adapters.web.site import ServiceState
from dispatch.errors import Malformed
from protocols.clock_skew import ClockSkew
from protocols.codec.sightings import WorkerBeat

SILENT_S = 5.0  # five beats
HUNG_S = 30.0  # a child that lives and says nothing for so long is ended, to be started again
CLOCK_OFF_S = 1.0  # said aloud; its times are moved either way
EXACT_S = 0.1  # below that the echo tells less than the clocks themselves
STRANGERS = 16  # names that are kept of those who speak and are not known


@dataclass(slots=True, kw_only=True)
class WorkerSeen:
    """One worker, as the site hears it. Totals are since the site's start."""

    name: str
    child: Child | None = None
    feeds: dict[str, str] = field(default_factory=dict)  # its own name of a feed -> ours
    beat: WorkerBeat | None = None
    beat_at_s: float | None = None  # by our clock
    epoch: int | None = None  # of the last message
    runs: int = 0  # epochs heard
    skew: ClockSkew = field(default_factory=ClockSkew)
    kept_offset_us: int = 0  # as it was in an earlier run of ours
    live_at_s: dict[str, float] = field(
        default_factory=dict
    )  # by feed: when the newest live message was made
    lag_s: float = 0.0  # of the last live message: from decoded there to taken here
    messages: int = 0
    sightings: int = 0
    repeats: int = 0  # messages that had been taken before
    replayed: int = 0  # messages out of a broker's memory
    filed: int = 0  # sightings that came too late for the present
    errors: Counter[str] = field(default_factory=Counter)  # by field: what could not be read
    statuses: tuple[FeedStatus, ...] = ()

    @property
    def offset_s(self) -> float:
        """Its clock less ours, where that is worth moving times for."""
        offset_us = self.skew.offset_us
        offset_s = (self.kept_offset_us if offset_us is None else offset_us) / 1e6
        return offset_s if self.child is None and abs(offset_s) >= EXACT_S else 0.0

    def source_of(self, feed: str, source: str) -> str:
        """Under which name the picture knows what a feed says. A feed may have several sources, `feed:…` or `feed/…`."""
        ours = self.feeds.get(feed) or f"{self.name}/{feed}"
        rest = source.removeprefix(feed)
        return ours + rest if rest != source and rest[:1] in (":", "/") else ours

    def heard(self, beat: WorkerBeat, at_us: int) -> None:
        """A beat that came at `at_us`."""
        if beat.epoch != self.epoch:
            self.began(beat.epoch)
        self.beat, self.beat_at_s = beat, at_us / 1e6
        if beat.echo_us:
            self.skew.add(
                t1_us=beat.echo_us, t2_us=beat.at_us - beat.echo_age_us, t3_us=beat.at_us, t4_us=at_us
            )
        self.statuses = tuple(self._statuses(beat))

    def began(self, epoch: int) -> None:
        """It is another run of it."""
        self.epoch = epoch
        self.runs += 1
        self.skew = ClockSkew()

    def _statuses(self, beat: WorkerBeat) -> Iterable[FeedStatus]:
        for report in beat.feeds:
            try:
                yield status_of(
                    report,
                    name=self.source_of(report.name, report.name),
                    worker=self.name,
                    offset_s=self.offset_s,
                )
            except Malformed as error:
                self.errors[error.field] += 1

    def state(self, now_s: float) -> ServiceState:
        """For health and the sources page."""
        beat, words, state = self.beat, [], "ok"
        age_s = None if self.beat_at_s is None else max(0.0, now_s - self.beat_at_s)
        if age_s is None:
            words, state = ["not heard yet"], "down"
        elif age_s > SILENT_S:
            words, state = [f"silent for {age_s:.0f} s"], "down"
        if self.child is not None and self.child.deaths:
            words.append(f"started again {self.child.deaths} times; {self.child.last_words}"[:200])
        if abs(self.offset_s) > CLOCK_OFF_S:
            words.append(f"its clock is {self.offset_s:+.1f} s off")
            state = "degraded" if state == "ok" else state
        if beat is not None and beat.dropped:
            words.append("could not hand on all it saw")
        if self.errors:
            words.append("sends what cannot be read: " + ", ".join(sorted(self.errors)[:3]))
            state = "degraded" if state == "ok" else state
        figures: dict[str, float] = {
            "feeds": len(beat.feeds) if beat else 0,
            "messages": self.messages,
            "sightings": self.sightings,
            "dropped_sightings": beat.dropped if beat else 0,
            "repeated_messages": self.repeats,
            "replayed_messages": self.replayed,
            "late_sightings": self.filed,
            "unreadable_messages": self.errors.total(),
            "lag_ms": round(self.lag_s * 1000, 1),
            "clock_off_ms": round(self.offset_s * 1000),
        }
        if age_s is not None:
            figures["heard_age_s"] = round(age_s, 1)
        where = "" if beat is None or not beat.host else f"on {beat.host}"
        return ServiceState(
            name=self.name,
            kind="worker",
            state=state,
            detail="; ".join(part for part in (where, *words) if part),
            figures=figures,
        )


class Workers:
    """All that are known."""

    def __init__(self, config: Config, children: Children) -> None:
        self.by_name: dict[str, WorkerSeen] = {}
        self.strangers: Counter[str] = Counter()
        self.strange_messages = 0
        for child in children.all:
            feeds = {section.name: section.name for section in child.sections}
            self.by_name[child.name] = WorkerSeen(name=child.name, child=child, feeds=feeds)
        for section in config.feed:
            if section.worker:
                worker = self._of(section.worker)
                worker.feeds[section.name] = section.name
        for name in config.broker.workers:
            self._of(name)

    def _of(self, name: str) -> WorkerSeen:
        return self.by_name.setdefault(name, WorkerSeen(name=name))

    def remote(self, name: str) -> WorkerSeen | None:
        """A worker on the broker; None, and counted, where we were told of none with this name."""
        worker = self.by_name.get(name)
        if worker is None or worker.child is not None:
            self.strange_messages += 1
            if name in self.strangers or len(self.strangers) < STRANGERS:
                self.strangers[name[:40]] += 1
            return None
        return worker

    def watch(self, now_s: float) -> None:
        """End children that hang. Once a second."""
        for worker in self.by_name.values():
            child = worker.child
            if child is not None and child.pid is not None and not child.paused:
                since_s = max(worker.beat_at_s or 0.0, child.began_s)
                if now_s - since_s > HUNG_S:
                    child.broken(f"said nothing for {HUNG_S:.0f} s")
