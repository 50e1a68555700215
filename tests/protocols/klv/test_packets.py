"""KLV packets: what they say, and every fault by its name and tag."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import klv
from protocols.klv import ber, maps
from protocols.klv.local_set import running_sum
from protocols.klv.tags import TAGS, Form
from tests.klv_sent import AT, checksum, coded, item, length, oid, packet, said

DATA = Path(__file__).parents[2] / "data" / "klv"
FIVE = item(5, b"\x80\x00")


def fault(data: bytes) -> tuple[str, str]:
    with pytest.raises(klv.KlvError) as caught:
        klv.decode(data)
    return caught.value.code, caught.value.field


def recorded() -> list[bytes]:
    packets = klv.split((DATA / "day_flight.klv").read_bytes())
    return [each for each in packets if isinstance(each, bytes)]


def test_a_recorded_flight_is_read() -> None:
    frames = [klv.decode(each) for each in recorded()]
    assert len(frames) == 6
    assert not any(frame.faults or frame.unknown for frame in frames)
    first = frames[0]
    assert first.time_utc == datetime(2009, 6, 17, 16, 53, 5, 99653, tzinfo=UTC)
    assert (first.version, first.sensor, first.ground_speed_mps) == (1, "EON", 46.0)
    assert first.sensor_lat_deg == pytest.approx(54.6813233, abs=1e-7)
    assert first.sensor_lon_deg == pytest.approx(-110.1685598, abs=1e-7)
    assert first.sensor_altitude_m == pytest.approx(1532.27, abs=0.01)
    assert first.slant_range_m == pytest.approx(10_928.6, abs=0.1)
    assert first.corners is None
    assert first.items[12].value == "Geodetic WGS84"


def test_tag_22_in_four_bytes_is_read_with_a_warning() -> None:
    for frame in map(klv.decode, recorded()):
        (width,) = frame.warnings
        assert (width.tag, width.warning) == (22, "4 bytes where the standard says 2")
        # what the packet's own slant range and field of view make of it, to a step of each
        across = 2 * frame.slant_range_m * maps.math.tan(maps.math.radians(frame.horizontal_fov_deg) / 2)
        assert frame.target_width_m == pytest.approx(across, rel=0.03)
    frame = klv.decode(packet([(22, b"\x00\x01\x00\x00")]))
    assert frame.target_width_m is None
    assert frame.faults[0].fault.field == "tag 22 target_width_m"
    assert frame.faults[0].fault.code == "WIDTH"


def test_a_packet_of_another_hand_with_a_wrong_checksum_is_refused_and_is_good_but_for_that() -> None:
    data = (DATA / "DynamicConstantMISMMSPacketData.bin").read_bytes()
    assert fault(data) == ("CRC", "tag 1 checksum")
    frame = klv.decode(data[:-2] + checksum(data[:-2]))
    assert (frame.mission_id, frame.platform, frame.sensor) == ("Mission 12", "Predator", "EO Nose")
    assert frame.items[48].value[:3] == ((1, b"\x01"), (2, b"\x07"), (3, b"//USA"))


@pytest.mark.parametrize(
    ("data", "code", "field"),
    [
        (b"", "NO_LABEL", ""),
        (b"\x47" * 40, "NO_LABEL", ""),
        (klv.LABEL[:9], "TRUNCATED", ""),
        (klv.LABEL, "TRUNCATED", ""),
        (klv.LABEL[:4] + bytes(12) + b"\x00", "UNKNOWN_SET", ""),
        (klv.LABEL + b"\x80\x00", "LENGTH", ""),
        (klv.LABEL + b"\xff" + bytes(200), "LENGTH", ""),
        (klv.LABEL + b"\x82\x01", "TRUNCATED", ""),
        (klv.LABEL + b"\x88" + b"\xff" * 8, "OVERSIZE", ""),
        (klv.LABEL + b"\x84\x00\x01\x00\x01", "OVERSIZE", ""),
        (klv.LABEL + b"\x30\x02\x08", "TRUNCATED", ""),
        (klv.LABEL + b"\x00", "NO_CHECKSUM", "tag 1 checksum"),
        (klv.LABEL + b"\x04" + FIVE, "NO_CHECKSUM", "tag 1 checksum"),
        (packet(FIVE)[:-1] + b"\x00", "CRC", "tag 1 checksum"),
        (packet(FIVE) + b"\x00", "TRAILING", ""),
        (packet(b"\x05\x7f\x00"), "OVERRUN", "tag 5"),
        (packet(b"\x05\x84\xff\xff\xff\xff\x00"), "OVERRUN", "tag 5"),
        (packet(b"\x05\x80\x00"), "LENGTH", "tag 5"),
        (packet(b"\x05"), "TRUNCATED", "tag 5"),
        (packet(b"\x05\x82"), "TRUNCATED", "tag 5"),
        (packet(b"\x05\x00" * 513), "OVERSIZE", ""),
        (packet(b"\x80\x05\x00"), "LENGTH", ""),
        (packet(b"\xff\xff\xff\xff\x7f\x00"), "LENGTH", ""),
        (packet(b"\xff"), "TRUNCATED", ""),
    ],
)  # fmt: skip
def test_a_fault_of_the_set_is_named(data: bytes, code: str, field: str) -> None:
    assert fault(data) == (code, field)


@pytest.mark.parametrize(
    ("tag", "raw", "code", "field"),
    [
        (5, b"\x01", "WIDTH", "tag 5 platform_heading_deg"),
        (13, bytes(9), "WIDTH", "tag 13 sensor_lat_deg"),
        (110, bytes(9), "WIDTH", "tag 110 airborne_s"),
        (104, bytes(9), "WIDTH", "tag 104 sensor_height_extended_m"),
        (3, b"x" * 128, "WIDTH", "tag 3 mission_id"),
        (3, b"\xff\xfe", "TEXT", "tag 3 mission_id"),
        (2, b"\xff" * 8, "TIME", "tag 2 time"),
        (72, b"\x7f" * 8, "TIME", "tag 72 event_start"),
        (48, b"\x01\x01\x01\x03\x40//", "OVERRUN", "tag 48.3 security"),
        (48, b"\x01", "TRUNCATED", "tag 48.1 security"),
        (74, b"\x81", "TRUNCATED", "tag 74 moving_targets"),
        (74, b"\x80\x01\x00", "LENGTH", "tag 74 moving_targets"),
        (74, b"\x01\x00" * 513, "OVERSIZE", "tag 74 moving_targets"),
        (74, b"\x01\x80", "LENGTH", "tag 74.1 moving_targets"),
    ],
)
def test_a_fault_of_an_item_costs_that_item_alone(tag: int, raw: bytes, code: str, field: str) -> None:
    frame = klv.decode(packet([(tag, raw), (64, b"\x80\x00"), (65, b"\x13")]))
    (one,) = frame.faults
    assert (one.fault.code, one.fault.field, one.fault.tag) == (code, field, tag)
    assert (one.raw, one.value) == (raw, None)
    assert frame.items[64].value == pytest.approx(180, abs=0.01)


def test_no_value_is_said_and_kept_apart_from_zero() -> None:
    out = klv.decode(packet([(6, b"\x80\x00"), (23, b"\x80\x00\x00\x00"), (5, b""), (104, b"\xc8\x00\x00")]))
    assert (out.platform_pitch_deg, out.centre_lat_deg, out.platform_heading_deg) == (None, None, None)
    assert {tag: one.special for tag, one in out.items.items()} == {
        6: "out_of_range",
        23: "off_earth",
        5: "unknown",
        104: "infinite",
    }
    assert not out.faults


def test_unknown_tags_are_kept_and_repeats_are_said() -> None:
    out = klv.decode(
        packet(
            [(66, b""), (9_999, b"abc"), (5, b"\x00\x00"), (5, b"\x80\x00"), (115, b"\x01"), (115, b"\x02")]
        )
    )
    assert out.unknown == {66: b"", 9_999: b"abc"}
    assert out.platform_heading_deg == pytest.approx(180, abs=0.01)
    assert [(one.tag, one.warning) for one in out.warnings] == [(5, "came more than once")]


def test_newer_items_stand_for_older_ones() -> None:
    older = {6: 1.0, 7: 2.0, 75: 100.0, 22: 50.0}
    out = klv.decode(said({**older, 90: -31.0, 91: 62.0, 104: 20_500.0, 96: 25_000.0}))
    assert out.platform_pitch_deg == pytest.approx(-31, abs=1e-6)
    assert out.platform_roll_deg == pytest.approx(62, abs=1e-6)
    assert out.sensor_height_m == pytest.approx(20_500, abs=0.01)
    assert out.target_width_m == pytest.approx(25_000, abs=0.25)
    out = klv.decode(said(older))
    assert out.platform_pitch_deg == pytest.approx(1, abs=1e-3)
    assert out.sensor_height_m == pytest.approx(100, abs=0.2)


def test_corners_are_whole_ones_else_offsets_else_none() -> None:
    whole = {82 + n: [29.0, 115.0, 29.0, 115.1, 28.9, 115.1, 28.9, 115.0][n] for n in range(8)}
    offsets = {26 + n: [0.01, -0.02, 0.01, 0.02, -0.01, 0.02, -0.01, -0.02][n] for n in range(8)}
    centre = {23: 28.5, 24: 179.99}
    assert klv.decode(said(whole | offsets | centre)).corners[2] == pytest.approx((115.1, 28.9), abs=1e-6)
    moved = klv.decode(said(offsets | centre)).corners
    assert moved[0] == pytest.approx((179.97, 28.51), abs=1e-5)
    assert moved[1] == pytest.approx((-179.99, 28.51), abs=1e-5)  # over the date line
    assert klv.decode(said(offsets)).corners is None
    del offsets[33]
    assert klv.decode(said(offsets | centre)).corners is None


def test_time_is_utc_also_of_a_clock_without_leap_seconds() -> None:
    assert klv.decode(said({})).time_utc == AT
    put_right = klv.decode(said({136: 18, 137: -250_000})).time_utc
    assert put_right == AT - timedelta(seconds=18.25)
    assert klv.decode(packet([(2, b"\x00" * 8), (136, b"\x7f" * 8)])).time_utc is None
    assert klv.decode(packet([(65, b"\x01")])).time_utc is None


def test_the_revision_in_old_labels_is_let_be() -> None:
    data = bytearray(packet(FIVE))
    data[13] = 3
    data[-2:] = checksum(bytes(data[:-2]))
    assert klv.decode(bytes(data)).platform_heading_deg is not None


NUMBERS = [tag for tag, one in TAGS.items() if one.form in (Form.UNSIGNED, Form.SIGNED, Form.IMAPB)]


@given(st.sampled_from(NUMBERS), st.floats(0, 1), st.integers(2, 8))
def test_a_number_comes_back_within_a_step(tag: int, share: float, width: int) -> None:
    known = TAGS[tag]
    value = known.low + share * (known.high - known.low)
    raw = coded(tag, value, width=width)
    got = klv.decode(packet([(tag, raw)])).items[tag].value
    steps = 256 ** (known.width or width) / (2 if known.form is not Form.IMAPB else 4)
    assert abs(got - value) <= (known.high - known.low) / steps + 1e-9 * max(1, abs(value))


@given(st.integers(0, 2**40), st.integers(0, 3))
def test_lengths_come_back_in_every_form(size: int, padding: int) -> None:
    data = length(size)
    if padding and data[0] & 0x80:
        wide = min(8, len(data) - 1 + padding)
        data = bytes((0x80 | wide,)) + size.to_bytes(wide)
    assert ber.length(data + b"rest", 0) == (size, len(data))


@given(st.lists(st.tuples(st.integers(0, 2**28 - 1), st.binary(max_size=300)), max_size=12))
def test_items_come_back(pairs: list[tuple[int, bytes]]) -> None:
    data = b"".join(item(tag, raw) for tag, raw in pairs)
    assert list(ber.items(data)) == pairs
    assert all(ber.tag(oid(tag), 0) == (tag, len(oid(tag))) for tag, _ in pairs)


@given(st.binary(max_size=300))
def test_the_running_sum_is_that_of_the_standard(data: bytes) -> None:
    assert running_sum(data).to_bytes(2) == checksum(data)


@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_are_read_or_refused_by_name(data: bytes, dressed: bool) -> None:
    try:
        klv.decode(packet(data) if dressed else klv.LABEL + data)
    except klv.KlvError as wrong:
        assert wrong.code
