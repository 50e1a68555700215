"""Diversion, technical stop, emergency landing; and what counts as a report of the crew."""

from datetime import timedelta

import pytest

from dispatch.errors import GanyingError
from dispatch.flown import flights
from dispatch.kinds import IncidentState, PlaceKind, Role, TaskingAction, TaskingState, TimerKind
from dispatch.papers.flights import sorties
from dispatch.records import Hospital
from dispatch.resource_commands import SaveResource
from dispatch.tasking_commands import Whereto
from tests.dispatch.flights import Flight, command, flight_in
from tests.dispatch.scene import BASE, FIRE

_A, _S = TaskingAction, TaskingState
HOSPITAL = Hospital(
    id="H1", site="36", name="靖安县医院", position=BASE.position, elevation_m=50, source="test"
)


def due(flight: Flight, kind: TimerKind) -> timedelta:
    """How long that clock still runs."""
    return next(each.due_at for each in flight.tasking.timers if each.kind is kind) - flight.scene.now


def test_a_diversion_says_where_to_and_why_and_lands_there() -> None:
    flight = flight_in(_S.WORKING)
    flight.scene.site_asks(SaveResource(resource=HOSPITAL, version_seen=0))
    tasking = flight.act(_A.DIVERT, to=Whereto(kind=PlaceKind.HOSPITAL, place_id="H1"), reason="")
    assert tasking.state is _S.RETURNING
    assert tasking.elsewhere is not None
    assert (tasking.elsewhere.name, tasking.elsewhere.cause) == ("靖安县医院", "fuel")
    flight.act(
        _A.DIVERT, to=Whereto(kind=PlaceKind.BASE, place_id="JX-JA"), reason=""
    )  # and on the way again
    flight.act(_A.LAND)
    assert flight.scene.world.aircraft["B-7001"].at_base_id == "JX-JA"


def test_who_lands_at_no_base_stands_at_none() -> None:
    flight = flight_in(_S.AIRBORNE)
    flight.act(_A.DIVERT)
    flight.act(_A.LAND)
    assert flight.scene.world.aircraft["B-7001"].at_base_id == ""
    assert flight.tasking.elsewhere is not None


def test_a_diversion_without_a_place_goes_to_the_base_of_the_order() -> None:
    flight = flight_in(_S.AIRBORNE)
    tasking = flight.act(_A.DIVERT, to=None, cause=None, reason="天气转坏")
    assert tasking.elsewhere is not None
    assert tasking.elsewhere.place_id == tasking.base_id


@pytest.mark.parametrize(
    ("action", "more", "code"),
    [
        (_A.DIVERT, {"cause": None, "reason": ""}, "MALFORMED"),
        (_A.DIVERT, {"to": Whereto(kind=PlaceKind.HOSPITAL, place_id="NO")}, "UNKNOWN_ID"),
        (_A.DIVERT, {"to": Whereto(kind=PlaceKind.POSITION)}, "MALFORMED"),
        (_A.DIVERT, {"persons_hurt": 1}, "MALFORMED"),
        (_A.TURN_BACK, {"to": Whereto(kind=PlaceKind.POSITION, position=FIRE)}, "MALFORMED"),
        (_A.EMERGENCY_LAND, {"persons_hurt": -1}, "MALFORMED"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(
    action: TaskingAction, more: dict[str, object], code: str
) -> None:
    flight = flight_in(_S.AIRBORNE)
    before = flight.scene.world
    with pytest.raises(GanyingError) as caught:
        flight.act(action, **more)
    assert (caught.value.code, flight.scene.world) == (code, before)


def test_a_technical_stop_keeps_the_block_and_goes_on_as_a_second_flight() -> None:
    flight = flight_in(_S.AIRBORNE)
    flight.scene.wait(minutes=10)
    assert flight.act(_A.TECHNICAL_STOP).state is _S.STOPPED
    assert [each.kind for each in flight.tasking.timers] == [TimerKind.STOP]
    flight.scene.wait(minutes=30)
    flight.act(_A.OPS_NORMAL)
    assert due(flight, TimerKind.STOP) == timedelta(minutes=60)
    assert flight.act(_A.RESUME).state is _S.AIRBORNE
    assert flight.tasking.elsewhere is None
    assert flight.states() == ["active"]
    flight.scene.wait(minutes=5)
    flight.act(_A.TURN_BACK)
    flight.act(_A.LAND)
    assert [end - up for up, end in flights(flight.tasking, flight.scene.now)] == [
        timedelta(minutes=10),
        timedelta(minutes=5),
    ]
    assert [sortie.air_s for sortie in sorties(flight.tasking)] == [600, 300]


def test_a_flight_may_end_where_it_stopped_and_gives_its_block_back() -> None:
    flight = flight_in(_S.STOPPED)
    assert flight.act(_A.END_HERE).state is _S.LANDED
    assert flight.states() == ["released"]
    assert flight.scene.world.aircraft["B-7001"].at_base_id == ""


def test_an_emergency_landing_makes_an_incident_and_grounds_the_aircraft() -> None:
    flight = flight_in(_S.WORKING)
    tasking = flight.act(
        _A.EMERGENCY_LAND, version=1, persons_well=2, persons_hurt=1
    )  # no version is too old
    assert tasking.state is _S.DOWN
    assert tasking.elsewhere is not None
    made = flight.scene.world.incidents[tasking.elsewhere.incident_id]
    assert (made.title, made.state, made.position) == ("赣鹰01 迫降", IncidentState.REPORTED, FIRE)
    assert made.life_at_risk
    assert "平安 2 人，受伤 1 人" in made.note
    aircraft = flight.scene.world.aircraft["B-7001"]
    assert (aircraft.serviceable, aircraft.at_base_id) == (False, "")
    with pytest.raises(GanyingError) as caught:
        flight.act(_A.NEXT_SORTIE)
    assert caught.value.code == "NOT_NOW"
    assert flight.act(_A.SETTLE).state is _S.SETTLED


def test_an_emergency_landing_may_be_told_by_voice_and_without_a_place() -> None:
    flight = flight_in(_S.RELEASED)
    tasking = flight.act(_A.EMERGENCY_LAND, Role.DISPATCHER, to=None, cause=None, reason="")
    assert tasking.elsewhere is not None
    made = flight.scene.world.incidents[tasking.elsewhere.incident_id]
    assert (made.position, made.life_at_risk) == (FIRE, True)
    assert "位置未报" in made.note


def test_ops_normal_starts_anew_with_any_act_of_the_crew_and_with_none_of_the_desk() -> None:
    flight = flight_in(_S.AIRBORNE)
    flight.scene.wait(minutes=10)
    flight.act(_A.AMEND, drops=5)
    assert due(flight, TimerKind.OPS_NORMAL) == timedelta(minutes=5)
    flight.act(_A.ACKNOWLEDGE)
    assert due(flight, TimerKind.OPS_NORMAL) == timedelta(minutes=15)
    flight.scene.wait(minutes=10)
    flight.act(_A.RECALL)
    assert due(flight, TimerKind.OPS_NORMAL) == timedelta(minutes=5)
    version = flight.tasking.version
    flight.act(_A.OPS_NORMAL, Role.OBSERVER, done_at=flight.scene.now - timedelta(minutes=3))
    assert due(flight, TimerKind.OPS_NORMAL) == timedelta(minutes=12)  # from when it was said
    assert flight.tasking.version == version + 1
    with pytest.raises(GanyingError) as caught:
        flight.scene.ask(Role.DISPATCHER, command(flight.tasking, _A.OPS_NORMAL))
    assert caught.value.code == "FORBIDDEN"
