"""The platform's side of JT/T 808 without sockets: who may report, what each message is answered with."""

import struct
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.geo import Position as Place
from dispatch.geo import wgs84_to_gcj02
from dispatch.kinds import AltitudeDatum, Emergency, HorizontalDatum, SourceKind, ThingKind
from dispatch.sighting import Sighting
from protocols import jt808_session as sessions
from protocols.frames import BadFrame
from protocols.jt808_frames import Deframer, Packet
from protocols.jt808_roster import Terminal as Listed
from protocols.jt808_session import Outcome, Session, Terminals
from tests.terminal808 import Answer, Terminal, answers, on_wire, place

AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
NUMBER = "13912345678"
HERE = place(115.9, 28.7, AT)
LISTED = {
    NUMBER: Listed(number=NUMBER, name="保障车1", registration="赣A12345"),
    "2": Listed(number="2", auth_code="by-hand", thing_kind=ThingKind.TEAM),
    "3": Listed(number="3", terminal_id="ABC0001"),
}


def terminals(**said: Any) -> Terminals:
    return Terminals(**{"source": "bd", "listed": LISTED, "secret": b"s" * 32} | said)


def packets(wire: bytes) -> list[Packet]:
    items = Deframer().feed(wire)
    assert not any(isinstance(item, BadFrame) for item in items)
    return [item for item in items if isinstance(item, Packet)]


class Dialogue:
    """One terminal on one connection."""

    def __init__(
        self, shared: Terminals | None = None, number: str = NUMBER, version: int | None = None
    ) -> None:
        self.shared = shared or terminals()
        self.session = Session(self.shared)
        self.terminal = Terminal(number, version)
        self.seen: list[Sighting] = []
        self.last = Outcome()

    def hears(self, wire: bytes, now_s: float = 0.0) -> list[Answer]:
        """What the platform answers to these packets."""
        answered = b""
        for packet in packets(wire):
            self.last = self.session.take(packet, now_s)
            answered += b"".join(self.last.answers)
            for one in self.last.seen:
                self.last.kinds += one.kinds
                self.last.errors += one.errors
                self.seen += [] if one.sighting is None else [one.sighting]
        return answers(answered)

    def says(self, message_id: int, body: bytes = b"") -> int:
        """The result of the general answer to a message."""
        serial = self.terminal.serial
        (answer,) = self.hears(self.terminal.say(message_id, body))
        assert answer.message_id == 0x8001
        assert (answer.number, answer.version) == (self.terminal.number, self.terminal.version)
        to, message, result = struct.unpack(">HHB", answer.body)
        assert (to, message) == (serial, message_id)
        return int(result)

    def logs_in(self) -> None:
        """Register and authenticate."""
        (answer,) = self.hears(self.terminal.register())
        assert (answer.message_id, answer.body[2]) == (0x8100, 0)
        serial = self.terminal.serial
        (answer,) = self.hears(self.terminal.authenticate(answer.body[3:]))
        assert answer.body == struct.pack(">HHB", serial, 0x0102, 0)


@pytest.mark.parametrize("version", [None, 1])
def test_a_listed_terminal_logs_in_and_its_position_is_seen(version: int | None) -> None:
    one = Dialogue(version=version)
    one.logs_in()
    assert one.says(0x0002) == 0
    assert one.says(0x0200, HERE) == 0
    assert one.seen == [
        Sighting(
            source="bd",
            source_kind=SourceKind.TERMINAL,
            own_key="jt808:13912345678",
            observed_at_s=AT.timestamp(),
            lon_deg=115.9,
            lat_deg=28.7,
            altitude_m=30.0,
            altitude_datum=AltitudeDatum.MSL,
            ground_speed_mps=pytest.approx(10.0),  # type: ignore[arg-type]
            track_deg=90.0,
            name="保障车1",
            registration="赣A12345",
            thing_kind=ThingKind.VEHICLE,
            calm=True,
        )
    ]
    assert one.last.good


def test_the_platform_numbers_its_own_messages() -> None:
    one = Dialogue()
    wire = b"".join(one.terminal.say(0x0002) for _ in range(3))
    assert [answer.serial for answer in one.hears(wire)] == [0, 1, 2]


def test_before_authentication_nothing_counts() -> None:
    one = Dialogue()
    for message_id, body in ((0x0200, HERE), (0x0002, b""), (0x0900, b"x"), (0x0003, b"")):
        assert one.says(message_id, body) == 1
        assert [code for code, _ in one.last.errors] == ["UNAUTHENTICATED"]
        assert not one.last.good
    one.hears(one.terminal.register())
    assert one.says(0x0200, HERE) == 1
    assert one.seen == []
    assert one.hears(one.terminal.say(0x0001, bytes(5))) == []


