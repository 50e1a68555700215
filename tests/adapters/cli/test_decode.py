"""`ganying decode` as it is called: lines on stdout, a summary on stderr, an exit status."""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from adapters.__main__ import main
from dispatch.geo import Position
from dispatch.motion import span_m
from protocols import avr, beast
from protocols.adsb_encode import airborne_position, identification
from protocols.frames import Frame
from tests import recordings
from tests.protocols.test_pcap import capture, udp4

ULSS7 = recordings.ADSB / "ulss7_61s.beast"


def decode(
    capsys: pytest.CaptureFixture[str], file: Path, *words: str
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    assert main(["decode", str(file), *words]) == 0
    said = capsys.readouterr()
    return [json.loads(line) for line in said.out.splitlines()], json.loads(said.err)


def written(folder: Path, data: bytes, name: str = "recording") -> Path:
    file = folder / name
    file.write_bytes(data)
    return file


def test_every_frame_of_a_recording_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines, summary = decode(capsys, ULSS7, "--format", "beast")
    assert len(lines) == 13_954
    assert summary == {
        "messages": 13_954,
        "valid": 13_948,
        "crc_errors": 0,
        "unverified": 6,
        "framing_errors": 0,
        "repeats": 6_977,
        "positions": 1_456,
        "positions_refused": 0,
        "aircraft": 11,
        "aircraft_with_position": 11,
        "by_kind": {
            "DF0": 440,
            "DF11": 3_978,
            "DF16": 62,
            "DF17": 3_436,
            "DF20": 262,
            "DF21": 226,
            "DF4": 328,
            "DF5": 196,
            "Mode A/C": 5_026,
        },
    }
    placed = next(line for line in lines if line.get("lon_deg") is not None)
    assert placed["time"] is None  # its counter has no date
    assert (placed["icao24"], placed["altitude_datum"], placed["typecode"]) == ("71be34", "pressure", 11)
    assert placed["altitude_m"] == 10_668.0
    assert placed["counter"] == 3_349_841_843_961


def test_a_compressed_file_and_stdin_are_read_the_same(tmp_path: Path) -> None:
    file = written(tmp_path, gzip.compress(ULSS7.read_bytes()), "ulss7.beast.gz")
    command = [sys.executable, "-m", "adapters", "decode", "--format", "beast"]
    plain, packed = (
        subprocess.run([*command, name], stdin=source, capture_output=True, check=True)
        for name, source in (("-", ULSS7.open("rb")), (str(file), None))
    )
    assert plain.stdout == packed.stdout
    assert plain.stdout.count(b"\n") == 13_954


def test_sbs_has_its_own_times(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    reference = written(
        tmp_path, b"".join(",".join(r).encode() + b"\n" for r in recordings.petersburg_reference())
    )
    lines, summary = decode(capsys, reference, "--format", "sbs")
    assert lines[0]["time"] == "2018-04-03T19:02:28.136Z"
    assert (summary["messages"], summary["positions"], summary["aircraft"]) == (8_622, 1_456, 11)


def test_a_receiver_in_trouble_is_read_to_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    lines, summary = decode(capsys, recordings.ADSB / "stratux_gms5002_es.sbs.log", "--format", "sbs")
    assert (summary["messages"], summary["aircraft"], summary["framing_errors"]) == (1_060, 9, 1)
    assert lines[0]["error"] == "UNKNOWN_RECORD"
    assert all(line["time"] is None for line in lines[1:])


def test_avr_with_counters_is_placed_without_a_reference(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = written(tmp_path, b"".join(avr.encode(frame) for frame in recordings.easyjet()))
    lines, summary = decode(capsys, file, "--format", "avr")
    assert (summary["messages"], summary["valid"], summary["positions"]) == (2_000, 2_000, 933)
    assert {line["icao24"] for line in lines} == {"406b90"}


def test_a_reference_places_a_single_frame(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = written(tmp_path, b"*8D40621D58C382D690C8AC2863A7;\n")
    (line,), _ = decode(capsys, file, "--format", "avr", "--reference-position", "3.918,52.258")
    assert line["position_by"] == "receiver"
    assert span_m(line["lon_deg"], line["lat_deg"], 3.91937, 52.2572) < 15
    (line,), _ = decode(capsys, file, "--format", "avr")
    assert line["lon_deg"] is None


def test_bad_input_is_said_line_by_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    good = identification(0x78F001, "B7001", 7)
    wrong = bytes((good[0],)) + bytes((good[1] ^ 1,)) + good[2:]
    text = b"".join(avr.encode(Frame(payload=p)) for p in (good, wrong)) + b"*8D40;\n*zz;\n*08E1940A1026BC;\n"
    lines, summary = decode(capsys, written(tmp_path, text), "--format", "avr")
    assert [line.get("error") for line in lines] == [None, "CRC", None, "MALFORMED", "UNSUPPORTED"]
    assert (summary["valid"], summary["crc_errors"], summary["framing_errors"]) == (2, 1, 2)


def test_a_reply_of_an_unknown_address_says_what_it_can(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = written(tmp_path, b"*2A00516D492B80;\n")  # DF5, "The 1090 Megahertz Riddle" §5
    (line,), _ = decode(capsys, file, "--format", "avr")
    assert (line["error"], line["icao24"], line["squawk"]) == ("UNVERIFIED", None, "0356")


def test_a_capture_gives_its_times_to_frames(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    place = Position(lon_deg=115.9, lat_deg=28.7)
    packets = [
        bytes(12)
        + b"\x08\x00"
        + udp4(beast.encode(Frame(payload=airborne_position(0x78F001, place, 500.0, odd=odd), ticks=1 + odd)))
        for odd in (False, True)
    ]
    file = written(tmp_path, capture([*packets, packets[0][:30]]))
    lines, summary = decode(capsys, file, "--format", "beast")
    assert [line.get("time") for line in lines] == [
        "1970-01-12T13:46:40.000Z",
        "1970-01-12T13:46:41.000Z",
        None,
    ]
    assert (summary["positions"], summary["framing_errors"]) == (1, 1)


@pytest.mark.parametrize(
    "words",
    [
        ["missing.beast", "--format", "beast"],
        [str(ULSS7), "--format", "beast", "--reference-position", "here"],
        [str(ULSS7), "--format", "beast", "--reference-position", "200,0"],
    ],
)
def test_what_the_caller_got_wrong_is_one_line_and_status_2(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["decode", *words]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_format_not_spoken_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["decode", str(ULSS7), "--format", "morse"])
    assert left.value.code == 2
    assert "morse" in capsys.readouterr().err


def test_a_cut_archive_is_not_called_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    packed = gzip.compress(recordings.toulouse())
    assert main(["decode", str(written(tmp_path, packed[:2000])), "--format", "beast"]) == 2
    said = capsys.readouterr()
    assert said.out
    assert "cannot read" in said.err


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "adapters", "decode", str(ULSS7), "--format", "beast"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait() == 1
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
