"""The alarm board as metrics."""

from datetime import timedelta

from immutables import Map

from adapters.alarm_board import AlarmBoard
from adapters.metrics import Metrics
from dispatch.alert_kinds import AlertDesk
from dispatch.alert_limits import limits_at
from dispatch.alert_records import AlertHandling, SeenAlert, handling_id
from dispatch.alerts import AMBER, RED, Alert
from dispatch.kinds import AlertKind
from dispatch.world import World
from tests.dispatch.scene import NOW


def cried(name: str, kind: AlertKind, severity: int) -> Alert:
    return Alert(id=name, kind=kind, severity=severity, began_at_s=0, figures={})


def test_the_board_is_counted_by_kind_priority_and_state_and_goes_back_to_nothing() -> None:
    metrics = Metrics()
    alarms = AlarmBoard(metrics)

    def said(name: str, kind: AlertKind, priority: str) -> float | None:
        return metrics.registry.get_sample_value(
            f"ganying_alarms_{name}", {"kind": kind.value, "priority": priority}
        )

    one = cried("a", AlertKind.CONFLICT, AMBER)
    handling = AlertHandling(
        id=handling_id(AlertDesk.DISPATCH, "a"),
        desk=AlertDesk.DISPATCH,
        seen=SeenAlert(alert_id="a", kind="conflict", severity=AMBER),
        shelved_until=NOW + timedelta(minutes=5),
    )
    world = World(site="36", alert_handlings=Map({handling.id: handling}))
    assert said("standing", AlertKind.DRONE, "red") == 0
    alarms.count([one, cried("b", AlertKind.CONFLICT, AMBER), cried("c", AlertKind.DRONE, RED)], world, NOW)
    assert said("standing", AlertKind.CONFLICT, "amber") == 2
    assert said("unacknowledged", AlertKind.CONFLICT, "amber") == 1
    assert said("shelved", AlertKind.CONFLICT, "amber") == 1
    assert said("unacknowledged", AlertKind.DRONE, "red") == 1
    alarms.count([], world, NOW)
    assert said("standing", AlertKind.CONFLICT, "amber") == said("shelved", AlertKind.CONFLICT, "amber") == 0


def test_drones_and_red_breaches_latch_from_december_on_by_a_row_with_its_reason() -> None:
    before, after = limits_at(NOW), limits_at(NOW + timedelta(days=8))
    assert before.latching == {AlertKind.EMERGENCY}
    assert after.latching == {AlertKind.EMERGENCY, AlertKind.DRONE, AlertKind.AIRSPACE}
    assert "ISA-18.2" in after.source
    assert after.shelve_minutes == before.shelve_minutes
