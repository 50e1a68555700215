"""Random small scenarios within the schema: weather, fuel, light, windows, aircraft in the air, locks."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.optimizer.shared import small

NOW = datetime(2025, 10, 5, 6, 0, tzinfo=UTC)


def at(minutes: float) -> str:
    return (NOW + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _place(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "lon": draw(st.floats(114.6, 116.4).map(lambda x: round(x, 4))),
        "lat": draw(st.floats(27.6, 29.2).map(lambda x: round(x, 4))),
        "elevation_m": draw(st.integers(0, 1800)),
    }


def _windows(draw: st.DrawFn) -> dict[str, Any]:
    if draw(st.integers(0, 3)):
        return {}
    start = draw(st.integers(-60, 120))
    spans = [{"from": at(start), "until": at(start + draw(st.integers(20, 240)))}]
    return {"available": spans}


def _base(draw: st.DrawFn, n: int) -> dict[str, Any]:
    return {
        "id": f"B{n}",
        "name": f"base {n}",
        "province": "JX",
        **_place(draw),
        "runway_m": draw(st.sampled_from([0, 900, 2500])),
        "fuels": draw(st.sampled_from([["jet"], ["jet", "avgas"], ["jet"], []])),
        "refuel_points": draw(st.integers(0, 2)),
        **(_windows(draw) if n else {}),
    }


def _water(draw: st.DrawFn, n: int) -> dict[str, Any]:
    return {
        "id": f"W{n}",
        "name": f"water {n}",
        **_place(draw),
        "modes": draw(st.sampled_from([["bucket", "snorkel"], ["bucket"], ["scoop", "bucket"], ["pit"]])),
        "depth_m": draw(st.sampled_from([20, 3, 0.5])),
        "max_aircraft": draw(st.integers(1, 2)),
        **_windows(draw),
    }


def _task(draw: st.DrawFn, bases: int, hospitals: int) -> dict[str, Any]:
    pickup = f"B{draw(st.integers(0, bases - 1))}" if draw(st.booleans()) else None
    hospital = f"H{draw(st.integers(0, hospitals - 1))}" if hospitals and draw(st.booleans()) else None
    return {
        "visits": draw(st.integers(1, 3)),
        "service_s": draw(st.sampled_from([0, 600, 3600])),
        "needs": draw(st.sampled_from([[], ["cargo"], ["medical"], ["search"]])),
        "seats": draw(st.integers(0, 8)),
        "cargo_kg": draw(st.sampled_from([0, 500])),
        "deadline_at": at(120),
        "pickup_base_id": pickup if hospital is None else None,
        "hospital_id": hospital,
        "handover_s": draw(st.sampled_from([0, 600])),
    }


def _incident(draw: st.DrawFn, n: int, bases: int, hospitals: int) -> dict[str, Any]:
    fire = draw(st.integers(0, 2)) < 2
    row = {
        "id": f"I{n}",
        "kind": "fire" if fire else "supply",
        "name": f"incident {n}",
        **_place(draw),
        "reported_at": at(-10),
        "weight": draw(st.sampled_from([0.5, 1, 5])),
        "life_at_risk": draw(st.booleans()),
        "max_slots": draw(st.integers(1, 3)),
        "wind_mps": draw(st.sampled_from([8, 0, 12, 14])),
        "visibility_m": draw(st.sampled_from([9000, 9000, 2000])),
        **_windows(draw),
    }
    if fire:
        demand, growth = draw(st.sampled_from([0, 4000, 90000])), draw(st.sampled_from([0, 3.5]))
        row["fire"] = {"demand_l": demand, "growth_lps": growth, "deadline_at": at(60)}
    else:
        row["task"] = _task(draw, bases, hospitals)
    return row


def _aircraft(draw: st.DrawFn, n: int, bases: list[dict[str, Any]]) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(json.dumps(draw(st.sampled_from(small()["aircraft"]))))
    airborne = draw(st.integers(0, 3)) == 0
    home = draw(st.sampled_from(bases))
    full = row["fuel_capacity_kg"]
    row.update(id=f"A{n}", serviceable=draw(st.integers(0, 5)) > 0, home_base_id=home["id"])
    row.update(at_base_id=None if airborne else home["id"], min_runway_m=draw(st.sampled_from([0, 0, 800])))
    row.update(ready_at=at(draw(st.integers(-20, 60))), slots=draw(st.integers(1, 2)))
    row.update(lon=home["lon"] + (0.2 if airborne else 0), lat=home["lat"])
    row.update(fuel_kg=round(full * draw(st.sampled_from([1.0, 0.8, 0.55])), 1))
    row["turnaround_s"] = draw(st.sampled_from([0, 900, 3000]))
    row["capabilities"] = draw(
        st.sampled_from([["water", "cargo"], ["water", "medical", "night"], ["search"]])
    )
    row["crew"] = {
        "flown_continuous_s": draw(st.sampled_from([0, 1800])),
        "flown_today_s": draw(st.sampled_from([1800, 1800, 20000])),
        "duty_ends_at": at(draw(st.sampled_from([500, 150]))),
    }
    if airborne:  # sure to get home: a rested crew near a base that is always open
        row.update(lon=bases[0]["lon"] + 0.2, lat=bases[0]["lat"], min_runway_m=0, ready_at=at(5))
    return row


@st.composite
def scenarios(draw: st.DrawFn) -> dict[str, Any]:
    """A scenario in which every aircraft in the air can be brought home."""
    sc = small()
    bases = [_base(draw, n) for n in range(draw(st.integers(1, 3)))]
    hospitals = [{"id": f"H{n}", "name": "h", **_place(draw)} for n in range(draw(st.integers(0, 1)))]
    sc.update(id="random", now=at(0), horizon_end=at(draw(st.sampled_from([240, 240, 90, 0]))))
    sc["weather"] = {
        "temperature_c": draw(st.integers(-5, 40)),
        "first_light": at(-200),
        "last_light": at(draw(st.sampled_from([300, 120]))),
    }
    sc.update(bases=bases, hospitals=hospitals)
    sc["water_points"] = [_water(draw, n) for n in range(draw(st.sampled_from([3, 0, 2, 4])))]
    sc["incidents"] = [
        _incident(draw, n, len(bases), len(hospitals)) for n in range(draw(st.sampled_from([3, 0, 2, 4])))
    ]
    sc["aircraft"] = [_aircraft(draw, n, bases) for n in range(draw(st.sampled_from([4, 0, 3, 5])))]
    sc["reserves"] = [
        {"base_id": draw(st.sampled_from(bases))["id"], "capability": "water", "min_aircraft": 1}
        for _ in range(draw(st.integers(0, 2)))
    ]
    sc["previous_assignments"] = [
        {"aircraft_id": row["id"], "incident_id": sc["incidents"][0]["id"]}
        for row in sc["aircraft"][:2]
        if sc["incidents"]
    ]
    return sc
