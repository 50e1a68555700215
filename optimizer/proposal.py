"""From a solved plan in the interchange format back to what people read: assignments and reasons.

Pure. The scenario was made by situation.py; the answer is what `ganying plan --explain` writes.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from dispatch.records import Assignment, Reason
from optimizer.situation import Scenario, Situation

Leg = Mapping[str, Any]


def assignments(scenario: Scenario, plan: Mapping[str, Any]) -> tuple[Assignment, ...]:
    """The first sortie of every aircraft that a plan in the interchange format sends out; of one with a tasking under
    way none: what it does next is proposed when it has landed."""
    under_way = {row["aircraft_id"] for row in scenario["commitments"]}
    craft = {a["id"]: a for a in scenario["aircraft"] if a["id"] not in under_way}
    made = (
        _first_sortie(craft[entry["aircraft_id"]], entry["legs"])
        for entry in plan["aircraft"]
        if entry["aircraft_id"] in craft
    )
    return tuple(sorted((a for a in made if a is not None), key=lambda a: (a.on_scene_at, a.aircraft_id)))


def proposed(made: Situation, plan: Mapping[str, Any]) -> tuple[Assignment, ...]:
    """What of a plan is new: not what a tasking that waits for the duty chief says already."""
    return tuple(
        one
        for one in assignments(made.scenario, plan)
        if (one.aircraft_id, one.incident_id) not in made.standing
    )


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _first_sortie(aircraft: Mapping[str, Any], legs: Sequence[Leg]) -> Assignment | None:
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
        incident_id=str(first["incident_id"]),
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
    )


def _works(legs: Sequence[Leg]) -> list[Leg]:
    return [leg for leg in legs if leg["kind"] in ("cycles", "on_scene")]


def _on_scene(leg: Leg) -> datetime:
    """The first drop of a fire, taken as one of the leg's equal cycles; the beginning of any other work."""
    start, end = _read(leg["start"]), _read(leg["end"])
    return start + (end - start) / leg["drops"] if leg["kind"] == "cycles" else start


def reasons(scenario: Scenario, explanation: Mapping[str, Any]) -> tuple[Reason, ...]:
    """Why each aircraft is, or is not, sent to each incident (codes as in optimizer/explain.py), and what is short: of
    no aircraft, `SHORT_LAYERS`, `SHORT_WATER`, `SHORT_REFUEL` with the place's id as text (optimizer/reasons.py)."""
    now = _read(scenario["now"])
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
            forced.pop((incident["incident_id"], option["aircraft_id"]), {}),
        )
        for incident in explanation["incidents"]
        for option in incident["options"]
    ]
    known = {incident["incident_id"] for incident in explanation["incidents"]}
    rows += [
        _reason(incident_id, row, now, row)
        for (incident_id, _), row in forced.items()
        if incident_id in known and row.get("code") == "NOT_NEEDED"
    ]
    return (*rows, *(_short(row) for row in explanation.get("short", ())))


def _reason(incident_id: str, option: Mapping[str, Any], now: datetime, forced: Mapping[str, Any]) -> Reason:
    first_min = option.get("first_min")
    chosen = option["code"] == "CHOSEN"
    return Reason(
        incident_id=incident_id,
        aircraft_id=str(option["aircraft_id"]),
        chosen=chosen,
        code=str(option["code"] if chosen else forced.get("code", option["code"])),
        text=", ".join(option.get("busy_with", ())),
        on_scene_at=None if first_min is None else now + timedelta(minutes=float(first_min)),
        litres_per_hour=float(option.get("litres_per_hour", 0.0)),
        cost=float(option.get("cost", 0.0)),
        runner_up_aircraft_id=forced.get("runner_up_aircraft_id") or "",
        runner_up_incident_id=forced.get("runner_up_incident_id") or "",
        difference=forced.get("difference"),
        **_terms(forced),
    )


def _short(row: Mapping[str, Any]) -> Reason:
    return Reason(
        incident_id=row["place_id"] if row["kind"] == "layers" else "",
        aircraft_id="",
        chosen=False,
        code=f"SHORT_{row['kind'].upper()}",
        text=row["place_id"],
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
