"""`ganying decode --format klv`: bare packets, transport streams and captures; every fault a line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.cli.decode import reader_of
from adapters.cli.decode_lines import Options
from tests import chunking
from tests.adapters.cli.test_decode import decode, written
from tests.klv_sent import packet, said
from tests.protocols.klv.test_transport import stream
from tests.protocols.test_pcap import capture, udp4

ETHERNET = bytes(12) + b"\x08\x00"
DATA = Path(__file__).parents[2] / "data" / "klv"


def test_a_recorded_flight_is_a_line_a_packet(capsys: pytest.CaptureFixture[str]) -> None:
    lines, summary = decode(capsys, DATA / "day_flight.klv", "--format", "klv")
    assert (summary["messages"], summary["valid"], summary["positions"]) == (6, 6, 6)
    first = lines[0]
    assert first["time"] == "2009-06-17T16:53:05.099653Z"
    assert (first["lon_deg"], first["lat_deg"]) == (-110.1685598, 54.6813233)
    assert (first["altitude_m"], first["altitude_datum"], first["ground_speed_mps"]) == (
        1532.273,
        "msl",
        46.0,
    )
    assert first["items"]["slant_range_m"] == pytest.approx(10_928.62, abs=0.01)
    assert first["warnings"] == [
        {"field": "tag 22 target_width_m", "detail": "4 bytes where the standard says 2"}
    ]
    assert first["footprint"]["corners_by"] == "centre"
    assert len(first["footprint"]["corners"]) == 4


def test_the_same_packets_in_a_transport_stream_are_the_same_lines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bare, _ = decode(capsys, DATA / "day_flight.klv", "--format", "klv")
    muxed, _ = decode(capsys, DATA / "day_flight_h264_part.ts", "--format", "klv")
    beside = {"pid": 0x102, "pts_s": None, "carriage": "asynchronous"}
    assert muxed == [line | beside for line in bare]


def test_time_stamps_stand_beside_synchronous_packets(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lines, summary = decode(capsys, written(tmp_path, stream(2)), "--format", "klv")
    assert [(line["carriage"], line["pts_s"]) for line in lines] == [
        ("asynchronous", None),
        ("synchronous", 95443.717678),
        ("asynchronous", None),
        ("synchronous", 0.039989),
    ]
    assert summary["messages"] == 4


def test_what_is_wrong_is_a_line_with_its_name(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    wrong = (DATA / "DynamicConstantMISMMSPacketData.bin").read_bytes()
    item = packet([(5, b"\x01"), (66, b"ab"), (6, b"\x80\x00"), (48, b"\x03\x01x")])
    data = b"noise" + wrong + item + packet(b"\x05\x7f") + said({5: 3.0})[:-4]
    lines, summary = decode(capsys, written(tmp_path, data), "--format", "klv")
    assert [(line.get("error"), line.get("field")) for line in lines] == [
        ("GARBAGE", None),
        ("CRC", "tag 1 checksum"),
        (None, None),
        ("OVERRUN", "tag 5"),
        ("TRUNCATED", None),
    ]
    read = lines[2]
    assert read["wrong"] == [
        {
            "field": "tag 5 platform_heading_deg",
            "code": "WIDTH",
            "detail": "1 bytes where the standard says 2",
        }
    ]
    assert read["unknown"] == {"66": "6162"}
    assert read["special"] == {"platform_pitch_deg": "out_of_range"}
    assert read["items"]["security"] == {"3": "78"}
    assert (read["time"], read["lon_deg"], read["footprint"]) == (None, None, None)
    assert {name: summary[name] for name in ("messages", "valid", "crc_errors", "framing_errors")} == {
        "messages": 1,
        "valid": 0,
        "crc_errors": 1,
        "framing_errors": 3,
    }


def test_captures_hold_packets_or_a_transport_stream(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    one = said({5: 3.0})
    bare = capture([ETHERNET + udp4(each) for each in (one, one[:-1], one)])
    lines, _ = decode(capsys, written(tmp_path, bare), "--format", "klv")
    assert [line.get("error") for line in lines] == [None, "TRUNCATED", None]
    data = stream(3)
    parts = [data[at : at + 1_316] for at in range(0, len(data), 1_316)]
    muxed = capture([ETHERNET + udp4(part) for part in parts])
    lines, _ = decode(capsys, written(tmp_path, muxed), "--format", "klv")
    assert [line["carriage"] for line in lines] == ["asynchronous", "synchronous"] * 3


@given(st.one_of(st.binary(max_size=3_000), st.just(stream(2)), st.just(said({5: 3.0}) * 3)), chunking.sizes)
def test_any_chunking_gives_the_same_lines_and_nothing_raises(data: bytes, steps: list[int]) -> None:
    whole, cut = (reader_of("klv", Options()) for _ in range(2))
    lines = [*whole.feed(data, None), *whole.close(None)]
    pieces = [line for piece in chunking.cut(data, steps) for line in cut.feed(piece, None)]
    assert pieces + list(cut.close(None)) == lines
