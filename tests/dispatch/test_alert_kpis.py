"""Figures of alarms are made of whole counted hours; where there are none, they say so."""

from datetime import timedelta

from dispatch.alert_kpis import NOT_COUNTED, of_alerts
from dispatch.alert_records import AlertCount, AlertTally
from dispatch.kinds import AlertKind
from tests.dispatch.scene import NOW

HOUR = timedelta(hours=1)


def tally(number: int, **figures: int) -> AlertTally:
    begin = NOW + number * HOUR
    counts = (
        AlertCount(kind=AlertKind.CONFLICT, begun=6, chattering=1, shelved=2),
        AlertCount(kind=AlertKind.EMERGENCY, begun=2),
    )
    return AlertTally(begin=begin, end=begin + HOUR, counts=counts, tens=6, **figures)


def test_hours_within_the_period_are_added_up_by_kind() -> None:
    tallies = [
        tally(0, standing=4, shelved=1),
        tally(1, floods=3, most_in_ten=14, standing=8, shelved=2),
        tally(5),
    ]
    found = {kpi.key: kpi for kpi in of_alerts(tallies, NOW, NOW + 2 * HOUR, simulated=False)}
    assert found["alerts_per_hour"].value == 8.0
    assert [(part.code, part.count) for part in found["alerts_per_hour"].parts] == [
        ("conflict", 12),
        ("emergency", 4),
    ]
    assert (found["alert_floods"].value, found["alert_floods"].worst) == (0.25, 14.0)
    assert (found["standing_alerts"].value, found["standing_alerts"].worst) == (4.0, 8.0)
    assert found["chattering_alerts"].value == 2.0
    assert found["alerts_shelved"].value == 0.25


def test_where_no_hour_was_counted_each_figure_says_so() -> None:
    found = of_alerts([tally(0)], NOW, NOW + 2 * HOUR, simulated=True)
    assert {(kpi.value, kpi.reason) for kpi in found} == {(None, NOT_COUNTED)}
