"""Limits of mutual aid as a site keeps them: whose row holds for which step, who changes them, and what is refused."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatch import aid
from dispatch.aid_commands import EscalateAid
from dispatch.aid_kinds import AidAskAction, AidClock
from dispatch.aid_limit_records import AidRule
from dispatch.aid_rules import running
from dispatch.errors import Forbidden, GanyingError, Malformed, Refused
from dispatch.kinds import Role
from dispatch.resource_commands import SaveResource
from tests.dispatch.aid_pair import AidPair
from tests.dispatch.scene import Scene


def keep(scene: Scene, role: Role = Role.DUTY_CHIEF, **changes: Any) -> AidRule:
    """Save a row for the answer's step."""
    values: dict[str, Any] = {
        "id": "A1",
        "site": "36",
        "name": "收到待答复",
        "clock": AidClock.RECEIPT,
        "within_s": 300.0,
        "valid_from": scene.now - timedelta(days=1),
        "source": "赣湘协议第七条",
    }
    rule = AidRule(**(values | changes))
    present = scene.world.aid_rules.get(rule.id)
    scene.ask(role, SaveResource(resource=rule, version_seen=present.version if present else 0))
    return scene.world.aid_rules[rule.id]


def sent() -> AidPair:
    pair = AidPair()
    pair.ask()
    pair.asking(AidAskAction.APPROVE)
    pair.asking(AidAskAction.SEND)
    return pair


def limit(pair: AidPair) -> tuple[str, float]:
    """Whose row runs, and how many seconds."""
    found = running(pair.ours.world, pair.request(), None)
    assert found is not None
    return found[0].id, found[0].within_s


def test_a_sites_own_row_holds_and_the_partners_before_that_of_all() -> None:
    pair = sent()
    assert limit(pair) == ("AID-RECEIPT", 120.0)  # nothing is kept: the proposed figure
    keep(pair.ours)
    assert limit(pair) == ("A1", 300.0)
    keep(pair.ours, id="A2", partner="43", within_s=60.0, valid_from=pair.ours.now - timedelta(days=9))
    assert limit(pair) == ("A2", 60.0)
    keep(pair.ours, id="A3", partner="42", within_s=30.0)  # another's agreement
    assert limit(pair) == ("A2", 60.0)
    pair.ours.wait(seconds=61)
    (late,) = aid.due(pair.ours.world, pair.ours.now)
    assert isinstance(late, EscalateAid)
    pair.ours.site_asks(late)
    (alarm,) = pair.ours.world.aid_alarms.values()
    assert alarm.rule_id == "A2"
    assert pair.ours.replayed() == pair.ours.world


def test_a_row_from_today_on_moves_no_clock_that_runs() -> None:
    pair = sent()
    pair.ours.wait(seconds=30)
    keep(pair.ours, within_s=3_600.0, valid_from=pair.ours.now)
    assert limit(pair) == ("AID-RECEIPT", 120.0)
    over = replace(
        keep(pair.ours, id="A4"), valid_until=pair.ours.now - timedelta(hours=1)
    )  # was over before the step began
    pair.ours.ask(Role.DUTY_CHIEF, SaveResource(resource=over, version_seen=1))
    assert limit(pair) == ("AID-RECEIPT", 120.0)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"within_s": 29.0}, Malformed),
        ({"within_s": float("nan")}, Malformed),
        ({"within_s": 367 * 86_400.0}, Malformed),
        ({"valid_until": None, "name": " "}, Malformed),
        ({"role": Role.DISPATCHER}, Forbidden),
        ({"role": Role.SYSADMIN}, Forbidden),
    ],
)
def test_what_cannot_be_meant_or_is_not_the_chiefs_is_refused(
    change: dict[str, Any], code: type[GanyingError]
) -> None:
    scene = Scene()
    with pytest.raises(code):
        keep(scene, **change)
    with pytest.raises(Refused, match="PERIOD"):
        keep(scene, valid_until=scene.now - timedelta(days=2))
    assert not scene.world.aid_rules
