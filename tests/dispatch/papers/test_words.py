"""Every word that a paper may need is there: a new kind of anything is named before it is printed."""

import re
from pathlib import Path

import pytest

from dispatch import aid_lent, fitness, kinds
from dispatch.papers import words


@pytest.mark.parametrize(
    ("table", "kind"),
    [
        (words.ROLE, kinds.Role),
        (words.INCIDENT_KIND, kinds.IncidentKind),
        (words.INCIDENT_STATE, kinds.IncidentState),
        (words.TASKING_STATE, kinds.TaskingState),
        (words.TASKING_ACTION, kinds.TaskingAction),
        (words.REFUSAL, kinds.RefusalReason),
        (words.AIRSPACE_KIND, kinds.AirspaceKind),
        (words.AIRSPACE_STATE, kinds.AirspaceState),
        (words.AIRSPACE_ACTION, kinds.AirspaceAction),
        (words.TIMER, kinds.TimerKind),
        (words.CREW_DUTY, kinds.CrewDuty),
        (words.CLOSURE_KIND, kinds.ClosureKind),
        (words.ALARM_KIND, kinds.AlarmKind),
        (words.DATUM, kinds.AltitudeDatum),
        (words.FUEL, kinds.FuelModel),
    ],
)
def test_every_kind_has_its_word(table: dict[object, str], kind: type) -> None:
    assert set(kind) <= set(table)  # type: ignore[call-overload]  # enums are iterable


def test_every_reason_to_stay_on_the_ground_has_its_word() -> None:
    written = Path(fitness.__file__).read_text() + Path(aid_lent.__file__).read_text()
    codes = set(re.findall(r'"([A-Z]+_?[A-Z_]+)"', written)) - {"UNFIT"}
    assert codes == set(words.UNFIT)
