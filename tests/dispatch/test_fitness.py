"""Who may fly: certificates, licences, ratings and the dated duty rules; refused by name, and not planned."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from dispatch import fitness
from dispatch.commands import ActOnAirspace
from dispatch.errors import Forbidden, GanyingError, Refused, Unknown
from dispatch.facts import Fact
from dispatch.flown import flown_by
from dispatch.incident_commands import ActOnIncident
from dispatch.kinds import AirspaceAction, CrewDuty, DutyMeasure, IncidentAction, Role, TaskingAction
from dispatch.records import Resource, SeasonDepth
from dispatch.resource_commands import SaveResource
from dispatch.staff_records import CrewMember, DutyRule, FlownDay, Operator
from dispatch.tasking_commands import ActOnTasking, AdoptPlan
from dispatch.water import banned, depth_now_m
from optimizer.problem import parse
from optimizer.situation import situation
from tests.dispatch.scene import WATER, Scene

HOUR_S = 3600.0
CAPTAIN = CrewMember(
    id="C1",
    site="36",
    name="王机长",
    operator_id="OP1",
    duty=CrewDuty.CAPTAIN,
    models=("Ka-32A11BC",),
    aircraft_id="B-7001",
    source="test",
)


def rule(scene: Scene, id_: str, measure: DutyMeasure, days: int, hours: float) -> DutyRule:
    return DutyRule(
        id=id_,
        site="36",
        name=f"{id_} 规定",
        measure=measure,
        days=days,
        limit_s=hours * HOUR_S,
        valid_from=scene.now - timedelta(days=100),
        source="test rules §1",
    )


def keep(scene: Scene, *resources: Resource, role: Role | None = None, operator_id: str = "OP1") -> None:
    """Save each at the version after the present one."""
    for one in resources:
        table = {CrewMember: "crew", DutyRule: "duty_rules", Operator: "operators"}.get(type(one))
        present = getattr(scene.world, table or "aircraft").get(one.id)
        seen = present.version if present else 0
        scene.ask(role, SaveResource(resource=one, version_seen=seen), operator_id=operator_id)


def codes(scene: Scene, number: int = 1) -> list[str]:
    return [
        one.code for one in fitness.unfit(scene.world, scene.world.aircraft[f"B-70{number:02d}"], scene.now)
    ]


def step(
    scene: Scene, action: TaskingAction, role: Role, done_at: datetime | None = None
) -> tuple[Fact, ...]:
    (tasking,) = scene.world.taskings.values()
    command = ActOnTasking(
        tasking_id=tasking.id, action=action, version_seen=tasking.version, done_at=done_at, reason="x"
    )
    return scene.ask(role, command)


def adopted(scene: Scene) -> None:
    incident_id = scene.report()
    confirm = ActOnIncident(incident_id=incident_id, action=IncidentAction.CONFIRM, version_seen=1)
    scene.ask(Role.DISPATCHER, confirm)
    plan_id = scene.propose(incident_id, 1)
    scene.ask(Role.DISPATCHER, AdoptPlan(plan_id=plan_id, version_seen=1))


def test_what_nobody_has_stated_forbids_nothing() -> None:
    assert codes(Scene()) == []


def test_certificates_licences_and_ratings_end_and_each_is_named() -> None:
    scene = Scene()
    before, after = scene.now - timedelta(days=1), scene.now + timedelta(days=1)
    aircraft = scene.world.aircraft["B-7001"]
    keep(scene, replace(aircraft, certificate_until=after, inspection_due_at=after))
    keep(scene, Operator(id="OP1", site="36", name="赣翔", certificate_until=after, source="test"))
    keep(scene, replace(CAPTAIN, licence_until=after, medical_until=after))
    assert codes(scene) == []
    keep(scene, replace(aircraft, certificate_until=before, inspection_due_at=before))
    keep(scene, Operator(id="OP1", site="36", name="赣翔", certificate_until=before, source="test"))
    keep(scene, replace(CAPTAIN, licence_until=before, medical_until=before, models=("Mi-171",)))
    assert codes(scene) == [
        "CERTIFICATE_EXPIRED",
        "INSPECTION_DUE",
        "OPERATOR_EXPIRED",
        "LICENCE_EXPIRED",
        "MEDICAL_EXPIRED",
        "NOT_RATED",
    ]


def test_an_aircraft_of_an_operator_with_known_crews_needs_a_captain() -> None:
    scene = Scene()
    keep(scene, replace(CAPTAIN, aircraft_id=""))
    assert codes(scene) == ["NO_CAPTAIN"]
    keep(scene, replace(CAPTAIN, duty=CrewDuty.OBSERVER))
    assert codes(scene) == ["NO_CAPTAIN"]
    keep(scene, CAPTAIN)
    assert codes(scene) == []
    assert codes(scene, 2) == []  # another operator, whose crews nobody has told


def test_hours_of_the_log_book_and_of_taskings_count_together_and_leave_the_span() -> None:
    scene = Scene()
    keep(scene, rule(scene, "FT-7D", DutyMeasure.FLIGHT_TIME, 7, 40))
    keep(scene, replace(CAPTAIN, flown=(FlownDay(day="2026-11-20", flown_s=39 * HOUR_S),)))
    adopted(scene)
    step(scene, TaskingAction.ORDER, Role.DUTY_CHIEF)
    step(scene, TaskingAction.ACCEPT, Role.OPERATOR)
    step(scene, TaskingAction.PREPARE, Role.OPERATOR)
    request = next(iter(scene.world.requests.values()))
    _approve(scene, request.id)
    step(scene, TaskingAction.RELEASE, Role.BASE)
    step(scene, TaskingAction.TAKE_OFF, Role.OPERATOR)
    (tasking,) = scene.world.taskings.values()
    assert tasking.crew_ids == ("C1",)
    scene.wait(hours=1)
    assert flown_by(scene.world, scene.world.crew["C1"], 7, scene.now) == 40 * HOUR_S
    (found,) = fitness.unfit(scene.world, scene.world.aircraft["B-7001"], scene.now)
    assert (found.code, found.who, found.detail) == ("FLIGHT_TIME_SPENT", "王机长", "40.0/40 h")
    assert (found.rule, found.source) == ("FT-7D 规定", "test rules §1")
    later = scene.now + timedelta(
        days=5
    )  # still in the air as far as anybody told; the log book's day has left
    assert flown_by(scene.world, scene.world.crew["C1"], 7, later) == 121 * HOUR_S
    assert scene.replayed() == scene.world


def test_duty_of_days_that_have_left_the_span_is_not_counted() -> None:
    scene = Scene()
    keep(scene, rule(scene, "DT-7D", DutyMeasure.DUTY_TIME, 7, 20))
    logged = tuple(FlownDay(day=day, flown_s=0, duty_s=10 * HOUR_S) for day in ("2026-11-10", "2026-11-20"))
    keep(scene, replace(CAPTAIN, flown=logged))
    assert codes(scene) == []
    keep(scene, replace(CAPTAIN, flown=(*logged, FlownDay(day="2026-11-22", flown_s=0, duty_s=10 * HOUR_S))))
    assert codes(scene) == ["DUTY_TIME_SPENT"]


def _approve(scene: Scene, request_id: str) -> None:
    version = scene.world.requests[request_id].version
    scene.ask(
        Role.ATC,
        ActOnAirspace(request_id=request_id, action=AirspaceAction.APPROVE, version_seen=version),
    )


def test_a_spent_duty_refuses_adoption_order_and_acceptance_but_never_a_take_off_that_happened() -> None:
    scene = Scene()
    keep(scene, rule(scene, "DT-1D", DutyMeasure.DUTY_TIME, 1, 14))
    on_duty = replace(CAPTAIN, duty_began_at=scene.now - timedelta(hours=13, minutes=50))
    keep(scene, on_duty)
    adopted(scene)
    step(scene, TaskingAction.ORDER, Role.DUTY_CHIEF)
    step(scene, TaskingAction.ACCEPT, Role.OPERATOR)
    step(scene, TaskingAction.PREPARE, Role.OPERATOR)
    _approve(scene, next(iter(scene.world.requests)))
    step(scene, TaskingAction.RELEASE, Role.BASE)
    scene.wait(minutes=11)
    assert codes(scene) == ["DUTY_TIME_SPENT"]
    step(scene, TaskingAction.TAKE_OFF, Role.OPERATOR)
    late = Scene()
    keep(late, rule(late, "DT-1D", DutyMeasure.DUTY_TIME, 1, 14))
    keep(late, replace(CAPTAIN, duty_began_at=late.now - timedelta(hours=15)))
    with pytest.raises(Refused) as caught:
        adopted(late)
    assert (caught.value.code, caught.value.field) == ("UNFIT", "aircraft_id")
    assert "DUTY_TIME_SPENT 王机长" in caught.value.detail


def test_the_planner_leaves_out_who_may_not_fly_and_counts_the_crews_hours_of_who_may() -> None:
    scene = Scene()
    keep(scene, rule(scene, "FT-7D", DutyMeasure.FLIGHT_TIME, 7, 40))
    keep(scene, rule(scene, "DT-1D", DutyMeasure.DUTY_TIME, 1, 14))
    logged = (FlownDay(day="2026-11-22", flown_s=38 * HOUR_S),)
    keep(scene, replace(CAPTAIN, duty_began_at=scene.now - timedelta(hours=10), flown=logged))
    second = scene.world.aircraft["B-7002"]
    keep(scene, replace(second, certificate_until=scene.now))
    incident_id = scene.report()
    confirm = ActOnIncident(incident_id=incident_id, action=IncidentAction.CONFIRM, version_seen=1)
    scene.ask(Role.DISPATCHER, confirm)
    asked = situation(scene.world, (), scene.now, assume_daylight=True)
    assert asked.scenario["schema_version"] == "1.1"
    (row,) = asked.scenario["aircraft"]
    assert row["crew"]["rows"] == [{"code": "FT-7D", "days": 7, "limit_s": 144_000.0, "flown_s": 136_800}]
    assert row["crew"]["duty_ends_at"] == "2026-11-24T07:00:00Z"
    parse(asked.scenario)
    assert [(each.aircraft_id, each.code) for each in asked.left_out] == [("B-7002", "CERTIFICATE_EXPIRED")]


def test_an_operator_keeps_its_own_crew_and_nobody_elses() -> None:
    scene = Scene()
    keep(scene, CAPTAIN, role=Role.OPERATOR)
    assert scene.world.crew["C1"].name == "王机长"
    for role, operator_id in ((Role.OPERATOR, "OP2"), (Role.ATC, ""), (Role.OBSERVER, "")):
        with pytest.raises(Forbidden):
            keep(scene, replace(CAPTAIN, phone="110"), role=role, operator_id=operator_id)
    with pytest.raises(Forbidden):
        keep(scene, rule(scene, "FT", DutyMeasure.FLIGHT_TIME, 1, 8), role=Role.DISPATCHER)


@pytest.mark.parametrize(
    ("member", "fault", "field"),
    [
        (replace(CAPTAIN, aircraft_id="B-9999"), Unknown, "aircraft_id"),
        (replace(CAPTAIN, aircraft_id="B-7002"), Refused, "aircraft_id"),
        (replace(CAPTAIN, name=" "), GanyingError, "name"),
    ],
)
def test_a_crew_that_cannot_be_is_refused_by_field(
    member: CrewMember, fault: type[GanyingError], field: str
) -> None:
    scene = Scene()
    with pytest.raises(fault) as caught:
        keep(scene, member)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("month", "depth_m"), [(1, 1.5), (2, 1.5), (3, 10.0), (10, 10.0), (11, 1.5), (12, 1.5)]
)
def test_a_water_points_depth_follows_the_season_over_the_new_year(month: int, depth_m: float) -> None:
    point = replace(WATER, seasons=(SeasonDepth(from_month=11, until_month=2, depth_m=1.5),))
    assert depth_now_m(point, Scene().now.replace(month=month, day=15)) == depth_m


def test_a_banned_water_point_is_not_planned_while_the_ban_lasts() -> None:
    scene = Scene()
    point = replace(WATER, ban="饮用水源", ban_until=scene.now + timedelta(hours=1))
    scene.site_asks(SaveResource(resource=point, version_seen=1))
    incident_id = scene.report()
    confirm = ActOnIncident(incident_id=incident_id, action=IncidentAction.CONFIRM, version_seen=1)
    scene.ask(Role.DISPATCHER, confirm)
    assert banned(point, scene.now)
    assert situation(scene.world, (), scene.now, assume_daylight=True).scenario["water_points"] == []
    scene.wait(hours=1)
    assert len(situation(scene.world, (), scene.now, assume_daylight=True).scenario["water_points"]) == 1
