"""Sightings into tracks: the newest of each aircraft, with its age and its source (航迹, 态势).

A `Sighting` is what one source measured once; a `Track` is all that is known of one aircraft now. The picture is
the one mutable thing of `dispatch`: newest wins, nothing is stored, what is refused is counted by reason.
Reading a format is protocols'; sending tracks to consoles and partners is adapters'; alarms are elsewhere.

Times ending in `_at_s` are UTC seconds since 1970. `receiver_s` is the source's own clock with an unknown zero,
comparable only under one `clock_id`.
"""

import math
from collections import Counter, OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from dispatch.freshness import LIMITS
from dispatch.kinds import AltitudeDatum, SourceKind
from dispatch.motion import LIMIT_MPS, ROTORCRAFT_LIMIT_MPS, MotionGate
from dispatch.sighting import Sighting

TRACK_LIMIT = (
    20_000  # aircraft followed at once; a newcomer beyond it pushes out the one unheard longest, counted
)
TRAIL_POINTS = 60  # oldest falls off
TRAIL_SPACING_S = 2.0
LOST_MEMORY = 8192  # removals remembered for `changed_since`; who asks from before them gets everything
FUTURE_S = 5.0  # a source's clock may be this much ahead of ours before its word is refused
OTHER_CLOCK_S = 5.0  # latency that two sources of one aircraft may differ by
ROTORCRAFT = "A7"  # emitter category, RTCA DO-260B §2.2.3.2.5.2


class TrailPoint(NamedTuple):
    """Where an aircraft was."""

    lon_deg: float
    lat_deg: float
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One aircraft, as of `heard_at_s`. A position older than its source's `lost_s` is taken away by `expire`."""

    icao24: str
    source: str
    source_kind: SourceKind
    heard_at_s: float
    lon_deg: float | None = None
    lat_deg: float | None = None
    position_at_s: float | None = None
    altitude_m: float | None = None
    altitude_datum: AltitudeDatum | None = None
    ground_speed_mps: float | None = None
    track_deg: float | None = None
    vertical_rate_mps: float | None = None
    callsign: str | None = None
    squawk: str | None = None
    emitter_category: str | None = None
    on_ground: bool | None = None
    simulated: bool = False
    trail: tuple[TrailPoint, ...] = ()


class Verdict(StrEnum):
    """What became of a sighting."""

    ACCEPTED = "accepted"
    STALE = "stale"  # older than what is known, or than its source's limit
    DUPLICATE = "duplicate"  # the same measurement again
    IMPLAUSIBLE = "implausible"  # it could not have flown there
    FUTURE = "future"  # its source's clock is ahead of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What changed in (from_tick, to_tick]. `whole`: everything there is, `lost` is then empty."""

    from_tick: int
    to_tick: int
    whole: bool
    tracks: tuple[Track, ...]
    lost: tuple[str, ...]


