"""What is under way is planned around: locked where it is a promise, reckoned or seen where it flies."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from dispatch.commands import ActOnAirspace
from dispatch.geo import Position, distance_m
from dispatch.incident_commands import ActOnIncident
from dispatch.kinds import AirspaceAction, IncidentAction, Role, TaskingAction
from dispatch.records import Assignment
from dispatch.resource_commands import SaveResource
from dispatch.tasking_commands import ActOnTasking, AdoptPlan
from optimizer.answer import answer
from optimizer.kept import kept_score
from optimizer.plan import read_plan
from optimizer.problem import parse
from optimizer.proposal import proposed
from optimizer.situation import Situation, situation
from optimizer.situation_commitments import Sighted
from optimizer.situation_force import is_overtaken
from optimizer.solve import Result, solve
from optimizer.stop import MaxIterations
from tests.dispatch.scene import BASE, WATER, Scene, aircraft
from tests.optimizer.shared import judged


class Hills(Scene):
    """The small site with sorties that its aircraft can lift."""

    def assignment(self, incident_id: str, number: int) -> Assignment:
        """A sortie with what a Ka-32 lifts at the fire's height on a warm day."""
        return replace(super().assignment(incident_id, number), litres_per_drop=3000)


def confirmed(scene: Scene) -> str:
    """A confirmed fire."""
    incident_id = scene.report()
    confirm = ActOnIncident(incident_id=incident_id, action=IncidentAction.CONFIRM, version_seen=1)
    scene.ask(Role.DISPATCHER, confirm)
    return incident_id


def tasked(scene: Scene, *actions: TaskingAction) -> str:
    """One tasking of B-7001 for a confirmed fire, led through the named steps; a minute before each."""
    incident_id = confirmed(scene)
    plan_id = scene.propose(incident_id, 1)
    scene.ask(Role.DISPATCHER, AdoptPlan(plan_id=plan_id, version_seen=1))
    (tasking,) = scene.world.taskings.values()
    roles = {TaskingAction.ORDER: Role.DUTY_CHIEF, TaskingAction.RELEASE: Role.BASE}
    for action in actions:
        scene.wait(minutes=1)
        if action is TaskingAction.RELEASE:
            (request,) = scene.world.requests.values()
            approve = ActOnAirspace(
                request_id=request.id, action=AirspaceAction.APPROVE, version_seen=request.version
            )
            scene.ask(Role.ATC, approve)
        version = scene.world.taskings[tasking.id].version
        act = ActOnTasking(tasking_id=tasking.id, action=action, version_seen=version)
        scene.ask(roles.get(action, Role.OPERATOR), act)
    return tasking.id


UP = (
    TaskingAction.ORDER,
    TaskingAction.ACCEPT,
    TaskingAction.PREPARE,
    TaskingAction.RELEASE,
    TaskingAction.TAKE_OFF,
)


def asked(scene: Scene, seen: dict[str, Sighted] | None = None) -> Situation:
    """The situation now, by day."""
    return situation(scene.world, (), scene.now, seen=seen, assume_daylight=True)


def solved(made: Situation) -> Result:
    """A plan that the independent referee finds legal."""
    problem = parse(made.scenario)
    result = solve(problem, MaxIterations(iterations=20), 0)
    said = judged(made.scenario, result.plan.to_json(problem))
    assert said["violations"] == []
    return result


def test_an_ordered_tasking_opens_its_aircrafts_timeline_and_is_not_proposed_again() -> None:
    """What the duty chief ordered stands, and the plan counts its water once."""
    scene = Hills()
    tasking_id = tasked(scene, TaskingAction.ORDER)
    made = asked(scene)
    (lock,) = made.scenario["commitments"]
    assert lock["aircraft_id"] == "B-7001"
    assert [leg["kind"] for leg in lock["legs"]] == ["fly", "cycles", "fly"]
    assert lock["legs"][1]["drops"] == scene.world.taskings[tasking_id].drops
    owed_l = made.scenario["incidents"][0]["fire"]["demand_l"]
    assert owed_l == pytest.approx(scene.world.incidents[lock["legs"][1]["incident_id"]].demand_l, rel=0.1)
    result = solved(made)
    plan = result.plan.to_json(parse(made.scenario))
    assert {a.aircraft_id for a in proposed(made, plan)} == {"B-7002"}


