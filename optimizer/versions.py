"""What each version of the format adds to a scenario, and the readers of what came after 1.0.

Everything added is optional: without it a scenario means what it meant in 1.0.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import shapely

from dispatch.errors import Malformed
from optimizer.problem import NONE, NoFly
from optimizer.reading import Fields, read_points, shown

_GOALS = ("pickup_base_id", "hospital_id", "dropoff_base_id")
_SHORTEST_STATION_S = 60.0  # on a station that is to be kept all the time
_MOST_CORNERS = 200  # of one volume
_MOST_PEOPLE = 10_000  # of one task: a town; more is a slip of the pen

Pairs = frozenset[tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """Names of the fields it adds, by the object they stand in, and the words it knows."""

    top: str = ""
    crew: str = ""
    incident: str = ""
    task: str = ""
    plan: str = ""
    turns: bool = False  # whether a leg may fly `via` points
    kinds: tuple[str, ...] = ("fire", "medevac", "search", "supply", "recon")
    capabilities: tuple[str, ...] = ("water", "hoist", "medical", "cargo", "search", "recon", "night")


_FIRST = Version()
VERSIONS: Mapping[str, Version] = {
    "1.0": _FIRST,
    "1.1": Version(
        top="forbidden_assignments required_assignments no_fly",
        crew="rows",
        incident="pad",
        task="people dropoff_base_id needs_pad continuous",
        plan="unused",
        turns=True,
        kinds=(
            *_FIRST.kinds,
            *("patrol", "air_command", "landing", "rappel", "retardant", "air_drop", "airlift", "sling"),
            *("flood_evacuation", "relay", "hazmat_sensing"),
        ),
        capabilities=(
            *_FIRST.capabilities,
            *("rappel", "sling", "relay", "command", "hazmat", "retardant", "air_drop"),
        ),
    ),
}


def version_of(file: Mapping[str, object]) -> Version:
    """The version a scenario or plan says it is in; the first where it names none that there is."""
    stated = file.get("schema_version") if isinstance(file, Mapping) else None
    return VERSIONS.get(stated, _FIRST) if isinstance(stated, str) else _FIRST


def says_more(scenario: Mapping[str, Any]) -> bool:
    """Whether a scenario that was made here has anything that only the latest version knows."""
    latest = VERSIONS["1.1"]
    incidents, aircraft = scenario["incidents"], scenario["aircraft"]
    words = {word for row in incidents for word in (row.get("task") or {}).get("needs", ())}
    words |= {word for row in aircraft for word in row["capabilities"]}
    added = [(scenario, latest.top)]
    added += [(row["crew"], latest.crew) for row in aircraft]
    added += [(row, latest.incident) for row in incidents]
    added += [(row.get("task") or {}, latest.task) for row in incidents]
    return (
        any(name in fields for fields, names in added for name in names.split())
        or any(row["kind"] not in _FIRST.kinds for row in incidents)
        or not words <= set(_FIRST.capabilities)
    )


def rolling_left_s(crew: Fields) -> float:
    """The least that any rolling row of a crew leaves to be flown, seconds; infinite without rows."""
    if not crew.has("rows"):
        return math.inf
    left_s = math.inf
    for row in crew.children("rows", "code days limit_s flown_s"):
        row.text("code")
        row.positive("days")
        left_s = min(left_s, max(0.0, row.number("limit_s", 0) - row.number("flown_s", 0)))
    return left_s


def read_orders(top: Fields, key: str, aircraft: Mapping[str, int], incidents: Mapping[str, int]) -> Pairs:
    """The (aircraft, incident) pairs of what somebody ordered; incident NONE where null may stand for all."""
    if not top.has(key):
        return frozenset()
    pairs = set()
    for row in top.children(key, "aircraft_id incident_id"):
        every = key == "forbidden_assignments" and row.raw("incident_id") is None
        pairs.add(
            (_known(row, "aircraft_id", aircraft), NONE if every else _known(row, "incident_id", incidents))
        )
    return frozenset(pairs)


def _known(row: Fields, key: str, known: Mapping[str, int]) -> int:
    name = row.text(key)
    if name not in known:
        raise Malformed(row.at(key), f"{shown(name)} is not in the scenario")
    return known[name]


def read_people(task: Fields) -> int:
    """How many people a task lifts out; 0 where it is not of that sort. Raises Malformed where nobody can say whither."""
    goals = [key for key in _GOALS if task.has(key) and task.raw(key) is not None]
    if "dropoff_base_id" in goals and len(goals) > 1:
        raise Malformed(task.at("dropoff_base_id"), f"cannot stand beside {goals[0]}")
    people = task.whole("people", 0) if task.has("people") else 0
    if people > _MOST_PEOPLE:
        raise Malformed(task.at("people"), f"{people} is more than {_MOST_PEOPLE}")
    if people and goals not in (["hospital_id"], ["dropoff_base_id"]):
        raise Malformed(task.at("people"), "needs a hospital_id or a dropoff_base_id to take them to")
    return people


def read_continuous(task: Fields) -> bool:
    """Whether a task wants somebody on station without a gap. Raises Malformed beside what is fetched or brought."""
    if not (task.has("continuous") and task.flag("continuous")):
        return False
    for key in (*_GOALS, "people"):
        if task.has(key) and task.raw(key):
            raise Malformed(task.at("continuous"), f"cannot stand beside {key}")
    if task.duration_s("service_s") < _SHORTEST_STATION_S:
        raise Malformed(task.at("service_s"), f"is less than {_SHORTEST_STATION_S:g} for a station")
    return True


def read_no_fly(top: Fields, now_s: float) -> tuple[NoFly, ...]:
    """The closed airspace. Raises Malformed."""
    if not top.has("no_fly"):
        return ()
    volumes: list[NoFly] = []
    for row in top.children("no_fly", "id name polygon from until reason"):
        for words in ("name", "reason"):
            row.words(words)
        polygon = read_points(row, "polygon")
        if len(polygon) > 3 and polygon[0] == polygon[-1]:
            polygon = polygon[:-1]
        if not 3 <= len(polygon) <= _MOST_CORNERS:
            raise Malformed(row.at("polygon"), f"has not between 3 and {_MOST_CORNERS} corners")
        shape = shapely.Polygon(polygon)
        if not shape.is_valid or shape.area <= 0.0:
            raise Malformed(row.at("polygon"), "crosses itself")
        volumes.append(
            NoFly(
                id=row.text("id"),
                polygon=polygon,
                from_s=row.time_s("from") - now_s,
                until_s=row.begin_s("until") - now_s,
            )
        )
    if len({volume.id for volume in volumes}) < len(volumes):
        raise Malformed("no_fly", "has an id twice")
    return tuple(volumes)
