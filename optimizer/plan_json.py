"""Legs and plans to and from their JSON objects, formats 1.0 and 1.1.

The writer keeps to the plan schema of the version; the reader names the wrong field. Rows that name things the scenario
does not have are Malformed in a commitment and skipped in a previous plan (the world has moved on).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dispatch.errors import Malformed
from optimizer.legs import Leg, LegKind
from optimizer.problem import Problem
from optimizer.reading import Fields, iso_time, read_points, shown

_FIELDS = {
    LegKind.FLY: "kind start end to via",
    LegKind.CYCLES: "kind start end water_point_id incident_id drops litres_per_drop",
    LegKind.ON_SCENE: "kind start end incident_id",
    LegKind.HANDOVER: "kind start end incident_id",
    LegKind.GROUND: "kind start end base_id refuel",
}
_ALL_FIELDS = "kind start end to via water_point_id incident_id drops litres_per_drop base_id refuel"


@dataclass(frozen=True, slots=True, kw_only=True)
class LegReader:
    """Reads legs against the ids of one scenario."""

    now_epoch_s: float
    bases: Mapping[str, int]
    water_points: Mapping[str, int]
    hospitals: Mapping[str, int]
    incidents: Mapping[str, int]
    turns: bool = False  # whether the version lets a leg fly `via` points

    @classmethod
    def of(cls, problem: Problem, *, turns: bool) -> "LegReader":
        """The reader for a problem's own ids."""
        return cls(
            now_epoch_s=problem.now_epoch_s,
            bases={row.id: n for n, row in enumerate(problem.bases)},
            water_points={row.id: n for n, row in enumerate(problem.water_points)},
            hospitals={row.id: n for n, row in enumerate(problem.hospitals)},
            incidents={row.id: n for n, row in enumerate(problem.incidents)},
            turns=turns,
        )

    def read_all(self, legs: list[object], path: str) -> Iterator[Leg]:
        """Legs in their order. Raises Malformed."""
        for n, leg in enumerate(legs):
            yield self.read(leg, f"{path}[{n}]")

    def read(self, leg: object, path: str) -> Leg:
        """One leg. Raises Malformed."""
        kind = LegKind(Fields(leg, path, _ALL_FIELDS).text("kind", [kind.value for kind in LegKind]))
        row = Fields(leg, path, _FIELDS[kind])
        start_s, end_s = row.time_s("start"), row.time_s("end")
        if end_s < start_s:
            raise Malformed(row.at("end"), "is before the start")
        return Leg(
            kind=kind,
            start_s=start_s - self.now_epoch_s,
            end_s=end_s - self.now_epoch_s,
            place=self._place(row, kind),
            incident=_NO_INCIDENT if kind in _NOWHERE else self._find(row, "incident_id", self.incidents),
            drops=self._drops(row) if kind is LegKind.CYCLES else 0,
            litres_per_drop=row.positive("litres_per_drop") if kind is LegKind.CYCLES else 0.0,
            refuel=row.flag("refuel") if kind is LegKind.GROUND else False,
            via=self._via(row) if row.has("via") else (),
        )

    def _via(self, row: Fields) -> tuple[tuple[float, float], ...]:
        if not self.turns:
            raise Malformed(row.at("via"), "is not a field of this format")
        return read_points(row, "via")

    @staticmethod
    def _drops(row: Fields) -> int:
        drops = row.whole("drops", 1)
        if drops > _MOST_DROPS:
            raise Malformed(row.at("drops"), f"{drops} is more than {_MOST_DROPS}")
        return drops

    def _place(self, row: Fields, kind: LegKind) -> int:
        if kind is LegKind.GROUND:
            return self._find(row, "base_id", self.bases)
        if kind is LegKind.CYCLES:
            return len(self.bases) + self._find(row, "water_point_id", self.water_points)
        if kind is not LegKind.FLY:
            return -1
        to = row.child("to", "type id")
        kinds = {
            "base": (self.bases, 0),
            "water_point": (self.water_points, len(self.bases)),
            "hospital": (self.hospitals, len(self.bases) + len(self.water_points)),
            "incident": (self.incidents, len(self.bases) + len(self.water_points) + len(self.hospitals)),
        }
        known, offset = kinds[to.text("type", kinds)]
        return offset + self._find(to, "id", known)

    @staticmethod
    def _find(row: Fields, key: str, known: Mapping[str, int]) -> int:
        name = row.text(key)
        if name not in known:
            raise Malformed(row.at(key), f"{shown(name)} is not in the scenario")
        return known[name]


_NO_INCIDENT = -1
_MOST_DROPS = 10_000  # of one leg: one every nine seconds of a whole day
_NOWHERE = (LegKind.FLY, LegKind.GROUND)  # kinds that name no incident


def leg_json(problem: Problem, leg: Leg) -> dict[str, object]:
    """One leg as the plan format writes it."""
    row: dict[str, object] = {
        "kind": leg.kind.value,
        "start": iso_time(problem.now_epoch_s + leg.start_s),
        "end": iso_time(problem.now_epoch_s + leg.end_s),
    }
    if leg.kind is LegKind.FLY:
        row["to"] = _to(problem, leg.place)
        if leg.via:
            row["via"] = [list(point) for point in leg.via]
    elif leg.kind is LegKind.GROUND:
        row["base_id"] = problem.bases[leg.place].id
        row["refuel"] = leg.refuel
    else:
        if leg.kind is LegKind.CYCLES:
            row["water_point_id"] = problem.water_points[leg.place - len(problem.bases)].id
        row["incident_id"] = problem.incidents[leg.incident].id
        if leg.kind is LegKind.CYCLES:
            row["drops"] = leg.drops
            row["litres_per_drop"] = leg.litres_per_drop
    return row


def _to(problem: Problem, place: int) -> dict[str, str]:
    groups = (
        ("base", problem.bases),
        ("water_point", problem.water_points),
        ("hospital", problem.hospitals),
        ("incident", problem.incidents),
    )
    for kind, rows in groups:
        if place < len(rows):
            return {"type": kind, "id": rows[place].id}
        place -= len(rows)
    raise ValueError(f"place {place} is no destination")