def test_an_unordered_tasking_is_locked_within_a_quarter_of_an_hour_of_its_take_off() -> None:
    """Before that it may be planned anew; the same again is no news, and it is charged for if it changes."""
    scene = Hills()
    tasked(scene)  # takes off in twenty minutes
    made = asked(scene)
    assert made.scenario["commitments"] == []
    (pair,) = made.scenario["previous_assignments"]
    assert pair["aircraft_id"] == "B-7001"
    result = solved(made)
    plan = result.plan.to_json(parse(made.scenario))
    assert {entry["aircraft_id"] for entry in plan["aircraft"]} == {"B-7001", "B-7002"}  # type: ignore[attr-defined]
    assert {a.aircraft_id for a in proposed(made, plan)} == {"B-7002"}
    scene.wait(minutes=5)
    assert [lock["aircraft_id"] for lock in asked(scene).scenario["commitments"]] == ["B-7001"]


def test_an_aircraft_in_the_air_goes_on_from_where_it_was_seen() -> None:
    """Its fuel and its crew's clock have run since take-off."""
    scene = Hills()
    tasked(scene, *UP)
    scene.wait(minutes=6)
    here = Position(lon_deg=115.3, lat_deg=28.9)
    made = asked(scene, {"B-7001": Sighted(position=here, at=scene.now)})
    row = next(a for a in made.scenario["aircraft"] if a["id"] == "B-7001")
    assert (row["at_base_id"], row["lon"], row["lat"]) == (None, here.lon_deg, here.lat_deg)
    assert row["crew"]["flown_continuous_s"] == 360
    assert row["fuel_kg"] == pytest.approx(1900 - 360 * 0.17, abs=0.1)
    legs = made.scenario["commitments"][0]["legs"]
    begin, end = (datetime.fromisoformat(legs[0][key]) for key in ("start", "end"))
    assert (end - begin).total_seconds() == pytest.approx(distance_m(here, WATER.position) / 58, abs=0.01)
    solved(made)


def test_without_a_sighting_its_place_is_reckoned_on_the_way() -> None:
    """Six minutes out at 58 m/s, on the straight line to the fire."""
    scene = Hills()
    tasked(scene, *UP)
    scene.wait(minutes=6)
    row = next(a for a in asked(scene).scenario["aircraft"] if a["id"] == "B-7001")
    here = Position(lon_deg=row["lon"], lat_deg=row["lat"])
    assert distance_m(BASE.position, here) == pytest.approx(360 * 58, rel=0.01)


def test_drops_that_are_due_are_not_counted_again() -> None:
    """At work for half an hour: what the clock says is down is no longer owed, and the rest is still to come."""
    scene = Hills()
    tasking_id = tasked(scene, *UP, TaskingAction.ARRIVE)
    first = asked(scene)
    scene.wait(minutes=30)
    made = asked(scene)
    whole = scene.world.taskings[tasking_id].drops
    drops = [
        next(x for x in s.scenario["commitments"][0]["legs"] if x["kind"] == "cycles")["drops"]
        for s in (first, made)
    ]
    assert drops[0] == whole - 1
    assert drops[1] < drops[0] - 2
    solved(made)


def test_going_home_is_all_that_is_left_of_one_that_has_done_its_work() -> None:
    """Also where its fire is contained and no longer planned for."""
    scene = Hills()
    tasking_id = tasked(scene, *UP, TaskingAction.ARRIVE, TaskingAction.LEAVE)
    tasking = scene.world.taskings[tasking_id]
    other = scene.report()
    scene.ask(
        Role.DISPATCHER, ActOnIncident(incident_id=other, action=IncidentAction.CONFIRM, version_seen=1)
    )
    incident = scene.world.incidents[tasking.incident_id]
    contain = ActOnIncident(
        incident_id=incident.id, action=IncidentAction.CONTAIN, version_seen=incident.version
    )
    scene.ask(Role.DISPATCHER, contain)
    made = asked(scene)
    assert made.incident_ids == (other,)
    assert [leg["kind"] for leg in made.scenario["commitments"][0]["legs"]] == ["fly"]
    solved(made)


