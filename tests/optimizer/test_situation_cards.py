"""A run card's tasks in the planner: several kinds at one incident, each served, told apart and never done twice."""

import json
from dataclasses import replace

import jsonschema
import pytest

from adapters.cli.resources import JIANGXI
from dispatch.errors import Refused
from dispatch.geo import Position
from dispatch.incident_commands import ActOnIncident, ReportIncident, UpdateIncident
from dispatch.kinds import (
    AircraftKind,
    Capability,
    IncidentAction,
    IncidentKind,
    LiftTo,
    Role,
    TaskingAction,
    TaskKind,
)
from dispatch.records import Hospital, LandingSite
from dispatch.resource_commands import SaveResource
from dispatch.run_card_records import RunCard, TaskWant
from dispatch.tasking_commands import ActOnTasking, AdoptPlan, ProposePlan
from optimizer.explain import explain
from optimizer.problem import parse
from optimizer.proposal import assignments, proposed, reasons
from optimizer.situation import Situation, situation
from optimizer.solve import Result, solve
from optimizer.stop import MaxIterations
from protocols.resources_csv import read_table
from tests.dispatch.cards import RECON, WATER, apply, card, saved
from tests.dispatch.scene import FIRE, Scene, aircraft
from tests.optimizer.shared import FORMAT, judged_1_1, schema
from tests.optimizer.test_situation_commitments import UP

SCHEMA = json.loads((FORMAT / "scenario-1.1.schema.json").read_text("utf-8"))
LIFT = TaskWant(
    kind=TaskKind.FLOOD_EVACUATION, needs=(Capability.HOIST,), stay_s=600, people=20, lift_to=LiftTo.BASE
)
SUPPLY = TaskWant(kind=TaskKind.SUPPLY, needs=(Capability.CARGO,), stay_s=300, cargo_kg=800)
COMMAND = TaskWant(kind=TaskKind.AIR_COMMAND, needs=(Capability.RECON,), stay_s=3600, continuous=True)
PRESETS = read_table("run_cards", (JIANGXI / "run_cards.csv").read_text("utf-8"), "36")


class Fleet(Scene):
    """The small site with six helicopters that can do different things, a plane, a hospital and a pad."""

    def __init__(self) -> None:
        super().__init__()
        can = (
            (3, (Capability.RECON, Capability.SEARCH)),
            (4, (Capability.HOIST, Capability.CARGO)),
            (5, (Capability.MEDICAL, Capability.HOIST)),
            (6, (Capability.RECON, Capability.CARGO)),
        )
        for number, capabilities in can:
            self.site_asks(
                SaveResource(
                    resource=replace(aircraft(number), water=None, capabilities=capabilities), version_seen=0
                )
            )
        plane = replace(
            aircraft(7), water=None, capabilities=(Capability.RECON,), kind=AircraftKind.FIXED_WING
        )
        self.site_asks(SaveResource(resource=plane, version_seen=0))
        near = Position(lon_deg=115.102, lat_deg=28.951)
        pad = LandingSite(
            id="L-1", site="36", name="村口", position=near, elevation_m=200, surface="草地", source="test"
        )
        hospital = Hospital(
            id="H-1",
            site="36",
            name="县医院",
            position=Position(lon_deg=115.3, lat_deg=28.9),
            elevation_m=60,
            source="test",
        )
        for resource in (pad, hospital):
            self.site_asks(SaveResource(resource=resource, version_seen=0))

    def confirmed(self, kind: IncidentKind, level: int = 2, people: int | None = None) -> str:
        """A confirmed incident of a kind."""
        before = set(self.world.incidents)
        said = ReportIncident(kind=kind, level=level, title="事件", place="", position=FIRE, people=people)
        self.ask(Role.DISPATCHER, said)
        (incident_id,) = set(self.world.incidents) - before
        confirm = ActOnIncident(incident_id=incident_id, action=IncidentAction.CONFIRM, version_seen=1)
        self.ask(Role.DISPATCHER, confirm)
        return incident_id


def asked(scene: Scene) -> Situation:
    """The situation now, by day."""
    return situation(scene.world, (), scene.now, assume_daylight=True)


def solved(made: Situation) -> tuple[Result, dict[str, object]]:
    """A plan that the referee of format 1.1 finds legal."""
    first = made.scenario["schema_version"] == "1.0"
    jsonschema.validate(made.scenario, schema("scenario") if first else SCHEMA)
    problem = parse(made.scenario)
    result = solve(problem, MaxIterations(iterations=30), 0)
    plan = result.plan.to_json(problem)
    told = judged_1_1(made.scenario, plan)
    assert told["violations"] == []
    return result, plan


