"""Hours and drops signed by both sides before they are settled; what follows when they change, and on the papers."""

from datetime import timedelta
from typing import Any

import pytest

from dispatch.drop_commands import SignHours
from dispatch.errors import Forbidden, Refused
from dispatch.hours import both_signed, hours_of, signed_by
from dispatch.kinds import Role, TaskingAction, TaskingState
from dispatch.papers.chain import form_of, papers
from dispatch.papers.flight_log import FlightLog
from dispatch.papers.kinds import DocumentKind
from dispatch.papers.settlement import Settlement
from dispatch.resource_commands import SaveResource
from dispatch.staff_records import Contract
from dispatch.tasking_commands import ActOnTasking
from tests.dispatch.flights import flight_in
from tests.dispatch.papers.flown import Fought, whole
from tests.dispatch.scene import NOW
from tests.dispatch.test_kpis import figure
from tests.dispatch.water import correct, drop, found, sign

_A = TaskingAction


def newest(scene: Fought, kind: DocumentKind) -> Any:
    """What a paper says now."""
    return [p for p in papers("36", scene.incident_id, scene.journal) if p.kind is kind][-1].content


def fought(drops: int = 3) -> tuple[Fought, str]:
    """Flown and landed; the first drop was seen on the track, the others were told."""
    scene = Fought()
    scene.confirm()
    (tasking,) = scene.adopt(1)
    scene.fly(tasking.id)
    landed_at = scene.now
    for number in range(drops):
        scene.now = scene.world.taskings[tasking.id].history[-3].at  # on scene
        scene.wait(minutes=10 * (number + 1))
        event_id = found(scene, tasking.id).id if number == 0 else ""
        at = scene.now
        scene.now = landed_at
        drop(scene, tasking.id, Role.BASE, done_at=at, event_id=event_id)
    return scene, tasking.id


def test_hours_are_settled_once_both_sides_have_signed_what_stands_there() -> None:
    scene, tasking_id = fought()

    def settle(role: Role, reason: str = "") -> None:
        scene.ask(role, _settle(scene, tasking_id, reason))

    for role, reason in ((Role.BASE, ""), (Role.DISPATCHER, "不等了"), (Role.DUTY_CHIEF, " ")):
        with pytest.raises(Refused, match="NOT_SIGNED"):
            settle(role, reason)
    sign(scene, tasking_id, Role.BASE)
    with pytest.raises(Refused, match="not signed by operator"):
        settle(Role.BASE)
    with pytest.raises(Refused, match="ALREADY_SIGNED"):
        sign(scene, tasking_id, Role.BASE)
    sign(scene, tasking_id, Role.OPERATOR)
    assert both_signed(scene.world.taskings[tasking_id])
    settle(Role.BASE)
    bill = newest(scene, DocumentKind.SETTLEMENT)
    assert isinstance(bill, Settlement)
    assert (bill.unilateral, bill.drops, bill.by_track, bill.litres) == (False, 3, 1, 12_000)
    assert [(each.role, each.name, each.drops) for each in bill.signed] == [
        (Role.BASE, "base", 3),
        (Role.OPERATOR, "operator", 3),
    ]
    form = form_of(bill)
    assert [line.label for line in form.signatures] == ["驻防站", "承运单位", "结算"]
    assert "航迹确认 1，报告 2" in str(form)


def test_a_correction_voids_the_signatures_and_both_sign_anew() -> None:
    scene, tasking_id = fought()
    sign(scene, tasking_id)
    seen = hours_of(scene.world.taskings[tasking_id]).digest
    scene.wait(minutes=1)
    load = scene.world.taskings[tasking_id].water[1]
    correct(scene, tasking_id, load, Role.BASE, litres=3000.0)
    tasking = scene.world.taskings[tasking_id]
    assert [each.voided_at for each in tasking.signatures] == [scene.now, scene.now]
    assert signed_by(tasking, Role.BASE) is None
    with pytest.raises(Refused, match="CHANGED"):
        scene.ask(Role.BASE, SignHours(tasking_id=tasking_id, digest=seen))
    sign(scene, tasking_id)
    log = newest(scene, DocumentKind.FLIGHT_LOG)
    assert isinstance(log, FlightLog)
    assert [each.voided_at is None for each in log.signed] == [False, False, True, True]
    assert "作废" in str(form_of(log).signatures)
    assert "3000" in str(form_of(log))
    assert "4000 L，base更正：看错" in str(form_of(log))  # what it said before
    assert scene.replayed() == scene.world


