"""What if: changes to a situation as values, and the scenario that they make of one. Pure.

A change is a JSON object with its `kind` and the fields of its kind:

    lock            aircraft_id, incident_id      this aircraft goes there
    forbid          aircraft_id[, incident_id]    not there; without an incident: not at all
    lose_aircraft   aircraft_id
    lose_base       base_id                       nobody takes off or lands there from now on
    lose_water      water_point_id
    add_water       water_point                   a row of the scenario format
    add_aircraft    like, base_id[, ready_s]      one more of the kind of `like`, ready after so many seconds
    borrow          like, base_id, ready_s, release_s, cost_per_hour    the same, until its release
    grow_fire       incident_id[, demand_l][, growth_lps]

Every change names things of the scenario; Malformed names the change and the field that does not.
"""

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import Any

from dispatch.errors import Malformed
from optimizer.reading import Fields, epoch_s, iso_time, shown

Scenario = dict[str, Any]

MOST_CHANGES = 20
VERSION = "1.1"  # of the format, from which on it can say who may and who must
_FAR_S = 86_400.0
_FIELDS = {
    "lock": "kind aircraft_id incident_id",
    "forbid": "kind aircraft_id incident_id",
    "lose_aircraft": "kind aircraft_id",
    "lose_base": "kind base_id",
    "lose_water": "kind water_point_id",
    "add_water": "kind water_point",
    "add_aircraft": "kind like base_id ready_s",
    "borrow": "kind like base_id ready_s release_s cost_per_hour",
    "grow_fire": "kind incident_id demand_l growth_lps",
}
_EVERYTHING = " ".join(dict.fromkeys(" ".join(_FIELDS.values()).split()))
HYPOTHETICAL = frozenset({"add_water", "add_aircraft", "borrow"})  # of which the world has nothing yet
LASTING = frozenset({"lock", "forbid"})  # a person's word that later proposals keep to as well


def changed(scenario: Mapping[str, Any], changes: object) -> Scenario:
    """The scenario with every change made, in their order. Raises Malformed."""
    if not isinstance(changes, list) or not changes:
        raise Malformed("changes", "is not a list with at least one change")
    if len(changes) > MOST_CHANGES:
        raise Malformed("changes", f"{len(changes)} changes, at most {MOST_CHANGES}")
    made = deepcopy(dict(scenario))
    for n, change in enumerate(changes):
        path = f"changes[{n}]"
        kind = Fields(change, path, _EVERYTHING).text("kind", sorted(_FIELDS))
        _MAKE[kind](made, Fields(change, path, _FIELDS[kind]))
    return made


