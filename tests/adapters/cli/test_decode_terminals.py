"""`ganying decode` of JT/T 808 and NMEA: recordings as they came, faults named, exit status 0."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.cli.test_decode import decode, written
from tests.protocols.test_jt808_messages import vectors, wire
from tests.protocols.test_pcap import capture, udp4
from tests.terminal808 import Terminal

DATA = Path(__file__).parents[2] / "data"


def test_real_terminals_are_decoded_as_another_hand_did(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = written(tmp_path, b"".join(wire(vector) for vector in vectors()))
    lines, summary = decode(capsys, file, "--format", "jt808")
    assert Counter(line["error"] for line in lines if "error" in line) == {"CRC": 2, "MALFORMED": 5}
    positions = iter([line for line in lines if line.get("kind") == "0200"])
    for vector in vectors():
        if "pos" in vector and vector["checksum_ok"]:
            line = next(positions)
            assert [abs(line["lat_deg"]), abs(line["lon_deg"])] == vector["pos"]
            assert line["number"] == vector["hex"][10:22]
    assert next(positions, None) is None
    # 28 late positions in 6 batches: 5 of one batch have no fix
    late = [line for line in lines if line.get("backfill")]
    assert (len(late), sum(line["fix"] for line in late)) == (28, 23)
    assert {name: summary[name] for name in ("messages", "crc_errors", "framing_errors", "positions")} == {
        "messages": 48,
        "crc_errors": 2,
        "framing_errors": 5,
        "positions": 48,
    }


def test_a_line_has_what_a_message_says(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    by_id = {vector["id"]: vector for vector in vectors()}
    wires = [wire(by_id[number]) for number in (54, 30, 22)] + [Terminal("1", 1).authenticate(b"abc")]
    registration, position, raw, authentication = decode(
        capsys, written(tmp_path, b"".join(wires)), "--format", "jt808"
    )[0]
    assert registration == {
        "time": None,
        "key": "jt808:13345678906",
        "kind": "0100",
        "number": "013345678906",
        "serial": 15,
        "version": 2013,
        "province": 44,
        "city": 303,
        "maker": "70111",
        "model": "BSJ-M7B",
        "terminal_id": "0000000",
        "plate_color": 1,
        "plate": "粤B88888",
    }
    assert position["time"] == "2024-05-06T19:51:52.000Z"
    assert (position["lon_deg"], position["lat_deg"], position["fix"]) == (-81.325702, 28.961528, True)
    assert (position["alarms"], position["satellites"], position["altitude_datum"]) == (
        ["power_lost"],
        7,
        "msl",
    )
    assert raw["body"].startswith("41")
    assert (authentication["code"], authentication["imei"], authentication["version"]) == (
        "abc",
        "866496077582164",
        2019,
    )


def test_datagrams_of_a_capture_are_read_with_their_time(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    data = capture([bytes(12) + b"\x08\x00" + udp4(Terminal("1").say(0x0002))])
    lines, _ = decode(capsys, written(tmp_path, data), "--format", "jt808")
    assert [(line["kind"], line["time"]) for line in lines] == [("0002", "1970-01-12T13:46:40.000Z")]


def nmea(capsys: pytest.CaptureFixture[str], name: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    return decode(capsys, DATA / "nmea" / name, "--format", "nmea")


def test_each_sentence_is_a_line_and_the_date_is_carried(capsys: pytest.CaptureFixture[str]) -> None:
    lines, summary = nmea(capsys, "pygpsdata-nmea4.log")
    assert len(lines) == 57
    by_kind = {line["kind"]: line for line in lines if "kind" in line}
    assert by_kind["GNRMC"]["lon_deg"] == -102.2404103
    assert by_kind["GNGGA"] == {
        "time": "2021-03-06T10:36:07.000Z",
        "icao24": None,
        "lon_deg": -2.2404103,
        "lat_deg": 53.450657,
        "altitude_m": 56.0,
        "altitude_datum": "msl",
        "ground_speed_mps": None,
        "track_deg": None,
        "kind": "GNGGA",
        "fix": True,
        "time_of_day_s": 38_167.0,
        "hdop": 5.88,
        "satellites": 6,
    }
    assert summary["fixes"] == 1
    assert summary["framing_errors"] == 1


def test_wrong_checksums_are_lines_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    lines, summary = nmea(capsys, "pygpsdata-nmeabadck.log")
    assert [line.get("error") for line in lines] == ["CRC", None, "CRC"]
    assert (summary["crc_errors"], summary["framing_errors"], summary["positions"]) == (2, 0, 1)


def test_binary_between_sentences_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    lines, summary = nmea(capsys, "pygpsdata-mixed.log")
    assert [line["bytes"] for line in lines if "error" in line] == [284, 284]
    assert summary["fixes"] == 2
    assert json.dumps(lines)