def test_the_code_survives_a_restart_and_is_its_own_for_each_terminal_feed_and_site() -> None:
    code = terminals().code_of(LISTED[NUMBER])
    assert terminals().code_of(LISTED[NUMBER]) == code
    assert code != terminals().code_of(LISTED["3"])
    assert code != terminals(source="other").code_of(LISTED[NUMBER])
    assert code != terminals(secret=b"t" * 32).code_of(LISTED[NUMBER])
    one = Dialogue()  # no registration this time
    (answer,) = one.hears(one.terminal.authenticate(code))
    assert answer.body[-1] == 0
    assert one.says(0x0200, HERE) == 0


def test_a_wrong_code_is_refused_and_counted() -> None:
    one = Dialogue()
    for code in (b"", b"guess", one.shared.code_of(LISTED["3"])):
        (answer,) = one.hears(one.terminal.authenticate(code))
        assert answer.body[-1] == 1
        assert [code for code, _ in one.last.errors] == ["WRONG_CODE"]
    assert one.says(0x0200, HERE) == 1


@pytest.mark.parametrize(
    ("number", "plate", "terminal_id", "result", "code"),
    [
        ("4", "", "", 4, "UNKNOWN_TERMINAL"),
        ("3", "", "ABC0002", 4, "UNKNOWN_TERMINAL"),
        ("3", "whatever", "ABC0001", 0, ""),
        (NUMBER, "赣A54321", "", 2, "WRONG_VEHICLE"),
        (NUMBER, "赣a·12345", "", 0, ""),
        (NUMBER, "", "", 0, ""),
        ("2", "", "", 3, ""),
    ],
)
def test_registrations_are_answered_by_the_list(
    number: str, plate: str, terminal_id: str, result: int, code: str
) -> None:
    one = Dialogue(number=number)
    serial = one.terminal.serial
    (answer,) = one.hears(one.terminal.register(plate, terminal_id))
    assert answer.message_id == 0x8100
    assert answer.body[:3] == struct.pack(">HB", serial, result)
    assert (len(answer.body) > 3) == (result == 0)
    assert [found for found, _ in one.last.errors] == ([code] if code else [])


def test_a_terminal_with_a_code_set_by_hand_need_not_register() -> None:
    one = Dialogue(number="2")
    (answer,) = one.hears(one.terminal.authenticate(b"by-hand"))
    assert answer.body[-1] == 0
    one.says(0x0200, HERE)
    assert one.seen[0].thing_kind is ThingKind.TEAM


def test_unlisted_terminals_report_only_where_that_is_said_and_are_shown_as_such() -> None:
    one = Dialogue(terminals(accept_unknown=True), number="18912340000")
    one.logs_in()
    one.says(0x0200, HERE)
    assert (one.seen[0].own_key, one.seen[0].name) == ("jt808:18912340000", "未登记 18912340000")


def test_a_terminal_taken_off_the_list_is_heard_no_more_and_may_not_come_back() -> None:
    one = Dialogue()
    one.logs_in()
    one.shared.relist({})
    assert one.says(0x0200, HERE) == 1
    assert [code for code, _ in one.last.errors] == ["UNKNOWN_TERMINAL"]
    assert one.shared.online == 0
    assert one.hears(one.terminal.register())[0].body[2] == 4


def test_a_changed_list_shows_at_the_next_position() -> None:
    one = Dialogue()
    one.logs_in()
    one.shared.relist({NUMBER: Listed(number=NUMBER, name="指挥车", callsign="洪都01")})
    one.says(0x0200, HERE)
    assert (one.seen[0].name, one.seen[0].callsign) == ("指挥车", "洪都01")


def test_the_newest_connection_of_a_terminal_takes_over() -> None:
    shared = terminals()
    first, second = Dialogue(shared), Dialogue(shared, version=1)
    first.logs_in()
    second.logs_in()
    assert second.last.replaced is first.session
    assert first.hears(first.terminal.say(0x0200, HERE)) == []
    assert second.says(0x0200, HERE) == 0
    assert (len(first.seen), len(second.seen), shared.online) == (0, 1, 1)
    first.session.close()
    assert shared.online == 1
    second.session.close()
    assert shared.online == 0


def test_authenticating_or_registering_again_changes_nothing() -> None:
    one = Dialogue()
    one.logs_in()
    one.logs_in()
    assert one.last.replaced is None
    assert (one.says(0x0200, HERE), one.shared.online) == (0, 1)


def test_another_number_on_the_same_connection_is_refused() -> None:
    one = Dialogue(terminals(accept_unknown=True))
    one.logs_in()
    one.terminal = Terminal("77")
    assert one.says(0x0200, HERE) == 1
    assert [code for code, _ in one.last.errors] == ["OTHER_NUMBER"]
    (answer,) = one.hears(one.terminal.authenticate(b"x"))
    assert answer.body[-1] == 1
    assert one.seen == []


