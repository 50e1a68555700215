"""Orders are amended until the landing: the crew acknowledges, ATC decides, and until both nothing has changed."""

from datetime import timedelta

import pytest

from dispatch.amended import open_amendment
from dispatch.clocks import due_timers
from dispatch.errors import Forbidden, GanyingError, Malformed, Refused, Unknown
from dispatch.geo import Position
from dispatch.kinds import AmendmentState, Role, TaskingAction, TaskingState, TimerKind
from tests.dispatch.flights import Flight, command, flight_in, later
from tests.dispatch.scene import BASE, FIRE

_A, _S = TaskingAction, TaskingState
NEAR = Position(lon_deg=FIRE.lon_deg + 0.01, lat_deg=FIRE.lat_deg)  # 975 m east
FAR = Position(lon_deg=FIRE.lon_deg + 0.05, lat_deg=FIRE.lat_deg)  # 4.9 km
BEYOND = Position(lon_deg=FIRE.lon_deg + 0.2, lat_deg=FIRE.lat_deg)


def refused(flight: Flight, action: TaskingAction, role: Role, **more: object) -> GanyingError:
    """It is refused and leaves no trace."""
    before = flight.scene.world
    with pytest.raises(GanyingError) as caught:
        flight.act(action, role, **more)
    assert flight.scene.world is before
    return caught.value


def test_the_old_terms_hold_until_the_crew_has_acknowledged_the_new() -> None:
    flight = flight_in(_S.ACCEPTED)
    version = flight.tasking.version
    tasking = flight.act(_A.AMEND, drops=6, remark="西线优先")
    amendment = open_amendment(tasking)
    assert amendment is not None
    assert (tasking.drops, tasking.remark, tasking.version) == (10, "", version + 1)
    assert (amendment.number, amendment.changed, amendment.by) == (1, ("drops", "remark"), "dispatcher")
    assert (amendment.before.drops, amendment.after.drops) == (10, 6)
    assert tasking.history[-1].action == "amend"
    tasking = flight.act(_A.ACKNOWLEDGE)
    assert (tasking.drops, tasking.remark) == (6, "西线优先")
    assert tasking.amendments[0].state is AmendmentState.ACKNOWLEDGED
    assert tasking.amendments[0].answered_by == "operator"
    assert flight.scene.replayed().taskings == flight.scene.world.taskings


def test_a_crew_declines_by_name_with_a_reason_and_nothing_has_changed() -> None:
    flight = flight_in(_S.WORKING)
    flight.act(_A.AMEND, drops=20)
    assert isinstance(refused(flight, _A.DECLINE, Role.OPERATOR, reason=" "), Malformed)
    tasking = flight.act(_A.DECLINE, reason="油量只够 12 桶")
    assert (tasking.drops, tasking.amendments[0].state) == (10, AmendmentState.DECLINED)
    assert tasking.amendments[0].answer_reason == "油量只够 12 桶"
    assert refused(flight, _A.ACKNOWLEDGE, Role.OPERATOR, amendment=1).code == "NO_AMENDMENT"


def test_a_clock_asks_for_the_answer_tells_people_and_consents_to_nothing() -> None:
    flight = flight_in(_S.WORKING)
    tasking = flight.act(_A.AMEND, drops=6)
    clock = next(each for each in tasking.timers if each.kind is TimerKind.ACKNOWLEDGE)
    assert clock.due_at - clock.started_at == timedelta(minutes=2)
    flight.act(_A.OPS_NORMAL)
    flight.scene.wait(minutes=2)
    due = list(due_timers(flight.scene.world, flight.scene.now))
    assert [each.timer for each in due] == [TimerKind.ACKNOWLEDGE]
    flight.scene.site_asks(due[0])
    assert flight.tasking.drops == 10
    assert open_amendment(flight.tasking) is not None
    flight.act(_A.ACKNOWLEDGE)
    assert TimerKind.ACKNOWLEDGE not in {each.kind for each in flight.tasking.timers}


def test_nobody_acknowledges_an_amendment_that_he_has_not_seen() -> None:
    flight = flight_in(_S.ACCEPTED)
    flight.act(_A.AMEND, drops=6)
    flight.act(_A.AMEND, remark="改频 123.45")
    assert [each.state.value for each in flight.tasking.amendments] == ["replaced", "open"]
    assert refused(flight, _A.ACKNOWLEDGE, Role.OPERATOR, amendment=1).code == "CHANGED"
    assert isinstance(refused(flight, _A.ACKNOWLEDGE, Role.OPERATOR, amendment=0), Malformed)
    tasking = flight.act(_A.ACKNOWLEDGE, amendment=2)
    assert (tasking.drops, tasking.remark) == (6, "改频 123.45")  # the second was made on top of the first


def test_nothing_is_released_on_an_open_amendment_nor_on_the_airspace_of_the_old_terms() -> None:
    flight = flight_in(_S.PREPARING)
    flight.atc()
    flight.act(_A.AMEND, land_at=later(flight, minutes=30))
    assert flight.states() == ["approved", "filed"]
    flight.act(_A.ACKNOWLEDGE)
    assert flight.states() == ["withdrawn", "filed"]
    with pytest.raises(Refused) as caught:
        flight.scene.ask(Role.BASE, command(flight.tasking, _A.RELEASE))
    assert caught.value.code == "AIRSPACE_NOT_APPROVED"
    assert flight.act(_A.RELEASE).state is _S.RELEASED


def test_a_release_does_not_outlive_an_acknowledged_amendment() -> None:
    flight = flight_in(_S.RELEASED)
    flight.act(_A.AMEND, remark="改频")
    assert flight.tasking.state is _S.RELEASED  # it may still go as it was released
    assert flight.act(_A.ACKNOWLEDGE).state is _S.PREPARING


