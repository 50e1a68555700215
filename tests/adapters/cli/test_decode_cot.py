"""`ganying decode --format cot`."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from adapters.__main__ import main
from protocols import cot_stream, cot_xml
from protocols.cot_event import Aircraft, Detail
from tests.cot_events import COT, phone, shared_events, vector
from tests.protocols.test_pcap import capture, udp4


def decode(capsys: pytest.CaptureFixture[str], file: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    assert main(["decode", str(file), "--format", "cot"]) == 0
    said = capsys.readouterr()
    return [json.loads(line) for line in said.out.splitlines()], json.loads(said.err)


def written(folder: Path, data: bytes, name: str = "events.cot") -> Path:
    file = folder / name
    file.write_bytes(data)
    return file


def test_every_shared_event_is_a_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Sixteen after each other: fifteen are read, the one without a type is named."""
    stream = b"\n".join(shared["xml"].encode() for shared in shared_events())
    lines, summary = decode(capsys, written(tmp_path, stream))
    assert len(lines) == 16
    assert lines[0] == {"error": "MALFORMED", "detail": "is empty", "bytes": 262, "field": "type"}
    assert [line["uid"] for line in lines[1:]] == [shared["uid"] for shared in shared_events()[1:]]
    drone = lines[2]
    assert drone["time"] == "2024-04-24T16:37:38.002Z"
    assert (drone["icao24"], drone["key"], drone["thing_kind"]) == (None, "cot:2983J8B001V013", "uav")
    assert (drone["lon_deg"], drone["lat_deg"]) == (-108.6, 39.1)
    assert (drone["altitude_m"], drone["altitude_datum"]) == (1381.333, "ellipsoid")
    assert (drone["track_deg"], drone["ground_speed_mps"]) == (140.8, 0.0)
    assert drone["kind"] == "thing"
    assert summary["messages"] == 15
    assert summary["framing_errors"] == 1
    assert summary["by_kind"] == {
        "chat": 1,
        "drawing": 3,
        "file_transfer": 1,
        "marker": 6,
        "route": 1,
        "thing": 3,
    }


def test_the_vector_is_one_event_in_every_form(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """As XML, as a stream, and as a file that is one datagram in mesh form."""
    seen = []
    for data in (
        vector()["xml"].encode(),
        bytes.fromhex(vector()["stream_hex"]),
        bytes.fromhex(vector()["mesh_hex"]),
    ):
        (line,), _ = decode(capsys, written(tmp_path, data))
        seen.append({name: value for name, value in line.items() if name != "form"})
    assert seen[0] == seen[1] == seen[2]
    assert seen[0]["contact"] == "Eliopoli HQ"
    assert seen[0]["app"] == "WinTAK-CIV 1.10.0.137"
    assert seen[0]["battery_percent"] == 100


def test_a_capture_holds_datagrams(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Each whole by itself, in any form; gzip too."""
    mesh = bytes.fromhex(vector()["mesh_hex"])
    packets = [
        udp4(mesh),
        udp4(cot_xml.write(phone("a"))),
        udp4(cot_stream.stream_frame(phone("b"))),
        udp4(b"\xbf\x02\xbf"),
    ]
    raw = capture(packets, link=101)
    lines, summary = decode(capsys, written(tmp_path, gzip.compress(raw), "mesh.pcap.gz"))
    assert [line.get("uid", line.get("error")) for line in lines] == [
        "aa0b0312-b5cd-4c2c-bbbc-9c4c70216261",
        "a",
        "b",
        "UNKNOWN_TYPE",
    ]
    assert [line.get("form") for line in lines] == ["protobuf", "xml", "protobuf", None]
    assert summary["messages"] == 3


def test_an_aircraft_s_address_is_given_where_it_is_stated(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """As in every format."""
    detail = Detail(callsign="CSN1", aircraft=Aircraft(icao24="780ABC", flight="CSN3127"))
    data = cot_xml.write(phone("ICAO-780ABC", type="a-n-A-C-F", detail=detail))
    (line,), summary = decode(capsys, written(tmp_path, data))
    assert (line["icao24"], line["callsign"], line["thing_kind"]) == ("780abc", "CSN3127", "airplane")
    assert summary["aircraft_with_position"] == 1


def test_hostile_input_is_lines_of_errors(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Read to the end, exit status 0."""
    data = (
        b"\x00\xff" * 500 + b"<!DOCTYPE x [<!ENTITY a 'b'>]><event>&a;</event>" + b"\xbf\x03abc" + b"<event"
    )
    lines, summary = decode(capsys, written(tmp_path, data))
    assert [line["error"] for line in lines] == ["GARBAGE", "GARBAGE", "MALFORMED", "MALFORMED", "TRUNCATED"]
    assert summary["framing_errors"] == 5


def test_the_data_has_its_origin_beside_it() -> None:
    """Every file named, with its licence."""
    text = (COT / "ORIGIN.md").read_text()
    assert all(file.name in text for file in COT.glob("*.json"))