class _Followed:
    """The picture's own notes on one aircraft, beside its published track.

    Its gate runs on one clock at a time: the source's own where it has one, else UTC. A position from another
    clock carries the gate over by the time that passed here, with OTHER_CLOCK_S of doubt.
    """

    __slots__ = ("_clock_id", "_gate", "_trail_s", "position_s", "track")

    def __init__(self, track: Track) -> None:
        self.track = track
        self.position_s: float | None = None  # of the last position, on the present clock
        self._gate = MotionGate()
        self._clock_id: str | None = None
        self._trail_s = -math.inf  # of the last trail point, on the same clock

    def on_clock_of(self, sighting: Sighting, at_s: float) -> float:
        """The sighting's time on its own clock, to which the notes are carried over."""
        clock_id, clock_s = sighting.clock_id, sighting.receiver_s
        if clock_s is None:
            clock_id, clock_s = "", at_s
        if clock_id != self._clock_id:
            passed_s = max(0.0, at_s - (self.track.position_at_s or at_s)) + OTHER_CLOCK_S
            by_s = clock_s - passed_s - self._gate.at_s
            if self.track.lon_deg is not None:
                self._gate.shift(by_s)
                self._trail_s += by_s
            self._clock_id = clock_id
            self.position_s = None
        return clock_s

    def admits(self, sighting: Sighting, clock_s: float) -> bool:
        """Whether it could have flown there."""
        if sighting.lon_deg is None or sighting.lat_deg is None:
            return True
        category = sighting.emitter_category or self.track.emitter_category
        limit_mps = ROTORCRAFT_LIMIT_MPS if category == ROTORCRAFT else LIMIT_MPS
        if not self._gate.admit(
            sighting.lon_deg, sighting.lat_deg, clock_s, limit_mps=limit_mps, soft=sighting.soft
        ):
            return False
        self.position_s = clock_s
        return True

    def lengthened(self, sighting: Sighting, at_s: float) -> tuple[TrailPoint, ...]:
        """The trail with the sighting's position, where it is far enough in time from the last."""
        trail = self.track.trail
        if sighting.lon_deg is None or sighting.lat_deg is None:
            return trail
        clock_s = self.position_s if self.position_s is not None else at_s
        if trail and clock_s - self._trail_s < TRAIL_SPACING_S:
            return trail
        self._trail_s = clock_s
        return (*trail[-(TRAIL_POINTS - 1) :], TrailPoint(sighting.lon_deg, sighting.lat_deg, at_s))

    def forget(self) -> None:
        """Nothing is known of where it is any more."""
        self._gate = MotionGate()
        self._clock_id = None
        self._trail_s = -math.inf
        self.position_s = None


class TrackPicture:
    """All aircraft now. Not thread-safe: one owner, who brings the time. Bounded by `limit` aircraft."""

    def __init__(self, *, limit: int = TRACK_LIMIT) -> None:
        self.tick = 0
        self.counts: Counter[Verdict] = Counter()
        self.evicted = 0  # aircraft pushed out because the picture was full
        self._limit = limit
        self._followed: OrderedDict[str, _Followed] = OrderedDict()  # longest unheard first
        self._changed: OrderedDict[str, int] = OrderedDict()  # longest unchanged first, with its tick
        self._lost: deque[tuple[int, str]] = deque(maxlen=LOST_MEMORY)
        self._remembers_from = 0  # removals up to this tick have been forgotten

    def __len__(self) -> int:
        return len(self._followed)

    def accept(self, sighting: Sighting, now: float) -> Verdict:
        """Merge a sighting that came at `now` (UTC seconds), or say why not. Either way it is counted."""
        at_s = now if sighting.observed_at_s is None else sighting.observed_at_s
        followed = self._followed.get(sighting.icao24)
        verdict = self._judge(sighting, followed, at_s, now)
        self.counts[verdict] += 1
        if verdict is Verdict.ACCEPTED:
            self._merge(sighting, followed, at_s)
        return verdict

    def get(self, icao24: str) -> Track | None:
        """The track of one aircraft."""
        followed = self._followed.get(icao24)
        return None if followed is None else followed.track

    def tracks(self) -> Iterator[Track]:
        """All tracks, with or without a position, longest unheard first."""
        return (followed.track for followed in self._followed.values())

    def changed_since(self, tick: int) -> Changes:
        """Tracks with a position that changed after `tick`, and those gone since. A tick too old or unknown: whole."""
        whole = tick < self._remembers_from or tick > self.tick or tick <= 0
        tracks = []
        for icao24 in reversed(self._changed):
            if not whole and self._changed[icao24] <= tick:
                break
            track = self._followed[icao24].track
            if track.lon_deg is not None:
                tracks.append(track)
        lost = () if whole else tuple(self._gone_since(tick))
        return Changes(from_tick=tick, to_tick=self.tick, whole=whole, tracks=tuple(tracks), lost=lost)

    def expire(self, now: float) -> None:
        """Take away aircraft and positions beyond their source's limit. Call about once a second."""
        for followed in list(self._followed.values()):
            track = followed.track
            limit_s = LIMITS[track.source_kind].lost_s
            if now - track.heard_at_s >= limit_s:
                self._remove(track.icao24)
            elif track.position_at_s is not None and now - track.position_at_s >= limit_s:
                self._forget_position(followed)

    def _gone_since(self, tick: int) -> Iterator[str]:
        for gone_at, icao24 in reversed(self._lost):
            if gone_at <= tick:
                return
            followed = self._followed.get(icao24)
            if followed is None or followed.track.lon_deg is None:
                yield icao24

    def _judge(self, sighting: Sighting, followed: _Followed | None, at_s: float, now: float) -> Verdict:
        if at_s - now > FUTURE_S:
            return Verdict.FUTURE
        if now - at_s >= LIMITS[sighting.source_kind].lost_s:
            return Verdict.STALE
        if followed is None or sighting.lon_deg is None or sighting.lat_deg is None:
            return Verdict.ACCEPTED
        track = followed.track
        clock_s = followed.on_clock_of(sighting, at_s)
        if followed.position_s is not None and track.lon_deg is not None:
            if clock_s < followed.position_s:
                return Verdict.STALE
            if clock_s == followed.position_s and _same_place(sighting, track):
                return Verdict.DUPLICATE
        elif sighting.observed_at_s is not None and at_s < (track.position_at_s or at_s):
            return Verdict.STALE
        return Verdict.ACCEPTED if followed.admits(sighting, clock_s) else Verdict.IMPLAUSIBLE

    def _merge(self, sighting: Sighting, followed: _Followed | None, at_s: float) -> None:
        icao24 = sighting.icao24
        if followed is None:
            followed = self._follow(sighting, at_s)
        self.tick += 1
        followed.track = _merged(followed, sighting, at_s)
        self._followed.move_to_end(icao24)
        self._changed[icao24] = self.tick
        self._changed.move_to_end(icao24)

    def _follow(self, sighting: Sighting, at_s: float) -> _Followed:
        if len(self._followed) >= self._limit:
            self.evicted += 1
            self._remove(next(iter(self._followed)))
        followed = _Followed(
            Track(
                icao24=sighting.icao24,
                source=sighting.source,
                source_kind=sighting.source_kind,
                heard_at_s=at_s,
            )
        )
        followed.admits(sighting, followed.on_clock_of(sighting, at_s))
        self._followed[sighting.icao24] = followed
        return followed

    def _remove(self, icao24: str) -> None:
        del self._followed[icao24]
        del self._changed[icao24]
        self._note_gone(icao24)

    def _forget_position(self, followed: _Followed) -> None:
        followed.track = replace(followed.track, lon_deg=None, lat_deg=None, position_at_s=None, trail=())
        followed.forget()
        self._note_gone(followed.track.icao24)

    def _note_gone(self, icao24: str) -> None:
        self.tick += 1
        if len(self._lost) == LOST_MEMORY:
            self._remembers_from = self._lost[0][0]
        self._lost.append((self.tick, icao24))


