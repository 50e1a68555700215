"""From the live world to a scenario, through the solver, and back to a proposal people can read."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest

from dispatch.errors import Refused
from dispatch.incident_commands import ActOnIncident
from dispatch.kinds import IncidentAction, Role
from dispatch.records import LiftPoint
from optimizer.explain import explain
from optimizer.problem import parse
from optimizer.proposal import assignments, reasons
from optimizer.situation import situation
from optimizer.solve import solve
from optimizer.stop import MaxIterations
from tests.dispatch.scene import Scene

SCHEMA = json.loads((Path(__file__).parents[1] / "data/opt/scenario.schema.json").read_text())


def confirmed(scene: Scene) -> str:
    """A confirmed fire."""
    incident_id = scene.report()
    confirm = ActOnIncident(incident_id=incident_id, action=IncidentAction.CONFIRM, version_seen=1)
    scene.ask(Role.DISPATCHER, confirm)
    return incident_id


def test_the_live_world_is_a_valid_scenario_and_its_plan_a_proposal() -> None:
    """Both helicopters are sent, with base, water, times and reasons that agree with the legs."""
    scene = Scene()
    incident_id = confirmed(scene)
    asked = situation(scene.world, (), scene.now, assume_daylight=True)
    jsonschema.validate(asked.scenario, SCHEMA)
    problem = parse(asked.scenario)
    result = solve(problem, MaxIterations(iterations=20), 0)
    made = assignments(asked.scenario, result.plan.to_json(problem))
    assert {a.aircraft_id for a in made} == {"B-7001", "B-7002"}
    for assignment in made:
        assert assignment.incident_id == incident_id
        assert (assignment.base_id, assignment.water_point_id) == ("JX-JA", "W1")
        assert scene.now <= assignment.take_off_at < assignment.on_scene_at < assignment.land_at
        assert assignment.drops > 0
        assert assignment.litres_per_drop > 1000
    why = reasons(asked.scenario, explain(problem, result))
    assert {(r.aircraft_id, r.code) for r in why} == {("B-7001", "CHOSEN"), ("B-7002", "CHOSEN")}


def test_a_kit_whose_lift_nobody_has_stated_lifts_what_it_holds_and_keeps_nobody_from_being_planned_for() -> (
    None
):
    """A record may come without a table, or with one in another order; the scenario is legal all the same."""
    scene = Scene()
    confirmed(scene)
    craft = scene.world.aircraft["B-7001"]
    assert craft.water is not None
    for lift, litres in (
        ((), [craft.water.capacity_l]),
        (
            (
                LiftPoint(density_altitude_m=1500.0, litres=3000.0),
                LiftPoint(density_altitude_m=0.0, litres=4000.0),
            ),
            [4000.0, 3000.0],
        ),
    ):
        stated = replace(craft, water=replace(craft.water, lift=lift))
        world = replace(scene.world, aircraft=scene.world.aircraft.set(craft.id, stated))
        asked = situation(world, (), scene.now, assume_daylight=True)
        (row,) = [each for each in asked.scenario["aircraft"] if each["id"] == craft.id]
        assert [each["litres"] for each in row["water"]["lift"]] == litres
        parse(asked.scenario)


def test_light_is_the_suns_over_the_incident() -> None:
    """In late November the sun over northern Jiangxi is up from about 06:50 to 17:20 Beijing time."""
    scene = Scene()
    confirmed(scene)
    for hour in (3, 8, 12, 20):
        now = datetime(2026, 11, 24, hour, tzinfo=UTC)
        weather = situation(scene.world, (), now).scenario["weather"]
        first, last = (datetime.fromisoformat(weather[k]) for k in ("first_light", "last_light"))
        assert (first + timedelta(hours=8)).strftime("%H") == "06"
        assert (last + timedelta(hours=8)).strftime("%H") == "17"
        assert last > now


@pytest.mark.parametrize(("ids", "code"), [((), "NOTHING_TO_PLAN"), (None, "NOT_CONFIRMED")])
def test_nothing_confirmed_means_nothing_to_plan(ids: tuple[str, ...] | None, code: str) -> None:
    """An unverified report is never planned for, whether asked for by name or not."""
    scene = Scene()
    reported = scene.report()
    with pytest.raises(Refused) as caught:
        situation(scene.world, (reported,) if ids is None else ids, scene.now)
    assert caught.value.code == code
