"""Drops and pick-ups: who may tell of them, when, how much, once each; corrected with what was said before kept."""

import itertools
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import access, partner, shared_snapshot
from dispatch.clocks import REPORT_WITHIN
from dispatch.commands import Ask
from dispatch.decide import decide
from dispatch.device_facts import ActStamped
from dispatch.device_records import ActStamp
from dispatch.drop_commands import CorrectWater, NoteTrackEvents, RecordWater, RejectTrackEvents, WaterTold
from dispatch.drop_kinds import WaterAct, WaterSource
from dispatch.drops import MOST_AT_ONCE, live
from dispatch.errors import Forbidden, GanyingError, Malformed, Refused, Unknown
from dispatch.flight_phase import FlightEventKind
from dispatch.kinds import Role, TaskingAction, TaskingState, TimerKind
from tests.dispatch.flights import WAYS, Flight, flight_in
from tests.dispatch.water import correct, drop, found

_A, _S = TaskingAction, TaskingState
OTHERS = "OP9"


def working(minutes: float = 30) -> Flight:
    """A flight over the fire for so long."""
    flight = flight_in(_S.WORKING)
    flight.scene.wait(minutes=minutes)
    return flight


def refused(flight: Flight, role: Role = Role.OPERATOR, **more: Any) -> str:
    """The code of a drop that is refused; the world is what it was."""
    before = flight.scene.world
    with pytest.raises(GanyingError) as caught:
        drop(flight.scene, flight.tasking_id, role, **more)
    assert flight.scene.world is before
    return caught.value.code


@pytest.mark.parametrize("state", WAYS)
def test_water_is_told_from_the_take_off_until_it_is_settled_by_those_who_may(state: TaskingState) -> None:
    flight = flight_in(state)
    people = [(role, "OP1" if role is Role.OPERATOR else "") for role in Role] + [(Role.OPERATOR, OTHERS)]
    open_in = {_S.AIRBORNE, _S.WORKING, _S.RETURNING, _S.STOPPED, _S.LANDED, _S.DOWN}
    load = drop(flight.scene, flight.tasking_id) if state in open_in else None
    flight.scene.wait(seconds=15)
    commands = (
        RecordWater(tasking_id=flight.tasking_id, loads=(WaterTold(),)),
        CorrectWater(
            tasking_id=flight.tasking_id,
            load_id=load.id if load else "36-WTR-X",
            version_seen=1,
            reason="x",
            litres=3000.0,
        ),
    )
    for command, (role, operator_id) in itertools.product(commands, people):
        wanted = ""
        if operator_id == OTHERS:
            wanted = "UNKNOWN_ID"
        elif role not in access.RECORD_WATER:
            wanted = "FORBIDDEN"
        elif load is None:
            wanted = "NOT_NOW"
        ask = Ask(actor="somebody", role=role, command_id="k", command=command, operator_id=operator_id)
        if wanted:
            with pytest.raises(GanyingError) as caught:
                decide(flight.scene.world, ask, flight.scene.now)
            assert caught.value.code == wanted, (state, role, command)
        else:
            assert decide(flight.scene.world, ask, flight.scene.now)


def test_a_drop_changes_neither_state_nor_version_and_winds_the_clock_anew_for_the_crew_alone() -> None:
    flight = working(5)
    before = flight.tasking
    load = drop(flight.scene, flight.tasking_id)
    after = flight.tasking
    assert (after.state, after.version, after.history) == (before.state, before.version, before.history)
    assert (load.litres, load.sortie, load.source) == (4000, 1, WaterSource.PHONE)
    assert (load.by, load.role, load.at) == ("operator", Role.OPERATOR, flight.scene.now)

    def ops() -> Any:
        return next(timer for timer in flight.tasking.timers if timer.kind is TimerKind.OPS_NORMAL)

    assert (ops().started_at, ops().due_at) == (flight.scene.now, flight.scene.now + REPORT_WITHIN)
    spoke_at = flight.scene.now
    flight.scene.wait(minutes=3)
    assert drop(flight.scene, flight.tasking_id, Role.DISPATCHER).source is WaterSource.DESK
    assert ops().started_at == spoke_at  # the desk is not the crew
    assert flight.scene.replayed() == flight.scene.world


def test_what_cannot_have_been_is_refused_by_name() -> None:
    flight = working()
    now = flight.scene.now
    assert refused(flight, done_at=now + timedelta(minutes=5)) == "MALFORMED"
    assert refused(flight, done_at=now - timedelta(hours=3)) == "OUTSIDE_SORTIE"
    assert refused(flight, litres=0.0) == "MALFORMED"
    assert refused(flight, litres=float("nan")) == "MALFORMED"
    assert refused(flight, litres=4801.0) == "TOO_MUCH_WATER"
    assert refused(flight, event_id="36-EVT-X") == "UNKNOWN_ID"
    assert drop(flight.scene, flight.tasking_id, done_at=now + timedelta(seconds=30)).at == now
    assert (
        drop(flight.scene, flight.tasking_id, done_at=now - timedelta(minutes=5), litres=4800.0).sortie == 1
    )