def applied(scene: Fleet, kind: IncidentKind, *tasks: TaskWant, people: int | None = None) -> str:
    """An incident with these tasks on its card."""
    saved(scene, card(kind=kind, tasks=tasks))
    incident_id = scene.confirmed(kind, people=people)
    apply(scene, incident_id)
    return incident_id


def sent(made: Situation, plan: dict[str, object]) -> dict[TaskKind | None, set[str]]:
    """Who is proposed for which kind of task."""
    found: dict[TaskKind | None, set[str]] = {}
    for one in assignments(made.scenario, plan):
        found.setdefault(one.task, set()).add(one.aircraft_id)
    return found


def test_a_forest_fire_gets_water_a_look_and_a_commander_in_the_air() -> None:
    scene = Fleet()
    incident_id = applied(scene, IncidentKind.FOREST_FIRE, WATER, RECON, COMMAND)
    made = asked(scene)
    rows = {row["id"]: row["kind"] for row in made.scenario["incidents"]}
    assert rows == {
        incident_id: "fire",
        f"{incident_id}~recon": "recon",
        f"{incident_id}~air_command": "air_command",
    }
    result, plan = solved(made)
    who = sent(made, plan)
    assert who[TaskKind.WATER] == {"B-7001", "B-7002"}
    assert who[TaskKind.RECON] | who[TaskKind.AIR_COMMAND] <= {"B-7003", "B-7006", "B-7007"}
    assert all(one.incident_id == incident_id for one in assignments(made.scenario, plan))
    told = reasons(made.scenario, explain(parse(made.scenario), result))
    assert {(one.task, one.aircraft_id) for one in told if one.chosen} >= {
        (task, aircraft_id) for task, some in who.items() for aircraft_id in some
    }
    assert {one.incident_id for one in told if one.aircraft_id} == {incident_id}


def test_a_flood_lifts_as_many_as_are_stated_and_brings_supplies() -> None:
    scene = Fleet()
    incident_id = applied(scene, IncidentKind.FLOOD, LIFT, SUPPLY, people=30)
    made = asked(scene)
    by_kind = {row["kind"]: row["task"] for row in made.scenario["incidents"]}
    assert (by_kind["flood_evacuation"]["people"], by_kind["flood_evacuation"]["dropoff_base_id"]) == (
        30,
        "JX-JA",
    )
    assert by_kind["supply"]["pickup_base_id"] == "JX-JA"
    _, plan = solved(made)
    who = sent(made, plan)
    assert who[TaskKind.FLOOD_EVACUATION] <= {"B-7004", "B-7005"}
    assert who[TaskKind.SUPPLY] <= {"B-7004", "B-7006"}
    plan_id = adopted(scene, made, plan)
    assert plan_id
    taskings = {one.task: one for one in scene.world.taskings.values()}
    assert (taskings[TaskKind.FLOOD_EVACUATION].people, taskings[TaskKind.SUPPLY].people) == (30, 0)
    assert {one.incident_id for one in taskings.values()} == {incident_id}


def adopted(scene: Scene, made: Situation, plan: dict[str, object]) -> str:
    """The plan is proposed and adopted."""
    before = set(scene.world.plans)
    command = ProposePlan(
        requested_by="dispatcher",
        incident_ids=made.incident_ids,
        assignments=proposed(made, plan),
        reasons=(),
        score=1,
        human_score=2,
        solve_s=0.1,
        solver="test",
        seed=0,
        interchange=json.dumps(plan).encode(),
    )
    scene.site_asks(command)
    (plan_id,) = set(scene.world.plans) - before
    scene.ask(Role.DISPATCHER, AdoptPlan(plan_id=plan_id, version_seen=1))
    return plan_id


def led(scene: Scene, task: TaskKind, *actions: TaskingAction) -> None:
    """The tasking for a kind of task takes these steps, a minute before each."""
    from tests.optimizer.test_situation_commitments import ActOnAirspace, AirspaceAction

    tasking = next(one for one in scene.world.taskings.values() if one.task is task)
    roles = {TaskingAction.ORDER: Role.DUTY_CHIEF, TaskingAction.RELEASE: Role.BASE}
    for action in actions:
        scene.wait(minutes=1)
        if action is TaskingAction.RELEASE:
            for request in scene.world.requests.values():
                if request.tasking_id == tasking.id:
                    approve = ActOnAirspace(
                        request_id=request.id, action=AirspaceAction.APPROVE, version_seen=request.version
                    )
                    scene.ask(Role.ATC, approve)
        version = scene.world.taskings[tasking.id].version
        act = ActOnTasking(tasking_id=tasking.id, action=action, version_seen=version)
        scene.ask(roles.get(action, Role.OPERATOR), act)


