"""The duty roster: rows that cannot be meant are refused by name, what is doubtful is found on its row."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatch import shifts
from dispatch.errors import GanyingError
from dispatch.kinds import DutyMeasure, DutyPost, Role
from dispatch.resource_commands import SaveResource
from dispatch.staff_records import DutyRule, DutyShift
from tests.dispatch.scene import NOW, Scene


def shift(number: int, account: str = "zhang", **changes: Any) -> DutyShift:
    """The number-th day's 24 hours of a dispatcher."""
    begin = NOW + timedelta(days=number)
    values = {
        "id": f"S{number}-{account}",
        "site": "36",
        "name": "全日班",
        "post": DutyPost.DISPATCHER,
        "account": account,
        "begins_at": begin,
        "ends_at": begin + timedelta(days=1),
        "source": "test",
    }
    return DutyShift(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
def scene() -> Scene:
    made = Scene()
    made.account("zhang", Role.DISPATCHER)
    made.account("li", Role.DUTY_CHIEF)
    made.account("wang", Role.ATC)
    return made


def save(scene: Scene, row: DutyShift, seen: int = 0) -> None:
    scene.ask(Role.DUTY_CHIEF, SaveResource(resource=row, version_seen=seen))


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        (shift(0, "nobody"), "UNKNOWN_ID", "account"),
        (shift(0, "wang"), "WRONG_ROLE", "account"),
        (shift(0, ends_at=NOW), "PERIOD", "ends_at"),
        (shift(0, ends_at=NOW + timedelta(hours=25)), "PERIOD", "ends_at"),
        (shift(0, ends_at=NOW + timedelta(hours=8, seconds=1)), "MALFORMED", "ends_at"),
        (shift(0, post=DutyPost.BASE_DESK, base_id="nowhere"), "UNKNOWN_ID", "base_id"),
    ],
)
def test_a_row_that_cannot_be_meant_is_refused(scene: Scene, row: DutyShift, code: str, field: str) -> None:
    with pytest.raises(GanyingError) as caught:
        save(scene, row)
    assert (caught.value.code, caught.value.field) == (code, field)
    assert not scene.world.shifts


def test_one_person_is_not_in_two_places_and_a_row_struck_off_makes_room(scene: Scene) -> None:
    save(scene, shift(0))
    with pytest.raises(GanyingError, match="OVERLAP"):
        save(scene, replace(shift(0), id="again", begins_at=NOW + timedelta(hours=6)))
    save(scene, replace(shift(0), cancelled=True), seen=1)
    save(scene, replace(shift(0), id="again"))
    assert [each.id for each in shifts.on_duty(scene.world, NOW)] == ["again"]


def test_only_the_duty_chief_plans_and_a_stale_version_is_named(scene: Scene) -> None:
    with pytest.raises(GanyingError, match="FORBIDDEN"):
        scene.ask(Role.DISPATCHER, SaveResource(resource=shift(0), version_seen=0))
    save(scene, shift(0))
    with pytest.raises(GanyingError, match="CHANGED"):
        save(scene, shift(0))


def test_gaps_doubles_and_hours_over_a_dated_rule_are_found(scene: Scene) -> None:
    rule = DutyRule(
        id="ZB",
        site="36",
        name="3 日 48 h",
        measure=DutyMeasure.DESK_TIME,
        days=3,
        limit_s=48 * 3600,
        valid_from=NOW,
        source="章程",
    )
    save(scene, shift(0))
    save(scene, shift(1))
    save(scene, shift(3))
    for day in range(4):
        save(scene, shift(day, "li", post=DutyPost.CHIEF))
    scene.account("chen", Role.DUTY_CHIEF)
    save(scene, shift(0, "chen", post=DutyPost.CHIEF))
    found = shifts.findings(scene.world, NOW, NOW + timedelta(days=4))
    assert [(each.code, each.shift_id) for each in found] == [("DOUBLE_POST", "S0-li"), ("GAP", "")]
    gap = found[1]
    assert (gap.post, gap.begins_at) == (DutyPost.DISPATCHER, NOW + timedelta(days=2))
    scene.ask(Role.DUTY_CHIEF, SaveResource(resource=rule, version_seen=0))
    hours = [e for e in shifts.findings(scene.world, NOW, NOW + timedelta(days=4)) if e.code == "DUTY_HOURS"]
    assert [(each.shift_id, each.source) for each in hours] == [("S2-li", "章程"), ("S3-li", "章程")]


def test_who_comes_next_is_the_first_of_each_post(scene: Scene) -> None:
    for day in (0, 1, 2):
        save(scene, shift(day))
    assert [each.id for each in shifts.coming(scene.world, NOW)] == ["S1-zhang"]
