"""Tracks to consoles: each changed track is encoded once, grouped by cell of one degree, joined per viewport.

Consoles are spread over slots that take turns, each once a second, so that the work never comes all at once. A track
that left a cell is sent to that cell once more, so that a console sees it leave instead of freeze.
"""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dispatch.tracks import Changes, Track, TrackPicture
from protocols.codec.client import Viewport
from protocols.codec.client_fragments import track_body, track_fragment, tracks_message

SLOTS = 10  # a second
Cell = tuple[int, int]
Cells = frozenset[Cell] | None  # None: everywhere
MAX_CELLS = 600  # a viewport of more cells than this is everywhere: joining all is cheaper than choosing


def cells_of(viewport: Viewport | None) -> Cells:
    """The cells a viewport touches."""
    if viewport is None:
        return None
    west, east = math.floor(viewport.west_deg), math.floor(viewport.east_deg)
    south, north = math.floor(viewport.south_deg), math.floor(viewport.north_deg)
    across = min(
        360, east - west + 1 if east >= west else east - west + 361
    )  # west beyond east: antimeridian
    if across * (north - south + 1) > MAX_CELLS:
        return None
    columns = [(west + step + 180) % 360 - 180 for step in range(across)]
    return frozenset((column, row) for column in columns for row in range(south, north + 1))


def _cell(track: Track) -> Cell:
    if track.lon_deg is None or track.lat_deg is None:
        raise ValueError(f"{track.icao24} has no position")
    return (math.floor(track.lon_deg) + 180) % 360 - 180, math.floor(track.lat_deg)


class Bodies:
    """Tracks as bytes without their age; holds those the picture follows."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[Track, bytes]] = {}

    def of(self, track: Track) -> bytes:
        """The bytes of a track, encoded when it changed."""
        made = self._made.get(track.icao24)
        if made is None or made[0] is not track:
            made = self._made[track.icao24] = (track, track_body(track))
        return made[1]

    def forget(self, lost: Iterable[str]) -> None:
        """Let go of what is no longer followed."""
        for icao24 in lost:
            self._made.pop(icao24, None)

    def keep_only(self, picture: TrackPicture) -> None:
        """Let go of everything the picture does not follow; for when its memory of losses was too short."""
        self._made = {key: made for key, made in self._made.items() if picture.get(key) is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Changed tracks as of one moment, by cell; `message` joins them for a viewport, once per viewport."""

    from_tick: int
    to_tick: int
    at: datetime
    whole: bool
    by_cell: dict[Cell, list[bytes]]
    lost: tuple[str, ...]
    _joined: dict[Cells, bytes]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not self.whole and not self.by_cell and not self.lost

    def message(self, cells: Cells) -> bytes:
        """The message for a viewport."""
        made = self._joined.get(cells)
        if made is None:
            chosen = (frames for cell, frames in self.by_cell.items() if cells is None or cell in cells)
            made = self._joined[cells] = tracks_message(
                from_tick=self.from_tick,
                to_tick=self.to_tick,
                at=self.at,
                whole=self.whole,
                fragments=b"".join(frame for frames in chosen for frame in frames),
                lost=self.lost,
            )
        return made


class Slot:
    """The consoles that are told at the same tenth of a second: how far they are, and where each track was."""

    def __init__(self) -> None:
        self.tick = 0
        self._cells: dict[str, Cell] = {}

    def take(self, picture: TrackPicture, bodies: Bodies, at: datetime) -> Slice:
        """What changed since the last time."""
        changes = picture.changed_since(self.tick)
        self.tick = changes.to_tick
        if changes.whole:
            self._cells.clear()
            bodies.keep_only(picture)
        bodies.forget(changes.lost)
        for icao24 in changes.lost:
            self._cells.pop(icao24, None)
        return _slice(changes, bodies, at, self._cells)

    def begin(self, picture: TrackPicture, bodies: Bodies, at: datetime) -> Slice:
        """Everything, for the first console of a slot that nobody was in; what changes from here on comes by `take`."""
        self._cells.clear()
        changes = picture.changed_since(0)
        self.tick = changes.to_tick
        return _slice(changes, bodies, at, self._cells)


def everything(picture: TrackPicture, bodies: Bodies, at: datetime) -> Slice:
    """All tracks, for a console that begins or has missed something."""
    return _slice(picture.changed_since(0), bodies, at, {})


def _slice(changes: Changes, bodies: Bodies, at: datetime, before: dict[str, Cell]) -> Slice:
    now_s = at.timestamp()
    by_cell: dict[Cell, list[bytes]] = defaultdict(list)
    for track in changes.tracks:
        age_ms = int((now_s - (track.position_at_s or now_s)) * 1000)
        frame = track_fragment(bodies.of(track), age_ms)
        cell = _cell(track)
        by_cell[cell].append(frame)
        left = before.get(track.icao24)
        if left is not None and left != cell:
            by_cell[left].append(frame)
        before[track.icao24] = cell
    return Slice(
        from_tick=changes.from_tick,
        to_tick=changes.to_tick,
        at=at,
        whole=changes.whole,
        by_cell=dict(by_cell),
        lost=changes.lost,
        _joined={},
    )
