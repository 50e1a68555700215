"""Changes to a situation: what each makes of a scenario, what is refused, and what the difference says."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import Malformed
from optimizer.problem import parse
from optimizer.stop import MaxIterations
from optimizer.what_if import changed
from optimizer.wonder import wonder
from tests.optimizer.shared import judged

DATA = Path(__file__).parents[1] / "data" / "opt"
S_101: dict[str, Any] = json.loads((DATA / "S-101.json").read_text())
ROLL: dict[str, Any] = json.loads((DATA / "M-201-roll.json").read_text())


def asked(scenario: dict[str, Any], *changes: dict[str, Any]) -> dict[str, Any]:
    """A what-if, answered within a few iterations."""
    return wonder(
        scenario,
        list(changes),
        None,
        stops=(lambda: MaxIterations(iterations=20), lambda: MaxIterations(iterations=20)),
        seed=0,
        listen=lambda _problem, _plan, _score: None,
    )


def test_a_change_leaves_the_situation_itself_as_it_is() -> None:
    """The scenario that was asked about is not touched."""
    before = json.dumps(S_101)
    changed(S_101, [{"kind": "lose_water", "water_point_id": S_101["water_points"][0]["id"]}])
    assert json.dumps(S_101) == before


def test_a_lost_aircraft_is_gone_with_all_that_was_promised_of_it() -> None:
    """Its commitments and its previous assignments go with it."""
    lost = ROLL["commitments"][0]["aircraft_id"] if ROLL["commitments"] else ROLL["aircraft"][0]["id"]
    made = changed(ROLL, [{"kind": "lose_aircraft", "aircraft_id": lost}])
    assert lost not in json.dumps(
        [made[table] for table in ("aircraft", "commitments", "previous_assignments")]
    )
    parse(made)


def test_nobody_uses_a_lost_base() -> None:
    """Aircraft that stand there stay, and no leg ends there; the plan is legal for the referee."""
    base = S_101["aircraft"][0]["at_base_id"]
    said = asked(S_101, {"kind": "lose_base", "base_id": base})
    made = changed(S_101, [{"kind": "lose_base", "base_id": base}])
    assert judged(made, said["answer"]["plan"])["violations"] == []
    assert {"type": "base", "id": base} not in [
        leg.get("to") for entry in said["answer"]["plan"]["aircraft"] for leg in entry["legs"]
    ]
    score = said["difference"]["score"]
    assert score["after"] >= score["before"]


@pytest.mark.parametrize("lost", ["A003", "A004", "A017"])  # two at work, one idle
def test_a_lost_aircraft_never_looks_like_a_gain(lost: str) -> None:
    """Though the plan without it was sought for longer than the plan with it."""
    said = wonder(
        ROLL,
        [{"kind": "lose_aircraft", "aircraft_id": lost}],
        None,
        stops=(lambda: MaxIterations(iterations=0), lambda: MaxIterations(iterations=40)),
        seed=0,
        listen=lambda _problem, _plan, _score: None,
    )
    score = said["difference"]["score"]
    assert score["after"] >= score["before"]


def test_a_borrowed_aircraft_works_until_its_release_and_the_difference_names_it() -> None:
    """It is one more of its kind, at the base named, for the price named."""
    like = next(a for a in S_101["aircraft"] if a["water"] and a["serviceable"] and a["at_base_id"])
    borrow = {
        "kind": "borrow",
        "like": like["id"],
        "base_id": like["at_base_id"],
        "ready_s": 600,
        "release_s": 5400,
        "cost_per_hour": 25,
    }
    said = asked(S_101, borrow)
    name = f"{like['id']}+1"
    row = next(each for each in said["difference"]["aircraft"] if each["aircraft_id"] == name)
    assert row["before"] is None
    assert row["after"]
    made = changed(S_101, [borrow])
    plan = said["answer"]["plan"]
    assert judged(made, plan)["violations"] == []
    (legs,) = (entry["legs"] for entry in plan["aircraft"] if entry["aircraft_id"] == name)
    assert (
        max(leg["end"] for leg in legs if leg["kind"] != "ground")
        <= made["aircraft"][-1]["crew"]["duty_ends_at"]
    )
    score = said["difference"]["score"]
    assert score["after"] < score["before"]


def test_a_fire_that_grows_is_told_with_what_it_costs() -> None:
    """The terms say where: in the fire's debt."""
    fire = next(i for i in S_101["incidents"] if i.get("fire"))
    said = asked(S_101, {"kind": "grow_fire", "incident_id": fire["id"], "growth_lps": 25})
    term = said["difference"]["terms"]["fire_weighted_kl_hours"]
    assert term["after"] > term["before"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ("no list", "changes"),
        ([], "changes"),
        ([{"kind": "lose_base", "base_id": "B1"}] * 21, "changes"),
        ([{"kind": "wish"}], "changes[0].kind"),
        ([{"kind": "lose_aircraft", "aircraft_id": "X"}], "changes[0].aircraft_id"),
        ([{"kind": "lose_aircraft", "aircraft_id": 7}], "changes[0].aircraft_id"),
        ([{"kind": "lose_aircraft"}], "changes[0].aircraft_id"),
        ([{"kind": "lose_aircraft", "aircraft_id": "A000", "base_id": "x"}], "changes[0].base_id"),
        (
            [
                {"kind": "lose_aircraft", "aircraft_id": "A000"},
                {"kind": "lose_aircraft", "aircraft_id": "A000"},
            ],
            "changes[1].aircraft_id",
        ),
        ([{"kind": "add_water", "water_point": 3}], "changes[0].water_point"),
        ([{"kind": "grow_fire", "incident_id": "I000"}], "changes[0].demand_l"),
    ],
)
def test_what_is_wrong_with_a_change_is_named(changes: Any, field: str) -> None:
    """By its number and field."""
    with pytest.raises(Malformed) as caught:
        changed(S_101, changes)
    assert caught.value.field == field


_JUNK = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8) | st.sampled_from(["lock", "A000", "I000"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_KEYS = st.sampled_from(
    [
        "kind",
        "aircraft_id",
        "incident_id",
        "base_id",
        "water_point_id",
        "water_point",
        "like",
        "ready_s",
        "release_s",
        "demand_l",
        "growth_lps",
    ]
)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.lists(st.dictionaries(_KEYS, _JUNK, max_size=5), max_size=3) | _JUNK)
def test_no_changes_are_strange_enough_to_crash(changes: Any) -> None:
    """Whatever comes is read or Malformed."""
    try:
        changed(S_101, changes)
    except Malformed as error:
        assert error.field.startswith("changes")