def test_a_finding_is_confirmed_once_alone_or_with_all_others() -> None:
    flight = working()
    scene, tasking_id = flight.scene, flight.tasking_id
    events = []
    for _ in range(5):
        events.append(found(scene, tasking_id))
        scene.wait(minutes=4)
    up = found(scene, tasking_id, FlightEventKind.WATER_PICK_UP)
    first = drop(scene, tasking_id, event_id=events[1].id)
    assert (first.at, first.position, first.source) == (
        events[1].at,
        events[1].position,
        WaterSource.TRACK,
    )
    assert refused(flight, event_id=events[1].id) == "ALREADY_RECORDED"
    assert refused(flight, event_id=up.id) == "WRONG_EVENT"
    every = RecordWater(tasking_id=tasking_id, loads=tuple(WaterTold(event_id=each.id) for each in events))
    scene.ask(Role.DISPATCHER, every)  # 确认全部: what somebody was quicker with stays as it is
    assert [each.event_id for each in live(flight.tasking)] == [each.id for each in events]
    with pytest.raises(Refused, match="ALREADY_RECORDED"):
        scene.ask(Role.BASE, every)
    assert drop(scene, tasking_id, act=WaterAct.PICK_UP, event_id=up.id).act is WaterAct.PICK_UP
    with pytest.raises(Malformed):
        scene.ask(Role.BASE, RecordWater(tasking_id=tasking_id, loads=(WaterTold(),) * (MOST_AT_ONCE + 1)))


def test_what_two_people_tell_of_one_moment_is_one_drop() -> None:
    flight = working()
    drop(flight.scene, flight.tasking_id)
    flight.scene.wait(seconds=8)
    assert refused(flight, Role.OBSERVER) == "ALREADY_RECORDED"
    assert drop(flight.scene, flight.tasking_id, Role.OBSERVER, act=WaterAct.PICK_UP)
    flight.scene.wait(seconds=3)
    assert drop(flight.scene, flight.tasking_id, Role.OBSERVER)


def test_a_correction_keeps_what_was_said_before_and_a_strike_counts_no_more() -> None:
    flight = working()
    load = drop(flight.scene, flight.tasking_id)
    flight.scene.wait(minutes=2)
    at = load.at - timedelta(minutes=1)
    better = correct(flight.scene, flight.tasking_id, load, Role.OBSERVER, litres=3200.0, done_at=at)
    assert (better.at, better.litres, better.version) == (at, 3200, 2)
    (change,) = better.changes
    assert (change.before_at, change.before_litres, change.by, change.reason) == (
        load.at,
        4000,
        "observer",
        "看错",
    )
    with pytest.raises(Refused, match="CHANGED"):
        correct(flight.scene, flight.tasking_id, load, litres=3000.0)
    with pytest.raises(Refused, match="NOTHING_CHANGED"):
        correct(flight.scene, flight.tasking_id, better, litres=3200.0)
    with pytest.raises(Malformed, match="reason"):
        correct(flight.scene, flight.tasking_id, better, litres=3000.0, reason=" ")
    struck = correct(flight.scene, flight.tasking_id, better, strike=True)
    assert struck.struck
    assert live(flight.tasking) == ()
    with pytest.raises(Refused, match="NOT_NOW"):
        correct(flight.scene, flight.tasking_id, struck, litres=3000.0)
    again = drop(flight.scene, flight.tasking_id, done_at=at)  # it was after all
    assert [each.id for each in live(flight.tasking)] == [again.id]


def test_its_own_phone_strikes_a_drop_out_by_the_key_it_recorded_it_under() -> None:
    flight = working()
    load = drop(flight.scene, flight.tasking_id, key="press-1")

    def undo(actor: str) -> None:
        asked = CorrectWater(
            tasking_id=flight.tasking_id, load_id="press-1", version_seen=1, reason="误按", strike=True
        )
        flight.scene.ask(Role.OPERATOR, asked, actor=actor)

    with pytest.raises(Unknown):
        undo("another crew")
    undo("operator")
    assert [(each.id, each.struck) for each in flight.tasking.water] == [(load.id, True)]


def test_rejected_findings_wait_no_more_and_all_are_forgotten_once_it_is_settled() -> None:
    flight = working()
    scene, tasking_id = flight.scene, flight.tasking_id
    event = found(scene, tasking_id)
    taken = drop(
        scene,
        tasking_id,
        event_id=found(scene, tasking_id, FlightEventKind.WATER_PICK_UP).id,
        act=WaterAct.PICK_UP,
    )
    scene.ask(Role.OBSERVER, RejectTrackEvents(tasking_id=tasking_id, event_ids=(event.id,), reason="悬停"))
    assert scene.world.track_events[tasking_id][0].rejected_by == "observer"
    for events, code in (((event.id,), "NOTHING_CHANGED"), ((taken.event_id,), "ALREADY_RECORDED")):
        with pytest.raises(Refused, match=code):
            scene.ask(Role.BASE, RejectTrackEvents(tasking_id=tasking_id, event_ids=events))
    with pytest.raises(Forbidden):
        scene.ask(Role.BASE, NoteTrackEvents(tasking_id=tasking_id, events=(event,)))
    with pytest.raises(Refused, match="NOTHING_CHANGED"):
        scene.site_asks(NoteTrackEvents(tasking_id=tasking_id, events=(event,)))
    flight.act(_A.LEAVE)
    flight.act(_A.LAND)
    assert scene.replayed().track_events == scene.world.track_events  # as after a restart
    flight.act(_A.SETTLE)
    assert tasking_id not in scene.world.track_events
    with pytest.raises(Refused, match="NOT_NOW"):
        found(scene, tasking_id)  # one that was on its way


