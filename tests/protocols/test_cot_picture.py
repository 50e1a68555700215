"""What field clients are sent: tracks, incidents, alarms."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dispatch.freshness import LIMITS
from dispatch.kinds import AltitudeDatum, Doubt, Emergency, Role, SourceKind, TaskingState, ThingKind
from dispatch.records import Incident, Tasking
from dispatch.room_kinds import RoomSymbol
from dispatch.tasking_commands import AdoptPlan
from dispatch.tracks import Track
from protocols import cot_picture, cot_stream, cot_words, cot_xml
from protocols.cot_event import CotEvent
from protocols.cot_sighting import Decoder
from tests.cot_events import NOW
from tests.dispatch.scene import Scene
from tests.dispatch.test_field_view import confirmed

SALT = b"s" * 16


def track(**said: Any) -> Track:
    values: dict[str, Any] = {
        "id": "icao24:78f001",
        "number": 7,
        "icao24": "78f001",
        "keys": ("icao24:78f001",),
        "source": "hill",
        "source_kind": SourceKind.ADSB,
        "heard_at_s": NOW,
        "lon_deg": 115.1,
        "lat_deg": 28.95,
        "position_at_s": NOW - 2.0,
        "accuracy_m": 24.48,
        "altitude_m": 812.0,
        "altitude_datum": AltitudeDatum.MSL,
        "ground_speed_mps": 52.0,
        "track_deg": 91.5,
        "callsign": "B7001",
        "registration": "B-7001",
        "name": "赣鹰01",
        "thing_kind": ThingKind.HELICOPTER,
    }
    return Track(**(values | said))


def event_of(said: Track, *, ours: bool = True, tasking: Tasking | None = None, now: float = NOW) -> Any:
    uid = cot_picture.uid_of_track(said.id, site="36", salt=SALT)
    return cot_picture.track_event(said, uid=uid, ours=ours, tasking=tasking, now=now)


def tasking() -> Tasking:
    scene = Scene()
    plan = scene.propose(confirmed(scene), 1)
    scene.ask(Role.DISPATCHER, AdoptPlan(plan_id=plan, version_seen=1))
    made = next(iter(scene.world.taskings.values()))
    return replace(made, state=TaskingState.AIRBORNE)


def incident(**changes: Any) -> Incident:
    scene = Scene()
    made = scene.report()
    return replace(scene.world.incidents[made], **changes)


def test_a_track_is_an_event_with_its_own_time() -> None:
    """Measured then, stale by its source's limit, one sigma of its radius, nothing made up about its height."""
    event = event_of(track())
    assert (event.uid, event.type, event.how) == ("ganying.36.icao24-78f001", "a-f-A-C-H", "m-g")
    assert event.made_s == event.start_s == NOW - 2.0
    assert event.stale_s == NOW - 2.0 + LIMITS[SourceKind.ADSB].stale_s
    assert event.circular_error_m == pytest.approx(10.0, rel=1e-3)
    assert event.hae_m is None
    assert event.detail.remarks == "海拔 812 m"
    assert (event.detail.callsign, event.detail.speed_mps, event.detail.course_deg) == ("赣鹰01", 52.0, 91.5)
    assert event.detail.aircraft is not None
    assert event.detail.aircraft.icao24 == "78f001"


def test_a_height_over_the_ellipsoid_is_given_as_such() -> None:
    """The one datum that CoT has."""
    event = event_of(track(altitude_datum=AltitudeDatum.ELLIPSOID))
    assert event.hae_m == 812.0


def test_what_is_stale_or_nowhere_is_not_sent() -> None:
    """Field clients see no old position as new."""
    assert event_of(track(), now=NOW + 13.5) is None
    assert event_of(track(position_at_s=None)) is None
    assert event_of(track(lon_deg=None)) is None