def test_the_duty_chief_settles_alone_and_the_paper_says_so() -> None:
    scene, tasking_id = fought(0)
    scene.ask(Role.DUTY_CHIEF, _settle(scene, tasking_id, "承运单位停业"))
    bill = newest(scene, DocumentKind.SETTLEMENT)
    assert (bill.unilateral, bill.drops) == (True, None)
    assert "单方结算：承运单位停业" in str(form_of(bill))
    assert "未记录" in str(form_of(bill))


def _settle(scene: Fought, tasking_id: str, reason: str) -> Any:
    version = scene.world.taskings[tasking_id].version
    return ActOnTasking(tasking_id=tasking_id, action=_A.SETTLE, version_seen=version, reason=reason)


def test_nobody_signs_for_both_nor_in_flight_nor_for_others() -> None:
    scene, tasking_id = fought()
    digest = hours_of(scene.world.taskings[tasking_id]).digest
    asked = SignHours(tasking_id=tasking_id, digest=digest)
    for role in set(Role) - {Role.BASE, Role.OPERATOR}:
        with pytest.raises(Forbidden):
            scene.ask(role, asked)
    scene.ask(Role.BASE, asked, actor="zhang")
    with pytest.raises(Refused, match="SAME_PERSON"):
        scene.ask(Role.OPERATOR, asked, actor="zhang")
    flying = flight_in(TaskingState.WORKING)
    asked = SignHours(tasking_id=flying.tasking_id, digest=hours_of(flying.tasking).digest)
    with pytest.raises(Refused, match="NOT_NOW"):
        flying.scene.ask(Role.BASE, asked)


def test_figures_count_what_is_recorded_and_say_how_it_is_known() -> None:
    scene, tasking_id = fought()
    first = figure(scene, "first_drop")
    assert first.n == 1
    assert (
        first.value
        == (
            scene.world.taskings[tasking_id].water[0].at
            - scene.world.incidents[scene.incident_id].reported_at
        ).total_seconds()
    )
    bucket = figure(scene, "minutes_per_bucket")
    assert {part.code: part.count for part in bucket.parts} == {"from_track": 1, "told": 2}
    assert bucket.value == pytest.approx(90 / 3)
    assert figure(scene, "tonnes_per_hour").value == pytest.approx(12.0)
    dry, other = fought(0)
    assert figure(dry, "minutes_per_bucket").value is None
    sign(dry, other)  # both say that nothing was dropped
    assert newest(dry, DocumentKind.FLIGHT_LOG).drops == 0


def test_the_bill_pays_the_contracts_least_hours_and_names_its_other_rates() -> None:
    contract = Contract(
        id="HT-1",
        site="36",
        name="森防合同",
        operator_id="OP1",
        hour_rate=40.0,
        standby_day_rate=12.0,
        minimum_hours=2.0,
        valid_from=NOW - timedelta(days=1),
        valid_until=NOW + timedelta(days=30),
        source="t",
    )
    scene = whole(lambda scene: scene.site_asks(SaveResource(resource=contract, version_seen=0)))
    bill = newest(scene, DocumentKind.SETTLEMENT)
    assert (bill.air_s, bill.top_up_s, bill.top_up_yuan) == (5400, 1800, "20000.00")
    assert bill.yuan == "80000.00"  # two hours of 40,000
    assert "12,000.00 元/天" in str(form_of(bill))
    assert "最低小时补足" in str(form_of(bill))
