"""The period's figures, against a mission whose minutes are known."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.kinds import AirspaceAction, CrewDuty, DutyMeasure, IncidentAction, RefusalReason, TaskingAction
from dispatch.kpis import NO_DROPS, NO_SUBJECTS, Kpi, Kpis, measure, rank
from dispatch.papers.case import Case, fold_case
from dispatch.resource_commands import SaveResource
from dispatch.staff_records import Contract, CrewMember, DutyRule
from tests.dispatch.papers.flown import Fought, whole
from tests.dispatch.scene import NOW

DAY = timedelta(days=1)


def figures(
    scene: Fought, begin: datetime = NOW, end: datetime = NOW + DAY, *, simulated: bool = False
) -> Kpis:
    case = Case.empty("36", "")
    for recorded in scene.journal:
        case = fold_case(case, recorded)
    return measure(case, begin, end, simulated=simulated)


def figure(scene: Fought, key: str) -> Kpi:
    (found,) = [each for each in figures(scene).kpis if each.key == key]
    return found


def test_each_clock_of_a_mission_is_measured_from_where_it_begins() -> None:
    scene = whole()
    assert {
        key: figure(scene, key).value for key in ("verify", "decision", "ack", "airborne", "on_scene")
    } == {
        "verify": 60,  # reported, confirmed a minute later
        "decision": 120,  # adopted and ordered a minute each
        "ack": 60,
        "airborne": 60 * 10,  # accepted 1, approved 2, prepared 1, released 1, took off 5
        "on_scene": 60 * (1 + 1 + 1 + 10 + 14),
    }
    assert figure(scene, "airspace_answer").value == 180
    assert figure(scene, "airspace_late").value == 0
    assert figure(scene, "eta_error").value == 60 * 7  # planned 32 min after the adoption, came after 25
    assert figure(scene, "flight_hours").value == pytest.approx(1.5)
    assert figure(scene, "cost").value == pytest.approx(57_000)


def test_a_figure_that_the_journal_cannot_give_says_why() -> None:
    for each in figures(whole()).kpis:
        assert (each.value is None) is bool(each.reason), each
    assert figure(whole(), "first_drop").reason == NO_DROPS
    unsaid = Fought()
    unsaid.confirm()
    (tasking,) = unsaid.adopt(1)
    unsaid.fly(tasking.id)
    assert figure(unsaid, "tonnes_per_flight_hour").reason == NO_DROPS
    empty = figures(whole(), NOW + DAY, NOW + 2 * DAY)
    assert empty.incidents == 0
    assert {each.reason for each in empty.kpis if each.key in ("verify", "ack", "cost")} == {NO_SUBJECTS}


def test_refused_launches_are_counted_by_their_reason() -> None:
    scene = Fought()
    scene.confirm()
    first, second = scene.adopt(1, 2)
    scene.act(first.id, TaskingAction.ORDER)
    scene.act(first.id, TaskingAction.REFUSE, refusal=RefusalReason.WEATHER)
    scene.act(second.id, TaskingAction.ORDER)
    scene.act(second.id, TaskingAction.EXPIRE, reason="无应答")
    refused = figure(scene, "launches_refused")
    assert (refused.value, refused.n) == (2, 2)
    assert {part.code: part.count for part in refused.parts} == {"weather": 1, "expire": 1}


def test_a_late_answer_and_one_that_never_came_are_both_late() -> None:
    scene = Fought()
    scene.confirm()
    first, second = scene.adopt(1, 2)
    scene.act(first.id, TaskingAction.ORDER)
    scene.act(second.id, TaskingAction.ORDER)
    scene.wait(hours=2)
    scene.atc(first.id, AirspaceAction.APPROVE)
    assert figure(scene, "airspace_late").value == 1
    assert figure(scene, "airspace_late").n == 2


def test_a_request_that_was_withdrawn_in_time_is_not_judged() -> None:
    scene = Fought()
    scene.confirm()
    (tasking,) = scene.adopt(1)
    scene.act(tasking.id, TaskingAction.ORDER)
    scene.act(tasking.id, TaskingAction.RECALL, reason="改派")
    assert figure(scene, "airspace_late").n == 0


def test_drills_and_real_operation_are_never_mixed() -> None:
    real = figures(whole())
    drill = figures(whole(), simulated=True)
    assert (real.incidents, real.others) == (1, 0)
    assert (drill.incidents, drill.others) == (0, 1)
    assert all(each.n == 0 for each in drill.kpis)


def test_what_happened_counts_in_the_period_in_which_it_began() -> None:
    scene = whole()
    noon = NOW + timedelta(minutes=2, seconds=30)  # reported and confirmed before, ordered after
    before, after = figures(scene, NOW, noon), figures(scene, noon, NOW + DAY)
    counted = {each.key: each.n for each in before.kpis}, {each.key: each.n for each in after.kpis}
    assert (counted[0]["verify"], counted[1]["verify"]) == (1, 0)
    assert (counted[0]["ack"], counted[1]["ack"]) == (0, 1)


def test_a_dismissed_alarm_was_verified_too() -> None:
    scene = Fought()
    scene.wait(seconds=90)
    scene.incident(IncidentAction.DISMISS, reason="误报")
    verified = figure(scene, "verify")
    assert (verified.value, verified.within, verified.worst) == (90, 0, 90)


@settings(derandomize=True, max_examples=60)
@given(st.lists(st.floats(min_value=0, max_value=1e6), min_size=1), st.floats(min_value=0, max_value=1))
def test_a_rank_is_a_value_that_enough_are_at_or_below(values: list[float], share: float) -> None:
    ordered = sorted(values)
    found = rank(ordered, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9


def test_contracted_hours_count_what_was_flown_under_the_contract() -> None:
    made = Contract(
        id="C1",
        site="36",
        name="c",
        operator_id="OP1",
        hour_rate=30,
        hours=365,
        valid_from=NOW,
        valid_until=NOW + 365 * DAY,
        source="test",
    )
    scene = whole(lambda scene: scene.site_asks(SaveResource(resource=made, version_seen=0)))
    used = figure(scene, "contracted_hours_use")
    assert (used.value, used.n) == (pytest.approx(1.5), 1)  # 1.5 h on a day of which one is owed
    assert figure(scene, "cost").value == pytest.approx(45_000)
    assert figure(whole(), "contracted_hours_use").reason == "contracts_not_recorded"


@pytest.mark.parametrize(("limit_h", "breaches"), [(2, 0), (1, 1)])
def test_a_landing_after_more_hours_than_a_rule_allows_is_a_breach(limit_h: float, breaches: int) -> None:
    captain = CrewMember(
        id="P1",
        site="36",
        name="李明",
        operator_id="OP1",
        duty=CrewDuty.CAPTAIN,
        aircraft_id="B-7001",
        source="t",
    )
    rule = DutyRule(
        id="R1",
        site="36",
        name="日飞行",
        measure=DutyMeasure.FLIGHT_TIME,
        days=1,
        limit_s=limit_h * 3600,
        valid_from=NOW - DAY,
        source="test",
    )

    def first(scene: Fought) -> None:
        for each in (captain, rule):
            scene.site_asks(SaveResource(resource=each, version_seen=0))

    assert (figure(whole(first), "duty_breaches").value, figure(whole(first), "duty_breaches").n) == (
        breaches,
        1,
    )
    assert figure(whole(), "duty_breaches").reason == "crew_or_rules_not_recorded"
