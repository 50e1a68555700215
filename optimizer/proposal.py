"""From a solved plan in the interchange format back to what people read: assignments and reasons.

Pure. The scenario was made by situation.py; the answer is what `ganying plan --explain` writes.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from dispatch.geo import Position
from dispatch.kinds import TaskKind
from dispatch.records import Assignment, Reason
from optimizer.situation import Scenario, Situation
from optimizer.situation_tasks import incident_of, task_kind

Leg = Mapping[str, Any]


def assignments(scenario: Scenario, plan: Mapping[str, Any]) -> tuple[Assignment, ...]:
    """The first sortie of every aircraft that a plan in the interchange format sends out; of one with a tasking under
    way none: what it does next is proposed when it has landed."""
    under_way = {row["aircraft_id"] for row in scenario["commitments"]}
    craft = {a["id"]: a for a in scenario["aircraft"] if a["id"] not in under_way}
    kinds = _kinds(scenario)
    made = (
        _first_sortie(craft[entry["aircraft_id"]], entry["legs"], kinds)
        for entry in plan["aircraft"]
        if entry["aircraft_id"] in craft
    )
    return tuple(sorted((a for a in made if a is not None), key=lambda a: (a.on_scene_at, a.aircraft_id)))


def proposed(made: Situation, plan: Mapping[str, Any]) -> tuple[Assignment, ...]:
    """What of a plan is new: not what a tasking that waits for the duty chief says already."""
    return tuple(
        one
        for one in assignments(made.scenario, plan)
        if (one.aircraft_id, _row(made.scenario, one)) not in made.standing
    )


def _row(scenario: Scenario, one: Assignment) -> str:
    """The scenario's row that an assignment works at."""
    return next(
        str(row["id"])
        for row in scenario["incidents"]
        if incident_of(row["id"]) == one.incident_id and task_kind(row["kind"]) is one.task
    )


def _kinds(scenario: Scenario) -> Mapping[str, TaskKind]:
    """What each row is."""
    return {row["id"]: task_kind(row["kind"]) for row in scenario["incidents"]}


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _first_sortie(
    aircraft: Mapping[str, Any], legs: Sequence[Leg], kinds: Mapping[str, TaskKind]
) -> Assignment | None:
    sortie: list[Leg] = []
    for leg in legs:
        sortie.append(leg)
        if leg["kind"] == "fly" and leg["to"]["type"] == "base" and _works(sortie):
            break
    work = _works(sortie)
    flown = [leg for leg in sortie if leg["kind"] == "fly"]
    if not work or not flown or flown[-1]["to"]["type"] != "base":
        return None
    first = work[0]
    drops = [leg for leg in work if leg["kind"] == "cycles" and leg["incident_id"] == first["incident_id"]]
    litres = sum(leg["drops"] * leg["litres_per_drop"] for leg in drops)
    take_off, land = _read(flown[0]["start"]), _read(flown[-1]["end"])
    hours = (land - take_off).total_seconds() / 3600
    stops = [leg["to"] for leg in flown]
    return Assignment(
        aircraft_id=str(aircraft["id"]),
        incident_id=incident_of(first["incident_id"]),
        task=kinds[first["incident_id"]],
        base_id=str(stops[-1]["id"]),
        water_point_id=str(drops[0]["water_point_id"]) if drops else "",
        hospital_id=next((str(s["id"]) for s in stops if s["type"] == "hospital"), ""),
        take_off_at=take_off,
        on_scene_at=_on_scene(first),
        land_at=land,
        drops=sum(leg["drops"] for leg in drops),
        litres_per_drop=litres / max(sum(leg["drops"] for leg in drops), 1),
        litres_per_hour=litres / hours if hours else 0.0,
        cost=hours * float(aircraft["cost_per_hour"]),
        out_turns=_turns(flown[0]),
        back_turns=_turns(flown[-1]),
    )


def _turns(leg: Leg) -> tuple[Position, ...]:
    return tuple(Position(lon_deg=lon, lat_deg=lat) for lon, lat in leg.get("via", ()))


def _works(legs: Sequence[Leg]) -> list[Leg]:
    return [leg for leg in legs if leg["kind"] in ("cycles", "on_scene")]


def _on_scene(leg: Leg) -> datetime:
    """The first drop of a fire, taken as one of the leg's equal cycles; the beginning of any other work."""
    start, end = _read(leg["start"]), _read(leg["end"])
    return start + (end - start) / leg["drops"] if leg["kind"] == "cycles" else start


def reasons(scenario: Scenario, explanation: Mapping[str, Any]) -> tuple[Reason, ...]:
    """Why each aircraft is, or is not, sent to each incident (codes as in optimizer/explain.py), and what is short: of
    no aircraft, `SHORT_LAYERS`, `SHORT_WATER`, `SHORT_REFUEL` with the place's id as text (optimizer/reasons.py)."""
    now, kinds = _read(scenario["now"]), _kinds(scenario)
    forced = {
        (row["incident_id"], row["aircraft_id"]): row
        for table in ("assignments", "unused")
        for row in explanation.get(table, ())
    }
    rows = [
        _reason(
            incident["incident_id"],
            option,
            now,
            kinds.get(incident["incident_id"]),
            forced.pop((incident["incident_id"], option["aircraft_id"]), {}),
        )
        for incident in explanation["incidents"]
        for option in incident["options"]
    ]
    known = {incident["incident_id"] for incident in explanation["incidents"]}
    rows += [
        _reason(incident_id, row, now, kinds.get(incident_id), row)
        for (incident_id, _), row in forced.items()
        if incident_id in known and row.get("code") == "NOT_NEEDED"
    ]
    return (*rows, *(_short(row) for row in explanation.get("short", ())))


def _reason(
    row: str, option: Mapping[str, Any], now: datetime, task: TaskKind | None, forced: Mapping[str, Any]
) -> Reason:
    first_min = option.get("first_min")
    chosen = option["code"] == "CHOSEN"
    return Reason(
        incident_id=incident_of(row),
        task=task,
        aircraft_id=str(option["aircraft_id"]),
        chosen=chosen,
        code=str(option["code"] if chosen else forced.get("code", option["code"])),
        text=", ".join(dict.fromkeys(incident_of(each) for each in option.get("busy_with", ()))),
        on_scene_at=None if first_min is None else now + timedelta(minutes=float(first_min)),
        litres_per_hour=float(option.get("litres_per_hour", 0.0)),
        cost=float(option.get("cost", 0.0)),
        runner_up_aircraft_id=forced.get("runner_up_aircraft_id") or "",
        runner_up_incident_id=incident_of(forced.get("runner_up_incident_id") or ""),
        difference=forced.get("difference"),
        **_terms(forced),
    )


def _short(row: Mapping[str, Any]) -> Reason:
    return Reason(
        incident_id=incident_of(row["place_id"]) if row["kind"] == "layers" else "",
        aircraft_id="",
        chosen=False,
        code=f"SHORT_{row['kind'].upper()}",
        text=incident_of(row["place_id"]),
        difference=row["difference"],
        **_terms(row),
    )


def _terms(row: Mapping[str, Any]) -> dict[str, Any]:
    terms = row.get("terms", {})
    return {
        "life_weighted_minutes": float(terms.get("life_weighted_minutes", 0.0)),
        "fire_weighted_kl_hours": float(terms.get("fire_weighted_kl_hours", 0.0)),
        "cost_difference": float(terms.get("cost", 0.0)),
    }