def kinds(changes: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Which kinds there are among changes that were read before."""
    return frozenset(str(change["kind"]) for change in changes)


def _row(scenario: Scenario, table: str, row: Fields, key: str) -> dict[str, Any]:
    wanted = row.text(key)
    for each in scenario[table]:
        if each["id"] == wanted:
            found: dict[str, Any] = each
            return found
    raise Malformed(row.at(key), f"{shown(wanted)} is not in the situation")


def _lock(scenario: Scenario, row: Fields) -> None:
    _say(scenario, "required_assignments", row, _row(scenario, "incidents", row, "incident_id")["id"])


def _forbid(scenario: Scenario, row: Fields) -> None:
    incident = _row(scenario, "incidents", row, "incident_id")["id"] if row.has("incident_id") else None
    _say(scenario, "forbidden_assignments", row, incident)


def _say(scenario: Scenario, field: str, row: Fields, incident_id: str | None) -> None:
    aircraft = _row(scenario, "aircraft", row, "aircraft_id")
    scenario["schema_version"] = VERSION
    scenario.setdefault(field, []).append({"aircraft_id": aircraft["id"], "incident_id": incident_id})


def _lose_aircraft(scenario: Scenario, row: Fields) -> None:
    gone = _row(scenario, "aircraft", row, "aircraft_id")["id"]
    scenario["aircraft"] = [each for each in scenario["aircraft"] if each["id"] != gone]
    for table in ("commitments", "previous_assignments", "required_assignments", "forbidden_assignments"):
        if table in scenario:
            scenario[table] = [each for each in scenario[table] if each["aircraft_id"] != gone]


def _lose_base(scenario: Scenario, row: Fields) -> None:
    base = _row(scenario, "bases", row, "base_id")
    now_s = epoch_s(scenario["now"], "now")
    base["available"] = [{"from": iso_time(now_s - 2 * _FAR_S), "until": iso_time(now_s - _FAR_S)}]
    _release(scenario, lambda leg: leg.get("base_id") == base["id"] or _goes_to(leg, "base", base["id"]))


def _lose_water(scenario: Scenario, row: Fields) -> None:
    gone = _row(scenario, "water_points", row, "water_point_id")["id"]
    scenario["water_points"] = [each for each in scenario["water_points"] if each["id"] != gone]
    _release(scenario, lambda leg: leg.get("water_point_id") == gone or _goes_to(leg, "water_point", gone))


def _release(scenario: Scenario, needs: Callable[[Mapping[str, Any]], bool]) -> None:
    """Take away the locks that need what is lost: their aircraft are free from where they are."""
    scenario["commitments"] = [
        each for each in scenario["commitments"] if not any(needs(leg) for leg in each["legs"])
    ]


def _goes_to(leg: Mapping[str, Any], kind: str, place_id: str) -> bool:
    return leg.get("to") == {"type": kind, "id": place_id}


def _add_water(scenario: Scenario, row: Fields) -> None:
    point = row.raw("water_point")
    if not isinstance(point, Mapping):
        raise Malformed(row.at("water_point"), "is not a JSON object")
    if any(each["id"] == point.get("id") for each in scenario["water_points"]):
        raise Malformed(row.at("water_point.id"), f"{shown(point.get('id'))} is in the situation already")
    scenario["water_points"].append(dict(point))


def _add_aircraft(scenario: Scenario, row: Fields) -> None:
    ready_s = row.number("ready_s", 0.0, _FAR_S) if row.has("ready_s") else 0.0
    _add(scenario, row, ready_s)


def _borrow(scenario: Scenario, row: Fields) -> None:
    ready_s = row.number("ready_s", 0.0, _FAR_S)
    release_s = row.number("release_s", ready_s, 2 * _FAR_S)
    made = _add(scenario, row, ready_s)
    made["cost_per_hour"] = row.number("cost_per_hour", 0.0)
    now_s = epoch_s(scenario["now"], "now")
    made["crew"]["duty_ends_at"] = iso_time(now_s + release_s)


def _add(scenario: Scenario, row: Fields, ready_s: float) -> dict[str, Any]:
    """One more of a kind, rested and with full tanks."""
    like, base = _row(scenario, "aircraft", row, "like"), _row(scenario, "bases", row, "base_id")
    taken = {each["id"] for each in scenario["aircraft"]}
    made_id = next(name for n in range(1, len(taken) + 2) if (name := f"{like['id']}+{n}") not in taken)
    now_s = epoch_s(scenario["now"], "now")
    made = deepcopy(like) | {
        "id": made_id,
        "serviceable": True,
        "home_base_id": base["id"],
        "at_base_id": base["id"],
        "lon": base["lon"],
        "lat": base["lat"],
        "ready_at": iso_time(now_s + ready_s),
        "fuel_kg": like["fuel_capacity_kg"],
    }
    made["crew"] = dict(like["crew"]) | {"flown_continuous_s": 0, "flown_today_s": 0}
    scenario["aircraft"].append(made)
    return made


def _grow_fire(scenario: Scenario, row: Fields) -> None:
    incident = _row(scenario, "incidents", row, "incident_id")
    if incident.get("fire") is None:
        raise Malformed(row.at("incident_id"), f"{shown(incident['id'])} is no fire")
    if not row.has("demand_l") and not row.has("growth_lps"):
        raise Malformed(row.at("demand_l"), "is missing, and so is growth_lps")
    for key in ("demand_l", "growth_lps"):
        if row.has(key):
            incident["fire"][key] = row.number(key, 0.0, 1e9)


_MAKE: Mapping[str, Callable[[Scenario, Fields], None]] = {
    "lock": _lock,
    "forbid": _forbid,
    "lose_aircraft": _lose_aircraft,
    "lose_base": _lose_base,
    "lose_water": _lose_water,
    "add_water": _add_water,
    "add_aircraft": _add_aircraft,
    "borrow": _borrow,
    "grow_fire": _grow_fire,
}