def test_a_deregistered_terminal_must_authenticate_again() -> None:
    one = Dialogue()
    one.logs_in()
    assert one.says(0x0003) == 0
    assert one.says(0x0200, HERE) == 1
    one.logs_in()
    assert one.says(0x0200, HERE) == 0


def test_refusals_in_a_row_close_the_connection_and_a_success_forgives() -> None:
    one = Dialogue()
    for _ in range(sessions.STRIKE_LIMIT - 1):
        one.says(0x0200, HERE)
        assert not one.last.close
    one.logs_in()
    one.says(0x0003)
    for _ in range(sessions.STRIKE_LIMIT):
        assert not one.last.close
        one.says(0x0200, HERE)
    assert one.last.close == "16 refusals in a row"
    assert one.hears(one.terminal.register()) == []


def test_what_cannot_be_read_is_answered_so() -> None:
    one = Dialogue()
    one.logs_in()
    assert one.says(0x0200, HERE[:20]) == 2
    assert one.last.errors == [("MALFORMED", "MALFORMED: position: 20 bytes are less than 28")]
    assert one.says(0x0900, b"\x41hello") == 3
    assert one.says(0x0801, bytes(36)) == 3
    assert one.last.kinds == ["unsupported"]
    encrypted = bytearray(one.terminal.plain(0x0200, HERE))
    encrypted[2] |= 0x04
    (answer,) = one.hears(on_wire(bytes(encrypted)))
    assert answer.body[-1] == 3
    assert one.seen == []


def test_what_a_registration_or_authentication_lacks_is_answered_so() -> None:
    one = Dialogue(version=1)
    assert one.says(0x0100, b"short") == 2
    assert one.says(0x0102, b"\x20short") == 2


def test_a_position_without_a_fix_is_counted_and_not_seen() -> None:
    one = Dialogue()
    one.logs_in()
    for body, kind in (
        (place(115.9, 28.7, AT, status=0b01), "no fix"),
        (place(0.0, 0.0, AT), "no fix"),
    ):
        assert one.says(0x0200, body) == 0
        assert one.last.kinds == ["0200", kind]
    assert one.seen == []


def test_a_call_for_help_is_heard_also_without_a_fix_and_so_is_its_end() -> None:
    one = Dialogue()
    one.logs_in()
    for alarm, status in ((1, 3), (1, 1), (1, 1), (0, 1), (0, 1), (0, 3)):
        one.says(0x0200, place(115.9, 28.7, AT, alarm=alarm, status=status))
    assert [(s.emergency, s.calm, s.lon_deg, s.observed_at_s is None) for s in one.seen] == [
        (Emergency.SOS, False, 115.9, False),
        (Emergency.SOS, False, None, True),
        (Emergency.SOS, False, None, True),
        (None, True, None, True),
        (None, True, 115.9, False),
    ]


def test_a_late_batch_is_history_and_an_ordinary_one_is_not() -> None:
    one = Dialogue()
    one.logs_in()
    nofix = place(115.9, 28.7, AT, status=1, alarm=1)
    assert one.says(0x0704, one.terminal.batch([HERE, nofix, HERE], late=True)) == 0
    assert [(s.backfill, s.calm) for s in one.seen] == [(True, False)] * 2
    assert one.says(0x0704, one.terminal.batch([HERE] * 3, late=False)) == 0
    assert [s.backfill for s in one.seen[2:]] == [False] * 3
    assert one.says(0x0704, one.terminal.batch([HERE, HERE[:9]], late=False)) == 0
    assert one.last.errors == [("MALFORMED", "MALFORMED: position: 9 bytes are less than 28")]
    assert one.says(0x0704, one.terminal.batch([HERE], late=False) + b"\0") == 2
    assert len(one.seen) == 7


def test_a_query_answer_is_a_position() -> None:
    one = Dialogue()
    one.logs_in()
    assert one.says(0x0201, b"\x00\x01" + HERE) == 0
    assert len(one.seen) == 1


def test_the_same_message_again_is_answered_again_and_counted_once() -> None:
    one = Dialogue()
    one.logs_in()
    wire = one.terminal.say(0x0200, HERE)
    first, again = one.hears(wire), one.hears(wire)
    assert first[0].body == again[0].body
    assert first[0].serial + 1 == again[0].serial
    assert (one.last.repeat, len(one.seen)) == (True, 1)


def test_a_terminal_whose_serial_stands_still_is_seen_moving() -> None:
    one = Dialogue()
    one.logs_in()
    for step in range(3):
        one.terminal.serial = 0
        one.says(0x0200, place(115.9 + step / 1000, 28.7, AT))
    assert len(one.seen) == 3