def test_traffic_is_neutral_and_called_by_its_call_sign() -> None:
    """Friendly is rescue's own."""
    event = event_of(track(), ours=False)
    assert (event.type, event.detail.callsign) == ("a-n-A-C-H", "B7001")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"thing_kind": ThingKind.UAV}, "a-f-A-M-H-Q"),
        ({"thing_kind": ThingKind.VEHICLE}, "a-f-G-E-V-C"),
        ({"thing_kind": ThingKind.TEAM}, "a-f-G-U-C"),
        ({"thing_kind": ThingKind.VESSEL}, "a-f-S"),
        ({"thing_kind": None, "emitter_category": "A7"}, "a-f-A-C-H"),
        ({"thing_kind": None, "emitter_category": "A3"}, "a-f-A-C-F"),
        ({"thing_kind": None, "emitter_category": "B6"}, "a-f-A-M-H-Q"),
        ({"thing_kind": None, "emitter_category": "C2"}, "a-f-G-E-V-C"),
        ({"thing_kind": None}, "a-f-A-C"),
        ({"thing_kind": None, "icao24": ""}, "a-f-G"),
    ],
)
def test_kinds_of_things_are_types(said: dict[str, Any], code: str) -> None:
    """And our own decoder reads the kind back."""
    event = event_of(track(**said))
    assert event.type == code
    if said.get("thing_kind"):
        read = Decoder().read(replace(event, uid="x"), NOW).sighting
        assert read is not None
        assert read.thing_kind is said["thing_kind"]


def test_a_simulated_track_says_so_everywhere() -> None:
    """In its name, in words of two languages, and in how it came about."""
    event = event_of(track(simulated=True))
    assert event.detail.callsign == "演练 赣鹰01"
    assert "演练" in event.detail.remarks
    assert "simulated" in event.detail.remarks
    assert event.how == "m-s"


def test_an_aircraft_s_tasking_and_doubts_are_said() -> None:
    """What for, how far, and what is wrong with the position."""
    doubts = frozenset((Doubt.JUMPS, Doubt.CLOCK))
    task = tasking()
    event = event_of(track(doubts=doubts, emergency=Emergency.FUEL), tasking=task)
    assert f"任务 {task.number} 三爪仑林火 飞行" in event.detail.remarks
    assert "存疑 跳变、时钟偏差" in event.detail.remarks
    assert "紧急 油量告急" in event.detail.remarks


@pytest.mark.parametrize(
    ("said", "secret"),
    [
        (
            {
                "id": "phone:li.ming",
                "keys": ("phone:li.ming",),
                "name": "李明",
                "source_kind": SourceKind.PHONE,
            },
            "li.ming",
        ),
        (
            {
                "id": "jt808:13912345678",
                "keys": ("jt808:13912345678",),
                "name": "未登记 13912345678",
                "source_kind": SourceKind.TERMINAL,
            },
            "13912345678",
        ),
        (
            {
                "id": "cot:ANDROID-77",
                "keys": ("cot:ANDROID-77",),
                "name": None,
                "source_kind": SourceKind.COT,
            },
            "ANDROID",
        ),
        (
            {"id": "report:truck", "keys": ("report:truck",), "name": None, "source_kind": SourceKind.REPORT},
            "truck",
        ),
    ],
)
def test_no_account_number_or_device_is_told(said: dict[str, Any], secret: str) -> None:
    """Uids are digests with a salt of the run; names that hold one are replaced by what the thing is."""
    private = track(icao24="", callsign=None, registration=None, thing_kind=ThingKind.TEAM, **said)
    event = event_of(private)
    for text in (cot_xml.write(event).decode(), repr(event)):
        assert secret not in text
        assert "李明" not in text
    assert re.fullmatch(r"队伍 [0-9a-f]{4}", event.detail.callsign)
    assert event.uid == event_of(private).uid
    assert cot_picture.uid_of_track(private.id, site="36", salt=b"t" * 16) != event.uid


def test_a_terminal_named_in_the_list_keeps_its_name() -> None:
    """The list is the site's own."""
    listed = track(
        id="jt808:13912345678",
        keys=("jt808:13912345678",),
        icao24="",
        name="保障车1",
        callsign=None,
        source_kind=SourceKind.TERMINAL,
    )
    assert event_of(listed).detail.callsign == "保障车1"


def test_an_identity_keeps_its_id() -> None:
    """It names a thing, not a person's key."""
    assert cot_picture.uid_of_track("36-IDN-7K3F", site="36", salt=SALT) == "ganying.36.36-IDN-7K3F"
    assert (
        cot_picture.uid_of_track("registration:B-70K3", site="36", salt=SALT)
        == "ganying.36.registration-B-70K3"
    )


