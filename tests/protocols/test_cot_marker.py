"""Spots on the field's map as reports: never more than unverified, and refused by field where they say nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.errors import Malformed
from dispatch.kinds import AlarmFlag, AlarmKind, IncidentKind
from protocols.cot_event import CotEvent, Detail, Link
from protocols.cot_marker import is_marker, kind_of, report_of, taken_back
from tests.cot_events import NOW, phone


def spot(**changes: object) -> CotEvent:
    values: dict[str, object] = {
        "type": "b-m-p-s-m",
        "how": "h-g-i-g-o",
        "detail": Detail(callsign="山火 3号"),
    }
    return phone("spot-1", **(values | changes))


@given(
    callsign=st.text(max_size=200),
    remarks=st.text(max_size=400),
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
)
def test_whatever_is_written_on_a_spot_it_is_an_unverified_report_or_refused_by_field(
    callsign: str, remarks: str, lat: float, lon: float
) -> None:
    said = spot(lat_deg=lat, lon_deg=lon, detail=Detail(callsign=callsign, remarks=remarks))
    try:
        report = report_of(said, source="tak", simulated=False, made_s=NOW)
    except Malformed as wrong:
        assert wrong.field in ("point", "contact.callsign")
        return
    assert report.kind is AlarmKind.FIELD_MARKER
    assert AlarmFlag.UNVERIFIED in report.flags
    assert report.level == 4
    assert 0 < len(report.title) <= 120


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("山火 3号", IncidentKind.FOREST_FIRE),
        ("SMOKE column", IncidentKind.FOREST_FIRE),
        ("楼房起火", IncidentKind.BUILDING_FIRE),
        ("堤坝决口", IncidentKind.FLOOD),
        ("驴友失联", IncidentKind.MISSING_PERSON),
        ("集合点", IncidentKind.OTHER),
    ],
)
def test_the_kind_is_read_from_the_words(words: str, kind: IncidentKind) -> None:
    assert kind_of(words) is kind


def test_what_is_an_exercise_says_so_and_a_deletion_names_whose() -> None:
    drill = report_of(spot(operation="e-演练"), source="tak", simulated=False, made_s=None)
    assert drill.flags == (AlarmFlag.UNVERIFIED, AlarmFlag.EXERCISE)
    assert drill.observed_at is None
    gone = spot(type="t-x-d-d", detail=Detail(links=(Link(uid="spot 1", type="b-m-p-s-m", relation="p-p"),)))
    assert taken_back(gone) == ("cot:spot%201",)
    assert not is_marker(gone)
    assert taken_back(spot()) == ()