def test_each_load_names_the_flight_that_it_was_in() -> None:
    flight = working()
    first = drop(flight.scene, flight.tasking_id)
    for action in (_A.LEAVE, _A.LAND, _A.NEXT_SORTIE):
        flight.scene.wait(minutes=10)
        flight.act(action)
    late = drop(flight.scene, flight.tasking_id, Role.BASE, done_at=first.at + timedelta(minutes=4))
    flight.act(_A.RELEASE)
    flight.act(_A.TAKE_OFF)
    flight.act(_A.ARRIVE)
    flight.scene.wait(minutes=10)
    second = drop(flight.scene, flight.tasking_id)
    assert (first.sortie, late.sortie, second.sortie) == (1, 1, 2)


def test_a_partner_is_shown_the_water_and_nobodys_name() -> None:
    flight = working()
    load = drop(flight.scene, flight.tasking_id)
    recorded = flight.scene.journal[-1]
    assert type(recorded.fact) in partner.SHAREABLE
    assert recorded.fact.load.by == "36"  # type: ignore[union-attr]  # the row's header has who
    with pytest.raises(Refused, match="NOT_OWNER"):
        partner.check_received(flight.scene.world, recorded.fact, "43")
    partner.check_received(flight.scene.world, recorded.fact, "36")
    (told,) = shared_snapshot._tasking_without_names(flight.tasking, "36").water
    assert (told.id, told.by, told.key, told.stamp) == (load.id, "36", "", None)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(("drop", "same key", "strike", "correct", "find", "confirm", "all")),
            st.integers(0, 3),
            st.integers(0, 40),
        ),
        max_size=25,
    )
)
def test_however_it_is_told_no_finding_counts_twice_and_a_replay_says_the_same(
    steps: list[tuple[str, int, int]],
) -> None:
    flight = working()
    scene, tasking_id = flight.scene, flight.tasking_id
    for number, (what, which, seconds) in enumerate(steps):
        scene.wait(seconds=seconds)
        water = flight.tasking.water
        events = scene.world.track_events.get(tasking_id, ())
        try:
            match what:
                case "drop" | "same key":
                    drop(scene, tasking_id, key=f"n{number}")
                case "find":
                    found(scene, tasking_id)
                case "confirm" if events:
                    drop(scene, tasking_id, event_id=events[which % len(events)].id)
                case "all" if events:
                    told = tuple(WaterTold(event_id=each.id) for each in events)
                    scene.ask(Role.BASE, RecordWater(tasking_id=tasking_id, loads=told))
                case "strike" | "correct" if water:
                    more = {"strike": True} if what == "strike" else {"litres": 3000.0 + seconds}
                    correct(scene, tasking_id, water[which % len(water)], **more)
        except Refused as error:
            assert error.code in {"ALREADY_RECORDED", "NOT_NOW", "NOTHING_CHANGED"}
    confirmed = [each.event_id for each in live(flight.tasking) if each.event_id]
    assert len(confirmed) == len(set(confirmed))
    assert scene.replayed() == scene.world


def test_a_phones_own_count_tells_its_presses_apart_and_its_stamp_stays_on_the_load() -> None:
    flight = working()
    scene = flight.scene
    last = flight.tasking.history[-1]

    def press(seq: int, ahead_s: float = 0.0) -> tuple[Any, ...]:
        stamp = ActStamp(device_id="", seq=seq, pressed_at=scene.now, clock_ahead_s=ahead_s, signed=False)
        return scene.take(
            Ask(
                actor="operator",
                role=Role.OPERATOR,
                command_id=f"p{seq}",
                command=RecordWater(tasking_id=flight.tasking_id, loads=(WaterTold(),)),
                operator_id="OP1",
                stamp=stamp,
            )
        )

    made = press(1, ahead_s=600.0)
    assert isinstance(made[-1], ActStamped)
    (load,) = flight.tasking.water
    assert load.at == scene.now - timedelta(minutes=10)  # its clock was ahead
    assert load.stamp is not None
    assert {flag.value for flag in load.stamp.flags} == {"clock_skew", "unsigned"}
    assert flight.tasking.history[-1] == last  # the stamp is the load's, not the last step's
    with pytest.raises(Refused, match="BAD_SIGNATURE"):
        scene.take(
            Ask(
                actor="operator",
                role=Role.OPERATOR,
                command_id="u1",
                command=RecordWater(tasking_id=flight.tasking_id, loads=(WaterTold(),)),
                operator_id="OP1",
                device_id="DEV-1",
            )
        )
