"""The command that puts KLV recordings beside independent readers: what it prints, and that it can fail."""

import sys
from pathlib import Path

import pytest
from stanag4609.transport.mux import encode_pes_packet

from loadtests import klv_beside, klv_corners, klv_items
from protocols import klv
from tests.klv_sent import ASYNCHRONOUS, muxer, said

WHERE = {13: 28.6, 14: 115.8, 15: 1_500.0, 16: 24.0, 17: 14.0, 25: 60.0}
VIEWS = [
    dict(zip((5, 6, 7, 18, 19, 20), view, strict=True))
    for view in (
        (0.0, 0.0, 0.0, 0.0, -90.0, 0.0),
        (211.0, 4.0, -12.0, 63.0, -35.0, 7.0),
        (350.0, -6.0, 20.0, 250.0, -60.0, 340.0),
        (120.0, 2.0, 1.0, 180.0, -25.0, 0.0),
    )
]


def sent() -> list[bytes]:
    """Every view with the corners that the independent computation gives, one over the horizon, one damaged."""
    out = []
    for view in VIEWS:
        corners = klv_corners.by_angles(klv.decode(said(WHERE | view)))
        assert corners is not None
        stated = {82 + 2 * n + m: point[1 - m] for n, point in enumerate(corners) for m in (0, 1)}
        out.append(said(WHERE | view | stated))
    out.append(said(WHERE | VIEWS[0] | {19: -5.0}))
    return [*out, out[0][:-1] + bytes((out[0][-1] ^ 1,))]


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *files: Path) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["klv_beside", *map(str, files)])
    return klv_beside.main(), capsys.readouterr().out


def test_files_never_seen_of_both_forms_are_compared_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    raw, ts = tmp_path / "raw.bin", tmp_path / "air.ts"
    raw.write_bytes(b"noise" + b"".join(sent()))
    mux = muxer()
    ts.write_bytes(
        b"".join(mux.program_tables())
        + b"".join(
            part
            for each in sent()
            for part in mux.mux_pes(ASYNCHRONOUS, encode_pes_packet(each, stream_id=0xBD))
        )
    )
    status, told = run(capsys, monkeypatch, raw, ts)
    assert status == 0, told
    for name, part in (("raw.bin", told.partition("air.ts")[0]), ("air.ts", told.partition("air.ts")[2])):
        assert "packet refused by both: CRC / ChecksumError x 1" in part, name
        assert "corners computed by angles: 5 frames" in part, name
        assert "corners stated: 4 frames" in part, name
        assert "corners not compared: over the horizon: 1 frames" in part, name
        assert "by angles, ours beside independent: 16 corners" in part, name
        (stated,) = [line for line in part.splitlines() if "ours from stated" in line]
        assert float(stated.split()[-2]) < 0.2, name
    assert "between packets: GARBAGE x 1" in told


def test_a_value_or_a_corner_that_differs_fails(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "raw.bin"
    file.write_bytes(b"".join(sent()))
    read, corners = klv_items.theirs, klv_corners.by_angles
    monkeypatch.setattr(klv_items, "theirs", lambda data: read(data) | {14: 115.80001})
    status, told = run(capsys, monkeypatch, file)
    assert (status, told.count("DIFFERS: tag 14 sensor_lon_deg")) == (1, 3)
    monkeypatch.setattr(klv_items, "theirs", read)
    assert run(capsys, monkeypatch, file)[0] == 0

    def moved(frame: klv.KlvFrame) -> list[klv.LonLat] | None:
        found = corners(frame)
        return None if found is None else [(lon + 2e-5, lat) for lon, lat in found]

    monkeypatch.setattr(klv_corners, "by_angles", moved)
    assert run(capsys, monkeypatch, file)[0] == 1


def test_a_file_without_packets_fails(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "empty").touch()
    assert run(capsys, monkeypatch, tmp_path / "empty")[0] == 1
    with pytest.raises(SystemExit):
        run(capsys, monkeypatch, tmp_path / "none")


def test_the_recordings_of_the_project_agree(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    status, told = run(capsys, monkeypatch)
    assert status == 0, told
    assert told.count("read by ours alone: tag 22 target_width_m (wide) x 6") == 2