def _same_place(sighting: Sighting, track: Track) -> bool:
    return sighting.lon_deg == track.lon_deg and sighting.lat_deg == track.lat_deg


def _merged(followed: _Followed, sighting: Sighting, at_s: float) -> Track:
    """The track with what the sighting says; what it does not say stays."""
    old = followed.track
    moved = sighting.lon_deg is not None
    higher = sighting.altitude_m is not None
    return Track(
        icao24=old.icao24,
        source=sighting.source,
        source_kind=sighting.source_kind,
        heard_at_s=max(at_s, old.heard_at_s),
        lon_deg=sighting.lon_deg if moved else old.lon_deg,
        lat_deg=sighting.lat_deg if moved else old.lat_deg,
        position_at_s=at_s if moved else old.position_at_s,
        altitude_m=sighting.altitude_m if higher else old.altitude_m,
        altitude_datum=sighting.altitude_datum if higher else old.altitude_datum,
        ground_speed_mps=_newer(sighting.ground_speed_mps, old.ground_speed_mps),
        track_deg=_newer(sighting.track_deg, old.track_deg),
        vertical_rate_mps=_newer(sighting.vertical_rate_mps, old.vertical_rate_mps),
        callsign=sighting.callsign or old.callsign,
        squawk=sighting.squawk or old.squawk,
        emitter_category=sighting.emitter_category or old.emitter_category,
        on_ground=old.on_ground if sighting.on_ground is None else sighting.on_ground,
        simulated=sighting.simulated,
        trail=followed.lengthened(sighting, at_s),
    )


def _newer(new: float | None, old: float | None) -> float | None:
    return old if new is None else new