ON = (TaskingAction.ARRIVE, TaskingAction.LEAVE, TaskingAction.LAND)


def test_a_look_that_was_taken_is_not_planned_again_and_the_water_is() -> None:
    scene = Fleet()
    incident_id = applied(scene, IncidentKind.FOREST_FIRE, WATER, RECON)
    made = asked(scene)
    _, plan = solved(made)
    adopted(scene, made, plan)
    again = asked(scene)
    assert proposed(again, solved(again)[1]) == ()  # it is all tasked
    led(scene, TaskKind.RECON, *UP)
    aloft = asked(scene)
    assert f"{incident_id}~recon" in {row["id"] for row in aloft.scenario["incidents"]}
    assert len(aloft.scenario["commitments"]) >= 1
    solved(aloft)
    led(scene, TaskKind.RECON, *ON)
    done = asked(scene)
    assert {row["id"] for row in done.scenario["incidents"]} == {incident_id}
    solved(done)


def test_those_lifted_out_are_taken_off_until_the_number_is_stated_anew() -> None:
    scene = Fleet()
    incident_id = applied(scene, IncidentKind.FLOOD, LIFT)
    made = asked(scene)
    adopted(scene, made, solved(made)[1])
    first = next(iter(scene.world.taskings.values()))
    led(scene, TaskKind.FLOOD_EVACUATION, *UP)
    solved(asked(scene))
    led(scene, TaskKind.FLOOD_EVACUATION, *ON)
    seats = scene.world.aircraft[first.aircraft_id].seats
    assert asked(scene).scenario["incidents"][0]["task"]["people"] == 20 - seats
    scene.wait(minutes=1)
    version = scene.world.incidents[incident_id].version
    scene.ask(Role.DISPATCHER, UpdateIncident(incident_id=incident_id, version_seen=version, people=16))
    assert asked(scene).scenario["incidents"][0]["task"]["people"] == 16
    scene.ask(Role.DISPATCHER, UpdateIncident(incident_id=incident_id, version_seen=version + 1, people=0))
    with pytest.raises(Refused) as caught:
        asked(scene)
    assert caught.value.code == "NOTHING_TO_PLAN"


def test_supplies_in_the_air_are_not_brought_twice() -> None:
    scene = Fleet()
    applied(scene, IncidentKind.FLOOD, replace(SUPPLY, visits=2))
    made = asked(scene)
    adopted(scene, made, solved(made)[1])
    ground = asked(scene)
    led(scene, TaskKind.SUPPLY, *UP[:1])
    ordered = asked(scene)
    assert [leg["kind"] for leg in ordered.scenario["commitments"][0]["legs"]] == [
        "handover",
        "fly",
        "on_scene",
        "fly",
    ]
    solved(ordered)
    led(scene, TaskKind.SUPPLY, *UP[1:])
    aloft = asked(scene)
    assert ground.scenario["incidents"][0]["task"]["visits"] == 2
    assert aloft.scenario["incidents"][0]["task"]["visits"] == 1
    solved(aloft)


def test_kinds_of_aircraft_and_pads_are_kept_to() -> None:
    """The plane may look nowhere that a helicopter is wanted; a pad is told where one is near enough."""
    scene = Fleet()
    heli = replace(RECON, aircraft_kinds=(AircraftKind.HELICOPTER,))
    landing = TaskWant(kind=TaskKind.LANDING, stay_s=300, needs_pad=True, pad_within_m=800)
    incident_id = applied(scene, IncidentKind.LANDSLIDE, heli, landing)
    made = asked(scene)
    assert made.scenario["forbidden_assignments"] == [{"aircraft_id": "B-7007", "incident_id": incident_id}]
    assert [row.get("pad") for row in made.scenario["incidents"]] == [None, True]
    _, plan = solved(made)
    adopted(scene, made, plan)
    assert {one.task: one.landing_site_id for one in scene.world.taskings.values()} == {
        TaskKind.RECON: "",
        TaskKind.LANDING: "L-1",
    }


@pytest.mark.parametrize("preset", PRESETS, ids=[one.id for one in PRESETS])
def test_every_preset_is_planned_for_legally(preset: RunCard) -> None:
    """And serves every kind of task that the fleet is fit for."""
    scene = Fleet()
    saved(scene, preset)
    incident_id = scene.confirmed(preset.kind, level=preset.level or 3)
    apply(scene, incident_id, preset.id)
    made = asked(scene)
    assert len(made.scenario["incidents"]) == len(preset.tasks)
    _, plan = solved(made)
    assert set(sent(made, plan)) == {want.kind for want in preset.tasks}
