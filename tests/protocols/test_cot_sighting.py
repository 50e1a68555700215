"""What CoT events say of things that move."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.identity import check_key
from dispatch.kinds import AltitudeDatum, Emergency, SourceKind, ThingKind
from protocols import cot_xml
from protocols.cot_event import Aircraft, CotEvent, Detail, Link
from protocols.cot_sighting import ECHO, KEY_LENGTH, STALE, Decoder, Reading, key_of
from tests.cot_events import NOW, events, phone, shared_events, vector


def read(event: CotEvent, now: float | None = NOW + 1.0, **changes: Any) -> Reading:
    return Decoder(source="field", own="ganying.36.").read(replace(event, **changes), now)


def seen(event: CotEvent, **changes: Any) -> Any:
    sighting = read(event, **changes).sighting
    assert sighting is not None
    return sighting


def test_a_phone_is_a_team_with_a_place() -> None:
    """Who, where, how well, how high over the ellipsoid, how fast, when."""
    sighting = seen(phone())
    assert sighting.key == "cot:ANDROID-589520ccfcd20f01"
    assert (sighting.source, sighting.source_kind) == ("field", SourceKind.COT)
    assert (sighting.lon_deg, sighting.lat_deg) == (115.9012, 28.6841)
    assert (sighting.altitude_m, sighting.altitude_datum) == (31.5, AltitudeDatum.ELLIPSOID)
    assert (sighting.ground_speed_mps, sighting.track_deg) == (1.4, 271.0)
    assert (sighting.name, sighting.callsign) == ("队员01", None)
    assert sighting.thing_kind is ThingKind.TEAM
    assert sighting.observed_at_s == NOW
    assert not sighting.simulated
    assert sighting.emergency is None


def test_the_stated_error_becomes_a_radius_of_95_percent() -> None:
    """CoT states one sigma of a normal error on each axis."""
    assert seen(phone()).accuracy_m == pytest.approx(4.9 * 2.4477, rel=1e-4)


@pytest.mark.parametrize(
    "changes",
    [
        {"circular_error_m": None},
        {"circular_error_m": 0.0},
        {"how": "h-e"},
        {"how": "h-g-i-g-o"},
        {"detail": Detail(aircraft=Aircraft(icao24="780abc"))},
    ],
)
def test_an_error_that_says_nothing_is_not_believed(changes: dict[str, Any]) -> None:
    """Unknown, none at all, entered by hand, or the NACp category that ADS-B gateways write there."""
    assert seen(phone(), **changes).accuracy_m is None


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("a-f-A-M-H", ThingKind.HELICOPTER),
        ("a-n-A-C-H", ThingKind.HELICOPTER),
        ("a-f-A-M-H-Q", ThingKind.UAV),
        ("a-f-A-M-F-Q", ThingKind.UAV),
        ("a-f-A-C-F", ThingKind.AIRPLANE),
        ("a-u-A-M-F-C-H", ThingKind.AIRPLANE),
        ("a-f-A", ThingKind.OTHER_AIRCRAFT),
        ("a-f-A-C-L", ThingKind.OTHER_AIRCRAFT),
        ("a-f-G-E-V-C", ThingKind.VEHICLE),
        ("a-f-G-U-C", ThingKind.TEAM),
        ("a-U-G", ThingKind.TEAM),
        ("a-f-G-E-S", ThingKind.TEAM),
        ("a-f-S-X", ThingKind.VESSEL),
        ("a-f-U", ThingKind.VESSEL),
    ],
)
def test_types_are_kinds_of_things(code: str, kind: ThingKind) -> None:
    """Air, ground, water."""
    assert seen(phone(), type=code).thing_kind is kind


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("b-m-r", "route"),
        ("b-m-p-s-m", "marker"),
        ("b-m-p-s-p-loc", "marker"),
        ("u-d-f", "drawing"),
        ("b-t-f", "chat"),
        ("b-t-f-r", "chat"),
        ("b-f-t-a", "file_transfer"),
        ("b-a-g", "alert"),
        ("t-x-c-t", "control"),
        ("t-x-d-d", "control"),
        ("a-f-G-I", "other_atom"),
        ("a-h-A-W", "other_atom"),
        ("a", "other_atom"),
        ("x-y", "unknown_type"),
    ],
)
def test_what_does_not_move_is_passed_over_with_a_word(code: str, word: str) -> None:
    """The words are few: they are counted by name."""
    assert read(phone(), type=code) == Reading(None, word)


def test_the_shared_events_are_told_apart() -> None:
    """A drone, two teams and a car that report themselves; the rest was put on a map or is talk."""
    decoder = Decoder()
    kinds: dict[str, str] = {}
    for shared in shared_events():
        if shared["type"] is not None:
            event = cot_xml.parse(shared["xml"].encode())
            reading = decoder.read(event)
            kinds[f"{event.type} {event.uid[:8]}"] = reading.kind
    assert kinds == {
        "a-U-G a471cec4": "marker",
        "a-f-A-M-H-Q 2983J8B0": "thing",
        "a-f-G xml-esca": "thing",
        "a-f-G-E-V-C C94B9215": "thing",
        "a-f-G-E-V-C a471cec4": "marker",
        "a-n-G a471cec4": "marker",
        "b-f-t-a ANDROID-": "file_transfer",
        "b-m-p-s-m a7b52383": "marker",
        "b-m-p-s-p-loc 0ed16b9e": "marker",
        "b-m-r 9bb32cff": "route",
        "b-t-f-r f77dae64": "chat",
        "u-d-c-c dd80d848": "drawing",
        "u-d-f 5BE43454": "drawing",
        "u-d-f case-ins": "drawing",
    }


def test_a_device_whose_place_was_entered_by_hand_is_a_thing() -> None:
    """It says what it is; a marker does not."""
    event = cot_xml.parse(vector()["xml"].encode())
    assert event.how == "h-e"
    assert Decoder().read(event).kind == "thing"
    assert read(phone(), how="h-e", detail=Detail(callsign="x")).kind == "marker"


def test_an_address_comes_from_its_own_attribute_only() -> None:
    """Not from a uid that looks like one; not where it is no address."""
    aircraft = Aircraft(
        icao24="780ABC", registration="B-70K3", flight="CSN3127 ", squawk="7700", category="A7"
    )
    flying = phone("ICAO-780DEF", type="a-f-A-C-H", detail=Detail(callsign="CSN3127-A139", aircraft=aircraft))
    sighting = seen(flying)
    assert (sighting.key, sighting.own_key) == ("icao24:780abc", "")
    assert (sighting.registration, sighting.squawk, sighting.emitter_category) == ("B-70K3", "7700", "A7")
    assert (sighting.callsign, sighting.name) == ("CSN3127", "CSN3127-A139")
    assert seen(phone("ICAO-780DEF", type="a-f-A-C-H")).key == "cot:ICAO-780DEF"
    for text in ("", "~780abc", "780ab", "000000", "FFFFFF", "78OABC"):
        detail = Detail(aircraft=replace(aircraft, icao24=text))
        assert seen(phone("u", type="a-f-A-C-H", detail=detail)).key == "cot:u"


def test_an_aircraft_s_name_is_its_call_sign() -> None:
    """Of things on the ground it is only a name."""
    assert seen(phone(), type="a-f-A-M-H").callsign == "队员01"
    assert seen(phone()).callsign is None


def test_no_fix_is_no_place() -> None:
    """Apps write 0, 0 then. The team is still heard."""
    sighting = seen(phone(), lat_deg=0.0, lon_deg=0.0)
    assert sighting.lon_deg is None
    assert sighting.lat_deg is None
    assert sighting.altitude_m is None
    assert sighting.accuracy_m is None
    assert sighting.name == "队员01"


@pytest.mark.parametrize("changes", [{"how": "m-s"}, {"operation": "e-天目2026"}, {"operation": "s-run1"}])
def test_what_calls_itself_simulated_is_marked(changes: dict[str, Any]) -> None:
    """By how it came about, or by the operation it belongs to."""
    assert seen(phone(), **changes).simulated
    assert not seen(phone(), operation="o-flood").simulated


def test_values_beyond_belief_are_not_said() -> None:
    """9999999 as a speed (adsbcot), a course of 720, a height above the air."""
    wild = phone(hae_m=500_000.0, detail=Detail(speed_mps=9999999.0, course_deg=720.0))
    sighting = seen(wild)
    assert (sighting.ground_speed_mps, sighting.track_deg, sighting.altitude_m) == (None, None, None)
    assert seen(phone(detail=Detail(course_deg=360.0))).track_deg == 0.0


def test_a_stale_event_is_refused() -> None:
    """By its own word and our clock."""
    assert read(phone(), now=NOW + 75.5) == Reading(None, "thing", STALE)
    assert read(phone(), now=NOW + 74.5).sighting is not None
    assert read(phone(), now=None).sighting is not None  # a file: nothing is stale


def test_a_time_ahead_of_ours_is_not_its_age() -> None:
    """Age is then counted from arrival; a little is only steering."""
    assert seen(phone(), made_s=NOW + 60.0, stale_s=NOW + 135.0).observed_at_s is None
    assert seen(phone(), made_s=NOW + 2.0).observed_at_s == NOW + 2.0


def test_a_phone_an_hour_behind_is_believed_once_it_keeps_step() -> None:
    """Three reports, each as late as the last: its clock is off. Then its times are moved, and it is said."""
    decoder = Decoder()
    made_s = NOW - 3600.0
    readings = []
    for step in range(5):
        event = phone(made_s=made_s + 10 * step, start_s=made_s, stale_s=made_s + 10 * step + 75)
        readings.append(decoder.read(event, NOW + 10 * step + 0.4))
    assert [reading.refused for reading in readings] == [STALE, STALE, "", "", ""]
    assert readings[-1].sighting is not None
    assert readings[-1].sighting.observed_at_s == pytest.approx(NOW + 40, abs=1.0)
    assert decoder.clocks.off_s == pytest.approx(3600.0, abs=1.0)
    late = phone(made_s=made_s + 50 - 120, stale_s=made_s + 50 - 120 + 75)
    assert decoder.read(late, NOW + 50).refused == STALE  # by its own clock too


def test_a_server_s_memory_is_no_clock() -> None:
    """What it heard an hour ago, sent at once on joining, stays stale: however often, and of however many."""
    decoder = Decoder()
    for step in range(20):
        old = phone(made_s=NOW - 3600 + 10 * step, stale_s=NOW - 3600 + 10 * step + 75)
        assert decoder.read(old, NOW + 0.01 * step).refused == STALE
        same = phone("b", made_s=NOW - 3600, stale_s=NOW - 3525)
        assert decoder.read(same, NOW + step).refused == STALE
    assert decoder.clocks.off_s is None


def test_one_wrong_clock_does_not_move_another_s_times() -> None:
    """Two phones behind one server."""
    decoder = Decoder()
    for step in range(6):
        now = NOW + 10 * step
        decoder.read(phone("wrong", made_s=now - 3600, stale_s=now - 3500), now)
        right = decoder.read(phone("right", made_s=now - 1, stale_s=now + 75), now).sighting
        assert right is not None
        assert right.observed_at_s == now - 1


def alarm(**changes: Any) -> CotEvent:
    detail = Detail(
        callsign="队员01-Alert",
        emergency="911 Alert",
        links=(Link(uid="ANDROID-589520ccfcd20f01", type="a-f-G-U-C", relation="p-p"),),
    )
    values = {"type": "b-a-o-tbl", "how": "m-g", "stale_s": NOW + 10.0, "detail": detail}
    return replace(phone("ANDROID-589520ccfcd20f01-9-1-1"), **(values | changes))


@pytest.mark.parametrize("code", ["b-a-o-tbl", "b-a-o-pan", "b-a-o-opn", "b-a-o-c"])
def test_an_alarm_is_about_the_device_it_is_linked_to(code: str) -> None:
    """The same key as its reports, with a place; it names nothing."""
    reading = read(alarm(), type=code)
    sighting = reading.sighting
    assert sighting is not None
    assert (reading.kind, sighting.key) == ("sos", seen(phone()).key)
    assert (sighting.emergency, sighting.calm) == (Emergency.SOS, False)
    assert (sighting.lon_deg, sighting.name, sighting.thing_kind) == (None, None, ThingKind.TEAM)
    place = reading.place  # of its own: a place that is no news must not swallow the alarm
    assert place is not None
    assert (place.key, place.lon_deg, place.emergency) == (sighting.key, 115.9012, None)


def test_an_alarm_taken_back_says_so() -> None:
    """ATAK then links nothing: the uid of the alarm is the device's and a suffix."""
    over = alarm(type="b-a-o-can", detail=Detail(emergency_over=True))
    reading = read(over)
    assert reading.kind == "sos_over"
    assert reading.sighting is not None
    assert reading.sighting.key == seen(phone()).key
    assert (reading.sighting.emergency, reading.sighting.calm) == (None, True)


