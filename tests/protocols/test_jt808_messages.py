"""JT/T 808 bodies: real terminals' frames against another hand's decode, both versions, every fault."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.errors import Malformed
from protocols import jt808, jt808_position
from protocols import jt808_messages as messages
from protocols.frames import BadFrame
from protocols.jt808_frames import Packet, encode
from protocols.jt808_messages import Registration, RegistrationResult, Result
from protocols.jt808_position import Position
from tests import chunking
from tests.terminal808 import Terminal, answer, off_wire, on_wire, place

DATA = Path(__file__).parents[1] / "data" / "jt808"
AT = datetime(2026, 11, 24, 23, 30, 5, tzinfo=UTC)  # the next day in GMT+8


def vectors() -> list[dict[str, Any]]:
    return [v for v in json.loads((DATA / "vectors.json").read_text()) if v["hex"].startswith("7e")]


def whole(data: bytes) -> list[jt808.Read | BadFrame]:
    decoder = jt808.Decoder()
    return decoder.feed(data) + decoder.close()


def wire(vector: dict[str, Any]) -> bytes:
    """A vector on the wire again, with the check code it came with."""
    inside = bytes.fromhex(vector["hex"])[1:-1]
    return b"\x7e" + inside.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02") + b"\x7e"


def test_every_real_frame_is_read_or_refused_for_its_known_fault() -> None:
    codes: Counter[str] = Counter()
    for vector in vectors():
        (item,) = whole(wire(vector))
        if isinstance(item, BadFrame):
            codes[item.code] += 1
            assert not vector["checksum_ok"] if item.code == "CRC" else not vector["body_len_ok"]
        else:
            codes["read"] += 1
            assert vector["checksum_ok"]
            assert vector["body_len_ok"]
            assert f"{item.packet.message_id:04x}" == vector["msg_id"]
    assert codes == {"read": 48, "CRC": 2, "MALFORMED": 5}


def test_real_positions_are_where_and_when_another_hand_has_them() -> None:
    compared = 0
    for vector in vectors():
        if "pos" not in vector or not vector["checksum_ok"]:
            continue
        (item,) = whole(wire(vector))
        assert isinstance(item, jt808.Read)
        assert isinstance(item.said, Position)
        said = item.said
        assert [abs(said.lat_deg), abs(said.lon_deg)] == vector["pos"]
        assert said.at_s is not None
        local = datetime.fromtimestamp(said.at_s, UTC) + timedelta(hours=8)
        assert local.strftime("%y%m%d%H%M%S") == vector["time"]
        # the hemisphere is not in the vectors' figures, but in the frame
        status = int(vector["hex"][34:42], 16)
        assert (said.lat_deg < 0) == bool(status & 4 and vector["pos"][0])
        assert (said.lon_deg < 0) == bool(status & 8 and vector["pos"][1])
        compared += 1
    assert compared == 33


def test_real_items_are_read_by_name() -> None:
    by_id = {vector["id"]: vector for vector in vectors()}
    for number, name, value in ((2, "mileage_m", 10_000.0), (94, "satellites", 14), (56, "signal", 13)):
        (item,) = whole(wire(by_id[number]))
        assert isinstance(item, jt808.Read)
        assert isinstance(item.said, Position)
        assert item.said.extras()[0][name] == value
        assert item.said.rest == b""


def test_a_real_batch_is_late_and_in_order() -> None:
    batches = {}
    for vector in vectors():
        (item,) = whole(wire(vector))
        if isinstance(item, jt808.Read) and isinstance(item.said, messages.Batch):
            batches[vector["id"]] = item.said
    assert {number: len(batch.bodies) for number, batch in batches.items()} == {
        0: 1,
        12: 6,
        60: 6,
        64: 3,
        76: 8,
        78: 4,
    }
    times = [position.at_s for position in batches[76].positions() if isinstance(position, Position)]
    assert times == sorted(times)  # type: ignore[type-var]  # each has a time
    assert all(batch.late for batch in batches.values())


def test_a_2011_and_a_2013_and_a_2019_registration_are_told_apart() -> None:
    by_id = {vector["id"]: vector for vector in vectors()}
    said = {}
    for number in (54, 82, 4):
        (item,) = whole(wire(by_id[number]))
        assert isinstance(item, jt808.Read)
        said[number] = item.said
    assert said[54] == Registration(
        province=44,
        city=303,
        maker="70111",
        model="BSJ-M7B",
        terminal_id="0000000",
        plate_color=1,
        plate="粤B88888",
    )
    assert isinstance(said[82], Registration)
    assert (said[82].model, said[82].terminal_id, said[82].plate) == ("BSJ-A6-BD", "0567872", "粤B88888")
    assert isinstance(said[4], Registration)
    assert (said[4].model, said[4].terminal_id, said[4].plate_color) == ("MD300", "866496077582164", 4)


def test_an_authentication_of_2019_has_imei_and_version() -> None:
    (item,) = whole(Terminal("1", 1).authenticate(b"abc"))
    assert isinstance(item, jt808.Read)
    assert item.said == messages.Authentication(code=b"abc", imei="866496077582164", software="v1.2")
    (item,) = whole(Terminal("1").authenticate(b"abc\0"))
    assert isinstance(item, jt808.Read)
    assert item.said == messages.Authentication(code=b"abc")


def test_a_position_is_si_and_utc_with_its_hemispheres() -> None:
    items = bytes.fromhex("0104000000ff 030200c8 1400 30010a e1027d7e".replace(" ", ""))
    said = jt808_position.read(
        place(-70.5, -33.25, AT, alarm=1 | 1 << 29, status=3 | 1 << 19, altitude_m=-154, items=items)
    )
    assert (said.lon_deg, said.lat_deg, said.altitude_m, said.track_deg) == (-70.5, -33.25, -154.0, 90.0)
    assert said.ground_speed_mps == pytest.approx(10.0)
    assert said.at_s == AT.timestamp()
    assert (said.fixed, said.sos, said.alarms, said.systems) == (
        True,
        True,
        ("sos", "collision"),
        ("beidou",),
    )
    assert said.extras() == (
        {"mileage_m": 25_500.0, "recorder_speed_mps": pytest.approx(5.555556), "signal": 10},
        {"14": "", "e1": "7d7e"},
    )


def test_items_whose_lengths_do_not_add_up_cost_no_position() -> None:
    said = jt808_position.read(place(116.0, 28.0, AT, items=b"\x31\x01\x09\xeb\x0c\x00\x01"))
    assert said.items == ((0x31, b"\x09"),)
    assert said.rest == b"\xeb\x0c\x00\x01"


def test_a_terminal_without_a_clock_says_no_time() -> None:
    body = bytearray(place(116.0, 28.0, AT))
    body[22:28] = bytes(6)
    assert jt808_position.read(bytes(body)).at_s is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({22: 0x2A}, "time"),
        ({23: 0x13}, "time"),
        ({24: 0x32}, "time"),
        ({25: 0x24}, "time"),
        ({8: 0x06}, "lat_deg"),
        ({12: 0x0B}, "lon_deg"),
    ],
)
def test_a_wrong_field_of_a_position_is_named(change: dict[int, int], field: str) -> None:
    body = bytearray(place(116.0, 28.0, AT))
    for at, byte in change.items():
        body[at] = byte
    with pytest.raises(Malformed) as wrong:
        jt808_position.read(bytes(body))
    assert wrong.value.field == field


def test_a_direction_beyond_the_circle_is_not_said() -> None:
    assert jt808_position.read(place(116.0, 28.0, AT, direction=361)).track_deg is None
    assert jt808_position.read(place(116.0, 28.0, AT, direction=360)).track_deg == 0.0


@pytest.mark.parametrize(
    ("message_id", "body", "version", "field"),
    [
        (0x0200, bytes(27), None, "position"),
        (0x0201, b"\0", None, "serial"),
        (0x0201, bytes(20), None, "position"),
        (0x0100, bytes(24), None, "registration"),
        (0x0100, bytes(75), 1, "registration"),
        (0x0102, b"", 1, "code"),
        (0x0102, b"\x05abc", 1, "code"),
        (0x0001, bytes(4), None, "result"),
        (0x0704, b"\0", None, "count"),
        (0x0704, b"\0\1", None, "type"),
    ],
)
def test_a_body_cut_short_is_named(message_id: int, body: bytes, version: int | None, field: str) -> None:
    with pytest.raises(Malformed) as wrong:
        messages.read(message_id, body, version=version)
    assert wrong.value.field == field


def test_a_batch_with_a_bad_position_gives_the_good_ones_and_says_so() -> None:
    good = place(116.0, 28.0, AT)
    body = Terminal("1").batch([good, good[:20], good], late=False) + b"\x00\x99zz"
    said = messages.read(0x0704, body, version=None)
    assert isinstance(said, messages.Batch)
    assert [isinstance(p, Position) for p in said.positions()] == [True, False, True]
    assert [fault.field for fault in said.faults] == ["positions"]
    said = messages.read(0x0704, b"\0\2\0" + Terminal("1").batch([good], late=False)[3:], version=None)
    assert isinstance(said, messages.Batch)
    assert [fault.field for fault in said.faults] == ["count"]


def test_an_answer_comes_back_to_the_position_query() -> None:
    (item,) = whole(Terminal("1").say(0x0201, b"\x00\x07" + place(116.0, 28.0, AT)))
    assert isinstance(item, jt808.Read)
    assert isinstance(item.said, messages.PositionAnswer)
    assert (item.said.serial, item.said.position.lon_deg) == (7, 116.0)


@pytest.mark.parametrize("version", [None, 1])
def test_the_platforms_answers_are_of_the_terminals_version(version: int | None) -> None:
    number = "13912345678".zfill(12 if version is None else 20)
    to = Packet(message_id=0x0200, number=number, serial=0x0102, version=version)

    def sent(packet: Packet) -> tuple[int, int | None, str, int, bytes]:
        (plain,) = off_wire(encode(packet))
        said = answer(plain)
        return said.message_id, said.version, said.number, said.serial, said.body

    assert sent(messages.platform_answer(to, Result.UNSUPPORTED, serial=9)) == (
        0x8001,
        version,
        number,
        9,
        bytes.fromhex("0102020003"),
    )
    assert sent(messages.registration_answer(to, RegistrationResult.DONE, b"code", serial=9))[-1] == (
        bytes.fromhex("010200") + b"code"
    )
    refusal = messages.registration_answer(to, RegistrationResult.NO_TERMINAL, b"code", serial=9)
    assert sent(refusal)[-1] == bytes.fromhex("010204")
    resend = sent(messages.resend_request(to, 0x0100, (2, 5), serial=9))
    assert resend[0] == 0x8003
    assert resend[-1] == bytes.fromhex("010002 00020005" if version is None else "01000002 00020005")


def test_text_is_gbk_to_its_first_zero_and_harmless() -> None:
    assert messages.text("赣A·12345".encode("gbk") + b"\0\0junk") == "赣A·12345"
    assert messages.text(b"\x1b[31mred\xff") == "[31mred\ufffd"


def test_encrypted_and_unknown_messages_are_told_and_not_read() -> None:
    plain = bytearray(Terminal("1").plain(0x0200, place(116.0, 28.0, AT)))
    plain[2] |= 0x04
    (item,) = whole(on_wire(bytes(plain)))
    assert isinstance(item, jt808.Read)
    assert (item.said, item.packet.encryption) == (None, 1)
    (item,) = whole(Terminal("1").say(0x0900, b"\x41abc"))
    assert isinstance(item, jt808.Read)
    assert (item.said, item.body) == (None, b"\x41abc")


def test_a_long_message_is_read_once_all_parts_are_there() -> None:
    body = Terminal("1").batch([place(116.0, 28.0, AT)] * 9, late=True)
    items = whole(b"".join(Terminal("1").parts(0x0704, body, 100)))
    assert [isinstance(item, jt808.Read) and item.said is not None for item in items] == [False] * 2 + [True]


@given(
    st.sampled_from(sorted(messages.KNOWN)),
    st.none() | st.just(1),
    st.binary(max_size=120),
    st.booleans(),
)
def test_no_body_raises_but_what_is_named(
    message_id: int, version: int | None, body: bytes, batched: bool
) -> None:
    if batched:
        body = b"\0\1\1" + len(body).to_bytes(2) + body
    try:
        messages.read(message_id, body, version=version)
    except Malformed as wrong:
        assert wrong.field


@given(st.lists(st.sampled_from([wire(vector) for vector in vectors()]), max_size=5), chunking.sizes)
def test_real_frames_are_read_the_same_in_any_chunking(frames: list[bytes], steps: list[int]) -> None:
    stream = b"\xaa".join(frames)
    decoder = jt808.Decoder()
    items = [item for piece in chunking.cut(stream, steps) for item in decoder.feed(piece)]
    assert str(items + decoder.close()) == str(whole(stream))