def test_an_open_amendment_keeps_the_release_back() -> None:
    flight = flight_in(_S.PREPARING)
    flight.atc()
    flight.act(_A.AMEND, remark="改频")
    assert refused(flight, _A.RELEASE, Role.BASE).code == "AMENDMENT_OPEN"


def test_a_take_off_before_the_answer_flies_the_block_of_the_old_terms() -> None:
    flight = flight_in(_S.RELEASED)
    flight.act(_A.AMEND, land_at=later(flight, minutes=30))
    flight.atc()
    flight.act(_A.TAKE_OFF)
    assert flight.states() == ["active", "approved"]


def test_in_the_air_the_block_changes_over_when_both_the_crew_and_atc_have_said_yes() -> None:
    for crew_first in (True, False):
        flight = flight_in(_S.AIRBORNE)
        flight.act(_A.AMEND, land_at=later(flight, minutes=30))
        assert flight.states() == ["active", "filed"]
        for crew in (crew_first, not crew_first):
            if crew:
                flight.act(_A.ACKNOWLEDGE)
            else:
                flight.atc()
        assert flight.states() == ["released", "active"]
        flight.act(_A.TURN_BACK)
        flight.act(_A.LAND)
        assert flight.states() == ["released", "released"]


def test_a_declined_amendment_takes_its_request_back() -> None:
    flight = flight_in(_S.AIRBORNE)
    flight.act(_A.AMEND, land_at=later(flight, minutes=30))
    flight.act(_A.DECLINE, reason="值勤时间不够")
    assert flight.states() == ["active", "withdrawn"]


def test_what_atc_already_holds_is_not_asked_again() -> None:
    flight = flight_in(_S.ACCEPTED)
    flight.act(_A.AMEND, drops=4, remark="x", land_at=later(flight, minutes=-10))
    assert len(flight.states()) == 1


def test_the_dispatcher_amends_within_the_order_and_the_duty_chief_beyond() -> None:
    flight = flight_in(_S.ACCEPTED)
    flight.act(_A.AMEND, incident_position=NEAR)
    for more in ({"incident_position": FAR}, {"land_at": later(flight, minutes=61)}):
        assert isinstance(refused(flight, _A.AMEND, Role.DISPATCHER, **more), Forbidden)
    flight.act(_A.AMEND, Role.DUTY_CHIEF, incident_position=FAR)
    flight.act(_A.AMEND, incident_position=FAR, remark="从新目标起算")
    assert refused(flight, _A.AMEND, Role.DUTY_CHIEF, incident_position=BEYOND).code == "OUTSIDE_INCIDENT"


@pytest.mark.parametrize(
    ("state", "more", "code"),
    [
        (_S.ACCEPTED, {"base_id": "NO"}, "UNKNOWN_ID"),
        (_S.ACCEPTED, {"water_point_id": "NO"}, "UNKNOWN_ID"),
        (_S.ACCEPTED, {"hospital_id": "NO"}, "UNKNOWN_ID"),
        (_S.ACCEPTED, {"base_id": BASE.id}, "NOTHING_CHANGED"),
        (_S.ACCEPTED, {"drops": 1000}, "MALFORMED"),
        (_S.ACCEPTED, {"remark": "x" * 501}, "MALFORMED"),
        (_S.WORKING, {"on_scene_at": None}, "NOTHING_CHANGED"),
        (_S.RETURNING, {"drops": 3}, "BEHIND"),
        (_S.RETURNING, {"incident_position": NEAR}, "BEHIND"),
        (_S.PENDING, {"drops": 3}, "NOT_NOW"),
        (_S.LANDED, {"drops": 3}, "NOT_NOW"),
        (_S.SETTLED, {"drops": 3}, "NOT_NOW"),
        (_S.DOWN, {"drops": 3}, "NOT_NOW"),
    ],
)
def test_what_cannot_be_amended_is_refused_by_name(
    state: TaskingState, more: dict[str, object], code: str
) -> None:
    assert refused(flight_in(state), _A.AMEND, Role.DISPATCHER, **more).code == code


def test_times_stay_in_order_and_ahead() -> None:
    flight = flight_in(_S.ACCEPTED)
    for name, at in (
        ("land_at", flight.tasking.take_off_at),
        ("take_off_at", flight.scene.now - timedelta(minutes=5)),
        ("land_at", flight.scene.now + timedelta(hours=25)),
    ):
        assert isinstance(refused(flight, _A.AMEND, Role.DISPATCHER, **{name: at}), Malformed)


def test_a_landing_lets_an_unanswered_amendment_lapse() -> None:
    flight = flight_in(_S.RETURNING)
    flight.act(_A.AMEND, land_at=later(flight, minutes=20))
    flight.act(_A.LAND)
    assert flight.tasking.amendments[0].state is AmendmentState.LAPSED
    assert flight.states() == ["released", "withdrawn"]


def test_an_acknowledged_time_moves_the_clock_that_waits_for_it() -> None:
    flight = flight_in(_S.AIRBORNE)
    on_scene_at = flight.tasking.on_scene_at + timedelta(minutes=10)
    flight.act(_A.AMEND, on_scene_at=on_scene_at)
    flight.act(_A.ACKNOWLEDGE)
    due = {each.kind: each.due_at for each in flight.tasking.timers}
    assert due[TimerKind.ON_SCENE] == on_scene_at + timedelta(minutes=5)


def test_an_unknown_tasking_cannot_be_amended() -> None:
    flight = flight_in(_S.ACCEPTED)
    with pytest.raises(Unknown):
        flight.scene.ask(
            Role.DISPATCHER,
            command(flight.tasking, _A.AMEND).__class__(
                tasking_id="36-TSK-NONE", version_seen=1, reason="x", drops=2
            ),
        )
