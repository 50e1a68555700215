"""Reading a scenario: what the schema refuses is refused by name, whatever else it contains."""

import copy
import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import Malformed
from optimizer.problem import parse
from tests.optimizer.shared import NAMES, scenario, schema, small


def _put(*path: str | int) -> Callable[[dict[str, Any], Any], None]:
    def put(sc: dict[str, Any], value: Any) -> None:
        at: Any = sc
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value

    return put


@pytest.mark.parametrize("name", NAMES)
def test_a_shared_scenario_is_read(name: str) -> None:
    sc = scenario(name)
    problem = parse(sc)
    assert len(problem.aircraft) == len(sc["aircraft"])
    assert len(problem.commitments) == len(sc["commitments"])


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("schema_version",), "2.0", "schema_version"),
        (("now",), "2025-10-27 06:00", "now"),
        (("now",), 7, "now"),
        (("now",), "9999-99-99T00:00:00Z", "now"),
        (("horizon_end",), "2025-10-27T05:00:00Z", "horizon_end"),
        (("weather", "temperature_c"), "hot", "weather.temperature_c"),
        (("rules", "min_rest_s"), 0, "rules.min_rest_s"),
        (("objective", "unserved_minutes"), -1, "objective.unserved_minutes"),
        (("bases", 2, "lat"), 91, "bases[2].lat"),
        (("bases", 0, "fuels"), ["coal"], "bases[0].fuels[0]"),
        (("bases", 1, "id"), "ZSCN", "bases[1].id"),
        (("water_points", 0, "modes"), [], "water_points[0].modes"),
        (("water_points", 0, "max_aircraft"), 1.5, "water_points[0].max_aircraft"),
        (("incidents", 0, "weight"), 0, "incidents[0].weight"),
        (("incidents", 0, "fire", "demand_l"), float("nan"), "incidents[0].fire.demand_l"),
        (("incidents", 0, "fire", "growth_lps"), 10**400, "incidents[0].fire.growth_lps"),
        (("incidents", 0, "fire"), None, "incidents[0].fire"),
        (("incidents", 0, "life_at_risk"), 1, "incidents[0].life_at_risk"),
        (("aircraft", 3, "fuel_kg"), -5, "aircraft[3].fuel_kg"),
        (("aircraft", 3, "cruise_mps"), 0, "aircraft[3].cruise_mps"),
        (("aircraft", 3, "at_base_id"), "NOWHERE", "aircraft[3].at_base_id"),
        (("aircraft", 0, "water", "lift"), [], "aircraft[0].water.lift"),
        (("aircraft", 0, "crew", "duty_ends_at"), None, "aircraft[0].crew.duty_ends_at"),
        (("aircraft", 0, "surprise"), 1, "aircraft[0].surprise"),
        (("aircraft",), {}, "aircraft"),
        (("incidents", 1), "fire", "incidents[1]"),
    ],
)
def test_a_wrong_value_is_named(path: tuple[str | int, ...], value: Any, field: str) -> None:
    sc = small()
    _put(*path)(sc, value)
    with pytest.raises(Malformed) as told:
        parse(sc)
    assert told.value.field == field


@pytest.mark.parametrize(
    ("leg", "field"),
    [
        ({"kind": "hover"}, "kind"),
        ({"kind": "ground", "refuel": True, "base_id": "NOWHERE"}, "base_id"),
        ({"kind": "fly", "to": {"type": "moon", "id": "ZSCN"}}, "to.type"),
        ({"kind": "fly", "to": {"type": "hospital", "id": "ZSCN"}}, "to.id"),
        ({"kind": "on_scene", "incident_id": "NONE"}, "incident_id"),
        ({"kind": "fly"}, "to"),
    ],
)
def test_an_impossible_locked_leg_is_named(leg: dict[str, Any], field: str) -> None:
    sc = small()
    leg = {"start": sc["now"], "end": sc["horizon_end"], **leg}
    sc["commitments"] = [{"aircraft_id": sc["aircraft"][0]["id"], "legs": [leg]}]
    with pytest.raises(Malformed) as told:
        parse(sc)
    assert told.value.field == f"commitments[0].legs[0].{field}"


def test_a_locked_leg_that_ends_before_it_starts_is_named() -> None:
    sc = small()
    leg = {"kind": "ground", "refuel": True, "base_id": sc["bases"][0]["id"]}
    leg.update(start=sc["horizon_end"], end=sc["now"])
    sc["commitments"] = [{"aircraft_id": sc["aircraft"][0]["id"], "legs": [leg]}]
    with pytest.raises(Malformed, match=r"legs\[0\]\.end"):
        parse(sc)


def _paths(value: Any, here: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [here] if here else []
    if isinstance(value, dict):
        for key, child in value.items():
            found += _paths(child, (*here, key))
    elif isinstance(value, list):
        for n, child in enumerate(value[:2]):
            found += _paths(child, (*here, n))
    return found


_SMALL = small()
_PATHS = _paths(_SMALL)
_SCHEMA = jsonschema.Draft202012Validator(schema("scenario"))
_JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.just([]),
    st.just({}),
    st.just([None]),
    st.just("2025-10-27T06:00:00Z"),
)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(_PATHS), _JUNK)
def test_junk_anywhere_is_refused_by_name_or_is_within_the_schema(
    path: tuple[str | int, ...], junk: Any
) -> None:
    sc = copy.deepcopy(_SMALL)
    _put(*path)(sc, junk)
    refused = _refused_field(sc)
    assert refused or _SCHEMA.is_valid(json.loads(json.dumps(sc)))


def _refused_field(sc: dict[str, Any]) -> str:
    try:
        parse(sc)
    except Malformed as error:
        return error.field
    return ""
