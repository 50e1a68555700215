"""Which tracks may be one real thing: proposals for people, never joined by themselves (匹配建议).

Two things that different sources tell of are proposed when they state the same callsign, registration or name, or
when they move together: near each other, at like speed, for TOGETHER_S on end while getting somewhere. Two 24-bit
addresses are two transponders and are never proposed. What people have said is apart (identity.py) is not proposed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dispatch.freshness import LIMITS
from dispatch.fusion import KINDS, UNSTATED_M
from dispatch.gate import Indices
from dispatch.identity import CALLSIGN, REGISTRATION, word
from dispatch.motion import span_m
from dispatch.picture import TrackPicture
from dispatch.sighting import ICAO24

REVIEW_EVERY_S = 10.0
TOGETHER_S = 60.0  # near each other for so long …
MOVED_M = 500.0  # … while getting so far: two vehicles parked side by side are no match
NEAR_M = 300.0  # beyond what both sources state
LIKE_MPS = 10.0  # speeds that differ by no more
PROPOSAL_LIMIT = 200  # the longest-lasting are kept
CANDIDATE_LIMIT = 2_000  # pairs watched at once; one more is looked at when there is room again
_CELL_DEG = 0.02  # two cells are wider than any NEAR_M with the accuracies of LIMIT_ACCURACY_M
LIMIT_ACCURACY_M = 900.0  # a position less certain than this proves nothing
_DIM_S = np.array([LIMITS[kind].dim_s for kind in KINDS])
_UNSTATED = np.array([UNSTATED_M[kind] for kind in KINDS])

SAME_CALLSIGN, SAME_REGISTRATION, SAME_NAME, TOGETHER = (
    "same_callsign",
    "same_registration",
    "same_name",
    "flies_together",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchProposal:
    """Two keys that may be one thing, with the ids of their tracks. `figures` are SI."""

    keys: tuple[str, str]
    track_ids: tuple[str, str]
    reason: str
    since_s: float
    figures: Mapping[str, float]


class _Company(NamedTuple):
    """Two things near each other since, and where that began."""

    since_s: float
    lon_deg: float
    lat_deg: float


class Matcher:
    """Remembers who keeps company. `review` about every REVIEW_EVERY_S; `proposals` is what it last found."""

    def __init__(self) -> None:
        self._company: dict[tuple[int, int], _Company] = {}  # by numbers
        self._words: dict[tuple[str, str, str], float] = {}  # since when two keys state the same word
        self.proposals: tuple[MatchProposal, ...] = ()

    def review(self, picture: TrackPicture, now: float) -> None:
        """Look at everything once."""
        found = [*self._by_word(picture, now), *self._by_company(picture, now)]
        best: dict[frozenset[str], MatchProposal] = {}
        for proposal in sorted(found, key=lambda one: one.since_s):
            best.setdefault(frozenset(proposal.track_ids), proposal)
        self.proposals = tuple(list(best.values())[:PROPOSAL_LIMIT])

    def _by_word(self, picture: TrackPicture, now: float) -> Iterator[MatchProposal]:
        said: dict[tuple[str, str], list[int]] = {}
        roster = picture.roster
        for slot in _not_only_addresses(picture):
            for reason, text in _words(picture, slot):
                said.setdefault((reason, text), []).append(slot)
        callsigns = {text.encode() for reason, text in said if reason == SAME_CALLSIGN and len(text) <= 8}
        if callsigns:
            rows = picture.rows
            named = rows.alive & np.isin(rows.callsign, np.array(sorted(callsigns), "S8"))
            for slot in np.unique(rows.thing[named]).tolist():
                for reason, text in _words(picture, slot):
                    if reason == SAME_CALLSIGN and slot not in said.get((reason, text), (slot,)):
                        said[reason, text].append(slot)
        words: dict[tuple[str, str, str], float] = {}
        for (reason, _), slots in said.items():
            for place, a in enumerate(slots[:8]):
                for b in slots[place + 1 : 8]:
                    keys = _pair(picture, a, b)
                    if keys is None:
                        continue
                    since = self._words.get((reason, *keys), now)
                    words[reason, *keys] = since
                    ids = (roster.ids[a], roster.ids[b])
                    yield MatchProposal(
                        keys=keys, track_ids=ids, reason=reason, since_s=since, figures=_apart(picture, a, b)
                    )
        self._words = dict(list(words.items())[:CANDIDATE_LIMIT])

    def _by_company(self, picture: TrackPicture, now: float) -> Iterator[MatchProposal]:
        company: dict[tuple[int, int], _Company] = {}
        rows, things = picture.rows, picture.things
        for a, b in _neighbours(picture, now):
            keys = _pair(picture, a, b)
            if keys is None or len(company) >= CANDIDATE_LIMIT:
                continue
            numbers = (int(things.number[a]), int(things.number[b]))
            row = int(things.best_row[a])
            lon, lat = float(rows.lon_deg[row]), float(rows.lat_deg[row])
            kept = company[numbers] = self._company.get(numbers, _Company(now, lon, lat))
            moved_m = span_m(kept.lon_deg, kept.lat_deg, lon, lat)
            if now - kept.since_s >= TOGETHER_S and moved_m >= MOVED_M:
                figures = {**_apart(picture, a, b), "moved_m": moved_m, "together_s": now - kept.since_s}
                ids = (picture.roster.ids[a], picture.roster.ids[b])
                yield MatchProposal(
                    keys=keys, track_ids=ids, reason=TOGETHER, since_s=kept.since_s, figures=figures
                )
        self._company = company


def _not_only_addresses(picture: TrackPicture) -> list[int]:
    """Places of things that some source tells of without a 24-bit address."""
    rows = picture.rows
    other = rows.alive & (rows.address == 0xFFFF_FFFF)
    return [int(slot) for slot in np.unique(rows.thing[other])]


def _words(picture: TrackPicture, slot: int) -> Iterator[tuple[str, str]]:
    track = picture.track_at(slot)
    for reason, text in (
        (SAME_CALLSIGN, track.callsign),
        (SAME_REGISTRATION, track.registration),
        (SAME_NAME, track.name),
    ):
        if text and len(word(text)) > 2:
            yield reason, word(text)


def _neighbours(picture: TrackPicture, now: float) -> Iterator[tuple[int, int]]:
    """Pairs with fresh positions near each other, at like speed, of which one has more than an address."""
    rows, things = picture.rows, picture.things
    slot = np.flatnonzero(things.alive & (things.best_row >= 0)).astype(np.int32)
    best = things.best_row[slot]
    kinds = picture.roster.kind_codes(best)
    stated = rows.accuracy_m[best].astype(np.float64)
    accuracy = np.where(np.isnan(stated), _UNSTATED[kinds], stated)
    there = (now - rows.position_at_s[best] < _DIM_S[kinds]) & (accuracy <= LIMIT_ACCURACY_M)
    slot, best, accuracy = slot[there], best[there], accuracy[there]
    cells: dict[tuple[int, int], list[int]] = {}
    x = np.floor(rows.lon_deg[best] / _CELL_DEG).astype(np.int64).tolist()
    y = np.floor(rows.lat_deg[best] / _CELL_DEG).astype(np.int64).tolist()
    for place, cell in enumerate(zip(x, y, strict=True)):
        cells.setdefault(cell, []).append(place)
    place_of = {int(one): place for place, one in enumerate(slot.tolist())}
    for a in _not_only_addresses(picture):
        if a not in place_of:
            continue
        place = place_of[a]
        for dx in (-1, 0, 1):
            for dy in (-1, 0, 1):
                for other in cells.get((x[place] + dx, y[place] + dy), ())[:64]:
                    if other != place and _together(picture, best, accuracy.tolist(), place, other):
                        yield a, int(slot[other])


def _together(picture: TrackPicture, best: Indices, accuracy: list[float], place: int, other: int) -> bool:
    rows = picture.rows
    a, b = int(best[place]), int(best[other])
    passed_s = abs(float(rows.position_at_s[a]) - float(rows.position_at_s[b]))
    speeds = np.nan_to_num([rows.ground_speed_mps[a], rows.ground_speed_mps[b]])
    if abs(float(speeds[0] - speeds[1])) > LIKE_MPS:
        return False
    far_m = span_m(
        float(rows.lon_deg[a]), float(rows.lat_deg[a]), float(rows.lon_deg[b]), float(rows.lat_deg[b])
    )
    return far_m <= NEAR_M + accuracy[place] + accuracy[other] + float(max(speeds)) * passed_s


def _pair(picture: TrackPicture, a: int, b: int) -> tuple[str, str] | None:
    """The keys by which two things could be joined; None where they are known to be two."""
    roster = picture.roster
    rows_a, rows_b = roster.rows_at(a), roster.rows_at(b)
    if {int(roster.rows.source[row]) for row in rows_a} & {int(roster.rows.source[row]) for row in rows_b}:
        return None  # one source names them both: two things
    key_a, key_b = sorted((_key(picture, rows_a), _key(picture, rows_b)))
    if key_a.startswith(f"{ICAO24}:") and key_b.startswith(f"{ICAO24}:"):
        return None
    if frozenset((key_a, key_b)) in roster.registry.apart:
        return None
    return key_a, key_b


def _key(picture: TrackPicture, rows: tuple[int, ...]) -> str:
    """The strongest key of a thing: its address, else the first that is no word."""
    keys = sorted(picture.roster.key_of(row) for row in rows)
    weak = (f"{REGISTRATION}:", f"{CALLSIGN}:")
    return next((key for key in keys if key.startswith(f"{ICAO24}:")), None) or next(
        (key for key in keys if not key.startswith(weak)), keys[0]
    )


def _apart(picture: TrackPicture, a: int, b: int) -> dict[str, float]:
    """How far apart two things are, where both have a position."""
    rows, things = picture.rows, picture.things
    row_a, row_b = int(things.best_row[a]), int(things.best_row[b])
    if row_a < 0 or row_b < 0:
        return {}
    return {
        "distance_m": span_m(
            float(rows.lon_deg[row_a]),
            float(rows.lat_deg[row_a]),
            float(rows.lon_deg[row_b]),
            float(rows.lat_deg[row_b]),
        )
    }
