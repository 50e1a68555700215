"""The nets together: parameters by date, phase and kind; hysteresis; one that fails; a height that jumps."""

import math
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.alerts import AMBER, INFO, RED, Alert, AlertBook
from dispatch.errors import Malformed
from dispatch.kinds import AlertKind, AltitudeDatum, TaskingState
from dispatch.motion import DEGREE_M
from dispatch.safety.airspace import AirspaceNet
from dispatch.safety.conflict import ConflictNet
from dispatch.safety.hysteresis import Hysteresis
from dispatch.safety.parameter_rows import SHIPPED, shipped
from dispatch.safety.parameters import CLOSURE, Parameters, Phase, Row
from dispatch.volume_kinds import VolumeKind
from tests.dispatch.flights import flight_in
from tests.dispatch.safety.air import NOW_S, Air, Craft, hills, of
from tests.dispatch.scene import FIRE

HEAD_ON = (Craft(), Craft(icao24="780abd", lon_deg=115.05, course_deg=270.0))


def alert(severity: int = AMBER, numbers: tuple[int, ...] = ()) -> Alert:
    return Alert(
        id="x", kind=AlertKind.CONFLICT, severity=severity, began_at_s=0, figures={}, numbers=numbers
    )


def row(value: float, **other: Any) -> Row:
    usual = {"net": "conflict", "name": "look_ahead_s", "valid_from": date(2026, 11, 1), "source": "test"}
    return Row(value=value, **(usual | other))


@given(st.lists(st.booleans(), max_size=40), st.integers(1, 4), st.integers(1, 4))
def test_it_begins_after_so_many_looks_and_ends_after_so_many_clean_ones(
    looks: list[bool], begin: int, end: int
) -> None:
    """Held to counting the runs by hand."""
    it, on, run, clean = Hysteresis(), False, 0, 0
    for found in looks:
        run, clean = (run + 1, 0) if found else (0, clean + 1)
        on = (on and clean < end) or run >= begin
        assert bool(it.step([alert()] if found else [], begin_looks=begin, end_looks=end)) == on


def test_a_look_at_which_a_track_is_not_heard_is_not_clean() -> None:
    it = Hysteresis()
    it.step([alert(numbers=(7,))], begin_looks=1, end_looks=1)
    assert it.step([], begin_looks=1, end_looks=1, unheard=frozenset({7}))
    assert not it.step([], begin_looks=1, end_looks=1)


def test_the_most_particular_row_in_force_counts_and_a_day_before_all_has_the_first() -> None:
    rows = (
        row(90.0, phase=Phase.WORKING),
        row(60.0, where=VolumeKind.CTR),
        row(45.0, valid_from=date(2027, 1, 1)),
    )
    now, later = (Parameters(SHIPPED, rows).on(day) for day in (date(2026, 12, 1), date(2027, 2, 1)))
    of_ = ("conflict", "look_ahead_s")
    assert (now.of(*of_), now.of(*of_, phase=Phase.WORKING)) == (120.0, 90.0)
    assert now.of(*of_, phase=Phase.WORKING, where=VolumeKind.CTR) == 60.0
    assert (later.of(*of_), later.of(*of_, phase=Phase.WORKING)) == (45.0, 90.0)
    assert shipped().on(date(2018, 8, 1)).of(*of_) == 120.0
    assert shipped().on(date(2026, 12, 1)).of("airspace", "whom", where=CLOSURE) == 2


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"name": "look_ahead"}, "rows[0].name"),
        ({"value": float("nan")}, "rows[0].value"),
        ({"where": "castle"}, "rows[0].where"),
        ({"source": " "}, "rows[0].source"),
    ],
)
def test_a_row_that_no_net_knows_is_refused_by_name(other: dict[str, Any], field: str) -> None:
    with pytest.raises(Malformed) as refused:
        Parameters(SHIPPED, [row(**({"value": 1.0} | other))])
    assert refused.value.field == field