def test_a_long_message_is_answered_part_by_part_and_seen_once() -> None:
    one = Dialogue(version=1)
    one.logs_in()
    parts = one.terminal.parts(0x0704, one.terminal.batch([HERE] * 40, late=True), 500)
    assert len(parts) == 3
    for number, part in enumerate((parts[0], parts[0], *parts[1:])):
        (answer,) = one.hears(part)
        assert (answer.message_id, answer.body[-1]) == (0x8001, 0)
        assert one.last.repeat == (number == 1)
    assert len(one.seen) == 40
    assert one.hears(b"".join(parts))
    assert len(one.seen) == 40


def test_parts_that_are_missing_are_asked_for_again() -> None:
    one = Dialogue()
    one.logs_in()
    first_serial = one.terminal.serial
    parts = one.terminal.parts(0x0704, one.terminal.batch([HERE] * 40, late=True), 300)
    one.hears(b"".join((parts[0], parts[2])))
    general, resend = one.hears(parts[4])
    assert general.message_id == 0x8001
    assert (resend.message_id, resend.body) == (0x8003, struct.pack(">HBHH", first_serial, 2, 2, 4))
    one.hears(parts[1] + parts[3])
    assert len(one.seen) == 40


def test_unfinished_and_endless_messages_are_counted() -> None:
    one = Dialogue()
    one.logs_in()
    (answer,) = one.hears(on_wire(one.terminal.plain(0x0704, b"x", part=(1, 65))))
    assert answer.body[-1] == 1
    assert one.last.errors == [("PARTS_TOO_MANY", "65 parts")]
    for _ in range(3):
        one.hears(on_wire(one.terminal.plain(0x0704, b"x", part=(1, 2))))
    assert one.last.errors == [("PARTS_LOST", "an unfinished message was given up")]


def test_coordinates_of_another_datum_are_brought_to_wgs84() -> None:
    one = Dialogue(terminals(datum=HorizontalDatum.GCJ02))
    one.logs_in()
    said = wgs84_to_gcj02(Place(lon_deg=115.9, lat_deg=28.7))
    one.says(0x0200, place(said.lon_deg, said.lat_deg, AT))
    assert one.seen[0].lon_deg == pytest.approx(115.9, abs=2e-6)
    assert one.seen[0].lat_deg == pytest.approx(28.7, abs=2e-6)


def test_coordinates_of_the_secrecy_plug_in_are_brought_to_wgs84_whatever_the_feed_says() -> None:
    said = wgs84_to_gcj02(Place(lon_deg=115.9, lat_deg=28.7))
    for datum in HorizontalDatum:
        one = Dialogue(terminals(datum=datum))
        one.logs_in()
        one.says(0x0200, place(said.lon_deg, said.lat_deg, AT, status=0b100011))
        assert one.last.kinds == ["0200", "shifted by the plug-in"]
        assert one.seen[0].lon_deg == pytest.approx(115.9, abs=2e-6)


def test_a_simulators_feed_marks_what_it_says() -> None:
    one = Dialogue(terminals(simulated=True))
    one.logs_in()
    one.says(0x0200, HERE)
    assert one.seen[0].simulated


any_packet = st.builds(
    Packet,
    message_id=st.sampled_from(
        [0x0001, 0x0002, 0x0003, 0x0100, 0x0102, 0x0200, 0x0201, 0x0704, 0x0900, 0xFFFF]
    ),
    number=st.sampled_from(["013912345678", "0000abcdef12", "000000000000"]),
    serial=st.integers(0, 3) | st.integers(65533, 65535),
    body=st.binary(max_size=60)
    | st.just(HERE)
    | st.just(terminals(accept_unknown=True).code_of(LISTED[NUMBER])),
    encryption=st.sampled_from([0, 0, 0, 1]),
    part=st.integers(1, 3),
    parts=st.integers(3, 5) | st.just(65535),
) | st.builds(
    Packet,
    message_id=st.sampled_from([0x0102, 0x0200, 0x0704]),
    number=st.just("013912345678"),
    serial=st.integers(0, 3),
    body=st.just(HERE) | st.just(terminals(accept_unknown=True).code_of(LISTED[NUMBER])),
)


@given(st.lists(any_packet, max_size=40))
def test_no_dialogue_raises_and_every_packet_has_two_answers_at_most(said: list[Packet]) -> None:
    shared = terminals(accept_unknown=True)
    sessions_of_feed = [Session(shared), Session(shared)]
    for number, packet in enumerate(said):
        session = sessions_of_feed[number % 2]
        out = session.take(packet, float(number))
        assert len(out.answers) <= 2
        assert len(session._answered) <= sessions.REPEATS_REMEMBERED
        assert all(out.good for one in out.seen if one.sighting is not None)
        answers(b"".join(out.answers))
    for session in sessions_of_feed:
        session.close()
    assert shared.online == 0