def test_a_tasking_that_breaks_a_rule_of_the_model_leaves_its_aircraft_out_with_its_water_counted() -> None:
    """The sortie lasts past the crew's duty: no plan can keep that, so it is not in one, and the others still are."""
    scene = Hills()
    incident_id = confirmed(scene)
    before = asked(scene)
    tired = replace(aircraft(1), duty_ends_at=scene.now + timedelta(minutes=40))
    scene.site_asks(SaveResource(resource=tired, version_seen=1))
    plan_id = scene.propose(incident_id, 1)
    scene.ask(Role.DISPATCHER, AdoptPlan(plan_id=plan_id, version_seen=1))
    scene.wait(minutes=6)
    after = asked(scene)
    assert [a["id"] for a in after.scenario["aircraft"]] == ["B-7002"]
    ((left,),) = zip(after.left_out, strict=True)
    assert (left.aircraft_id, left.code) == ("B-7001", "BUSY")
    owed = [s.scenario["incidents"][0]["fire"]["demand_l"] for s in (before, after)]
    assert owed[0] - owed[1] == pytest.approx(30_000, abs=6 * 60 * 10)
    solved(after)


def test_a_landed_aircraft_is_ready_after_its_turn_round_with_full_tanks() -> None:
    """And its crew's day has the flight in it."""
    scene = Hills()
    tasked(scene, *UP)
    scene.wait(minutes=89)
    for action in (TaskingAction.ARRIVE, TaskingAction.LEAVE, TaskingAction.LAND):
        (tasking,) = scene.world.taskings.values()
        scene.wait(seconds=20)
        scene.ask(
            Role.OPERATOR,
            ActOnTasking(tasking_id=tasking.id, action=action, version_seen=tasking.version),
        )
    row = next(a for a in asked(scene).scenario["aircraft"] if a["id"] == "B-7001")
    ready = datetime.fromisoformat(row["ready_at"])
    assert ready == scene.now.replace(microsecond=0) + timedelta(
        seconds=1200
    )  # turn-round; READY_AFTER is less
    assert row["fuel_kg"] == 1900
    assert row["crew"] == {
        "flown_continuous_s": 5400,
        "flown_today_s": 5400,
        "duty_ends_at": row["crew"]["duty_ends_at"],
    }


def test_what_is_in_force_is_worth_what_its_plan_scored_while_nothing_changes() -> None:
    """Else a proposal would be replaced without cause."""
    scene = Hills()
    confirmed(scene)
    made = asked(scene)
    problem = parse(made.scenario)
    result = solved(made)
    told = answer(problem, result, 0)
    kept = kept_score(problem, read_plan(problem, told["plan"]))  # type: ignore[arg-type]
    assert kept == pytest.approx(result.score.total, rel=0.002)


def test_a_newer_proposal_puts_its_tasking_in_the_place_of_one_that_is_not_ordered_yet() -> None:
    """The old one is recalled by name in the same step; an ordered one is left alone."""
    scene = Hills()
    old_id = tasked(scene)
    scene.wait(minutes=1)
    (incident_id,) = scene.world.incidents
    plan_id = scene.propose(incident_id, 1)
    scene.ask(Role.DISPATCHER, AdoptPlan(plan_id=plan_id, version_seen=1))
    old = scene.world.taskings[old_id]
    assert (old.state, old.history[-1].reason) == ("ended", f"改派 {plan_id}")
    (new,) = (t for t in scene.world.taskings.values() if t.state != "ended")
    assert (new.plan_id, new.aircraft_id) == (plan_id, "B-7001")
    assert scene.replayed() == scene.world


def test_a_proposal_that_sends_what_cannot_fly_is_overtaken() -> None:
    """However little it matters to the score, it must not stand."""
    scene = Hills()
    plan_id = scene.propose(confirmed(scene), 1)
    assert not is_overtaken(scene.world, (plan_id,))
    down = replace(aircraft(1), serviceable=False, unserviceable_reason="液压漏油")
    scene.site_asks(SaveResource(resource=down, version_seen=1))
    assert is_overtaken(scene.world, (plan_id,))