def test_limits_of_conflicts_are_rows_too() -> None:
    wide = Craft(icao24="780abd", lat_deg=28.02, lon_deg=115.05, course_deg=270.0)  # 1.2 NM beside
    assert not of(Air(ConflictNet()).fly(30, HEAD_ON[0], wide)[-1], AlertKind.CONFLICT)
    air = Air(ConflictNet(), rows=[row(3_000.0, name="horizontal_m")])
    assert of(air.fly(3, HEAD_ON[0], wide)[-1], AlertKind.CONFLICT)


def test_a_flight_at_work_may_have_its_own_limits_and_of_a_pair_the_wider_ones_count() -> None:
    flight = flight_in(TaskingState.WORKING)
    craft = flight.scene.world.aircraft[flight.tasking.aircraft_id]
    ours = Craft(icao24=craft.icao24, lon_deg=FIRE.lon_deg, lat_deg=FIRE.lat_deg, speed_mps=20)
    other = replace(ours, icao24="780abd", lat_deg=FIRE.lat_deg + 0.005, course_deg=90.0)
    rows = [row(200.0, name=name, phase=Phase.WORKING) for name in ("horizontal_m", "red_horizontal_m")]
    stranger = Air(ConflictNet(), world=flight.scene.world, rows=rows)
    assert of(stranger.fly(3, ours, other)[-1], AlertKind.CONFLICT)
    narrow = [row(200.0, name=name) for name in ("horizontal_m", "red_horizontal_m")]
    assert not of(Air(ConflictNet(), rows=narrow).fly(3, ours, other)[-1], AlertKind.CONFLICT)


class _Broken:
    name = "broken"
    kinds = (AlertKind.LOST,)

    def __init__(self) -> None:
        self.works = True

    def look(self, _sky: object) -> list[Alert]:
        if not self.works:
            raise ZeroDivisionError("planted")
        return [replace(alert(), id="lost:1", kind=AlertKind.LOST)]


def test_a_net_that_fails_takes_no_other_with_it_ends_none_of_its_alerts_and_is_cried_out() -> None:
    broken = _Broken()
    air = Air(broken, ConflictNet())
    told: list[Alert] = []
    book = AlertBook(told.append)
    air.fly(3, *HEAD_ON)
    assert air.looked is not None
    book.take(air.looked.found)
    broken.works = False
    for t in (3, 4):
        with pytest.raises(AssertionError, match="planted"):
            air.look(t, *HEAD_ON)
        book.take(air.looked.found)
    kinds = {each.kind for each in book.present()}
    assert kinds == {AlertKind.LOST, AlertKind.CONFLICT, AlertKind.NET_FAILED}
    assert [each.code for each in told if each.kind is AlertKind.NET_FAILED] == ["broken"]
    broken.works = True
    air.look(5, *HEAD_ON)
    book.take(air.looked.found)
    assert AlertKind.NET_FAILED not in {each.kind for each in book.present()}


@pytest.mark.parametrize("away", [400.0, -400.0])
def test_a_height_that_jumps_neither_hides_nor_makes_a_conflict_in_silence(away: float) -> None:
    air = Air()
    assert of(air.fly(3, *HEAD_ON)[-1], AlertKind.CONFLICT)[0].flags == ()
    jumped = replace(HEAD_ON[1], height_m=500.0 + away)
    after = air.fly(10, HEAD_ON[0], jumped, begin=3)
    for alerts in after:
        (conflict,) = of(alerts, AlertKind.CONFLICT)
        (jump,) = of(alerts, AlertKind.HEIGHT_JUMP)
        assert jump.figures["by_m"] == pytest.approx(away, abs=5)
        assert jump.track_ids == ("icao24:780abd",)
    assert conflict.flags == ("height_jump",)
    # apart before, together by the jump: told and flagged as well
    other = Air()
    apart = replace(HEAD_ON[1], height_m=1_000.0)
    assert not of(other.fly(3, HEAD_ON[0], apart)[-1], AlertKind.CONFLICT)
    (made,) = of(other.fly(3, *HEAD_ON, begin=3)[-1], AlertKind.CONFLICT)
    assert made.flags == ("height_jump",)