def test_a_call_for_help_is_an_alarm_and_its_end() -> None:
    """As ATAK's own: linked to the track, taken back by its own uid. Our decoder reads both."""
    crying = track(emergency=Emergency.SOS)
    event = event_of(crying)
    standing = cot_picture.alarm_of(crying, event, NOW)
    assert standing is not None
    assert (standing.event.uid, standing.event.type) == (event.uid + "-9-1-1", "b-a-o-tbl")
    assert standing.event.detail.links[0].uid == event.uid
    assert standing.event.detail.callsign == "赣鹰01 求救"
    decoder = Decoder()
    alarm = decoder.read(standing.event, NOW).sighting
    over = decoder.read(standing.over, NOW).sighting
    assert alarm is not None
    assert over is not None
    assert (alarm.emergency, over.emergency, over.calm) == (Emergency.SOS, None, True)
    assert alarm.key == over.key
    assert cot_picture.alarm_of(track(), event, NOW) is None


def test_a_simulated_alarm_says_so() -> None:
    """Nobody runs for a drill."""
    crying = track(emergency=Emergency.SOS, simulated=True)
    standing = cot_picture.alarm_of(crying, event_of(crying), NOW)
    assert standing is not None
    assert standing.event.detail.emergency == "演练 求救"
    assert standing.event.detail.callsign.startswith("演练")


def test_an_incident_is_a_spot_in_the_colour_of_its_level() -> None:
    """Title, kind, level, state, place; who reported it is not told."""
    made = incident(level=2, life_at_risk=True, reported_by="wang.dispatcher", note="电话 13812345678")
    standing = cot_picture.incident_of(made, site="36", now=NOW)
    event = standing.event
    assert (event.uid, event.type) == (f"ganying.36.{made.id}", "b-m-p-s-m")
    assert event.detail.callsign == "三爪仑林火"
    assert event.detail.remarks == "森林火灾；Ⅱ级 重大；待核实；靖安县；有人员受困"
    assert event.detail.colour == -35072
    assert (event.lon_deg, event.lat_deg) == (made.position.lon_deg, made.position.lat_deg)
    text = cot_xml.write(event).decode()
    assert "wang" not in text
    assert "138" not in text
    assert event.stale_s == NOW + cot_picture.STANDING_S


def test_an_incident_that_is_over_is_taken_off_the_map() -> None:
    """The uid to delete is in the link; the word is not stale when it is said."""
    standing = cot_picture.incident_of(incident(), site="36", now=NOW - 3600)
    over = cot_picture.renewed(standing.over, NOW)
    assert (over.type, over.detail.force_delete) == ("t-x-d-d", True)
    assert over.detail.links[0].uid == standing.event.uid
    assert over.uid != standing.event.uid
    assert over.stale_s > NOW


def test_a_simulated_incident_says_so() -> None:
    """In title and remarks."""
    event = cot_picture.incident_of(incident(simulated=True), site="36", now=NOW).event
    assert event.detail.callsign == "演练 三爪仑林火"
    assert "simulated" in event.detail.remarks


def test_what_we_send_is_read_in_both_forms() -> None:
    """By our own decoder at another site, which knows them for ours."""
    for event in (event_of(track()), cot_picture.incident_of(incident(), site="36", now=NOW).event):
        for wire in (cot_stream.xml_frame(event), cot_stream.stream_frame(event)):
            (read,) = cot_stream.feed(wire)
            assert isinstance(read, CotEvent)
            assert (read.uid, read.type, read.detail.remarks) == (event.uid, event.type, event.detail.remarks)
            assert read.uid.startswith(cot_picture.OUR_UIDS)


def test_the_words_are_the_console_s() -> None:
    """One dictionary in two places, held alike."""
    text = (Path(__file__).parents[2] / "webui/src/text/zh.ts").read_text(encoding="utf-8")

    def shown(block: str) -> dict[str, str]:
        body = re.search(rf"^  {block}: {{(.*?)^  }},", text, re.DOTALL | re.MULTILINE)
        assert body is not None, block
        return dict(re.findall(r"(\w+): '([^']*)'", body.group(1)))

    for block, words in (
        ("incidentKind", cot_words.INCIDENT_KINDS),
        ("incidentState", cot_words.INCIDENT_STATES),
        ("taskingState", cot_words.TASKING_STATES),
    ):
        assert shown(block) == {str(kind): word for kind, word in words.items()}


def test_every_kind_has_a_word() -> None:
    """A new kind of thing does not break a round."""
    for kind, words in (
        (RoomSymbol, cot_words.ROOM_SYMBOLS),
        (ThingKind, cot_words.THINGS),
        (Doubt, cot_words.DOUBTS),
        (Emergency, cot_words.EMERGENCIES),
        (AltitudeDatum, cot_words.HEIGHTS),
    ):
        assert set(kind) == set(words)