def test_an_alarm_does_not_go_stale_only_its_place_does() -> None:
    """A server sends standing alarms to whoever joins."""
    reading = read(alarm(), now=NOW + 600.0)
    assert reading.sighting is not None
    assert reading.sighting.emergency is Emergency.SOS
    assert reading.sighting.observed_at_s is None
    assert reading.place is None
    assert read(alarm(lat_deg=0.0, lon_deg=0.0)).place is None


def test_our_own_events_that_come_back_are_no_news() -> None:
    """Another server, or a mesh, may send them to us."""
    assert read(phone("ganying.36.icao24-780abc")) == Reading(None, "thing", ECHO)
    assert read(alarm(detail=Detail(links=(Link(uid="ganying.36.x", relation="p-p"),)))).refused == ECHO
    assert read(phone("ganying.43.icao24-780abc")).sighting is not None


@given(st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=256))
def test_keys_are_keys_of_the_registry(uid: str) -> None:
    """Any uid: printable, no blanks, bounded; people can write it into an identity."""
    key = key_of(uid)
    assert check_key(key, "key") == key
    assert len(key) <= KEY_LENGTH + 4


def test_long_uids_stay_apart() -> None:
    """The same beginning is not the same device."""
    assert key_of("x" * 100 + "a") != key_of("x" * 100 + "b")
    assert key_of("现场一号") == "cot:%E7%8E%B0%E5%9C%BA%E4%B8%80%E5%8F%B7"


@given(events(), st.none() | st.floats(0, 4e9))
def test_any_event_is_read(event: CotEvent, now: float | None) -> None:
    """No exception, and every number within what the picture takes."""
    sighting = Decoder(source="s").read(event, now).sighting
    if sighting is None:
        return
    assert sighting.key
    assert sighting.accuracy_m is None or 0 < sighting.accuracy_m < 1e7
    assert sighting.track_deg is None or 0 <= sighting.track_deg < 360