def test_a_climb_that_can_be_flown_is_no_jump_and_a_jump_is_forgotten() -> None:
    air = Air()
    climbing = Craft(climb_mps=12.0)
    assert not of(air.fly(60, climbing)[-1], AlertKind.HEIGHT_JUMP)
    air = Air()
    air.look(0, Craft())
    assert of(air.look(1, replace(Craft(), height_m=900.0)), AlertKind.HEIGHT_JUMP)
    settled = air.fly(40, replace(Craft(), height_m=900.0), begin=2)
    assert not of(settled[-1], AlertKind.HEIGHT_JUMP)


def test_alerts_keep_their_id_and_their_beginning() -> None:
    looks = Air(ConflictNet()).fly(40, HEAD_ON[0], replace(HEAD_ON[1], lon_deg=115.08))
    found = [of(alerts, AlertKind.CONFLICT) for alerts in looks]
    assert not found[0]  # one look is none
    assert {one.id for alerts in found[1:] for one in alerts} == {"conflict:icao24:780abc|icao24:780abd"}
    assert {one.began_at_s for alerts in found[1:] for one in alerts} == {NOW_S}
    assert found[30][0].severity == RED


def test_without_volumes_the_airspace_net_says_nothing() -> None:
    assert Air(AirspaceNet(), ours=True).fly(2, Craft())[-1] == []


def test_a_tracker_and_a_transponder_do_not_pass_each_other_unseen() -> None:
    by_pressure = replace(HEAD_ON[1], datum=AltitudeDatum.PRESSURE)
    (one,) = of(Air(ConflictNet()).fly(3, HEAD_ON[0], by_pressure)[-1], AlertKind.CONFLICT)
    assert one.flags == ("height_unsure",)
    above_ground = replace(HEAD_ON[1], datum=AltitudeDatum.AGL, height_m=100.0)
    assert not of(Air(ConflictNet()).fly(3, HEAD_ON[0], above_ground)[-1], AlertKind.CONFLICT)
    over = Air(ConflictNet(), terrain=hills(lambda lon, lat: 400.0 + 0 * lon))
    assert of(over.fly(3, HEAD_ON[0], above_ground)[-1], AlertKind.CONFLICT)


def test_a_conflict_far_off_is_information_and_becomes_a_warning_and_then_red() -> None:
    looks = Air(ConflictNet()).fly(
        45, Craft(lon_deg=114.95), Craft(icao24="780abd", lon_deg=115.08, course_deg=270.0)
    )
    severities = [each[0].severity for each in looks if each]
    assert severities[0] == INFO
    assert sorted(severities, reverse=True) == severities
    assert AMBER in severities


def test_a_turn_is_expected_to_go_on_for_a_quarter_and_no_straight_line_is_hidden_by_it() -> None:
    """One on a left-hand circuit turns towards one that flies the next leg the other way: straight ahead they part."""

    def told(turn_dps: float) -> list[list[Alert]]:
        air, found = Air(ConflictNet(), rows=[row(turn_dps, name="turn_dps")]), []
        meets = Craft(icao24="780abd", lon_deg=114.965, lat_deg=28.006, course_deg=90.0, speed_mps=40.0)
        north, east, course = 0.0, 0.0, 0.0
        for t in range(16):
            course -= 6.0 if t >= 5 else 0.0
            north += 40.0 * math.cos(math.radians(course))
            east += 40.0 * math.sin(math.radians(course))
            turns = Craft(
                lat_deg=28.0 + north / DEGREE_M,
                lon_deg=115.0 + east / (DEGREE_M * math.cos(math.radians(28.0))),
                course_deg=course % 360.0,
                speed_mps=40.0,
            ).at(0)
            found.append(air.look(t, turns, meets.at(t)))
        return found

    assert not any(told(180.0)[:12])
    assert any(told(2.0)[:12])
