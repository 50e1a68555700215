"""`ganying replay` into real sockets: all bytes, at the recording's pace."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.__main__ import main
from adapters.cli import replay
from protocols import avr, beast
from protocols.frames import Frame
from tests import recordings

HZ = 12_000_000


class Station:
    """Listens once and keeps what it is sent."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self.taken = b""
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def _take(self) -> None:
        connection, _ = self._listening.accept()
        with connection:
            while data := connection.recv(65_536):
                self.taken += data

    def close(self) -> bytes:
        self._thread.join(timeout=30)
        self._listening.close()
        return self.taken


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """A steady clock that sleeping alone moves on, and the sleeps."""
    times: list[float] = []
    monkeypatch.setattr(replay.time, "sleep", times.append)
    monkeypatch.setattr(replay.time, "monotonic", lambda: sum(times))
    return times


def frames(*at_s: float) -> list[Frame]:
    return [Frame(payload=b"\x12\x34", ticks=round(second * HZ)) for second in at_s]


def test_all_bytes_arrive_at_full_speed(capsys: pytest.CaptureFixture[str]) -> None:
    station = Station()
    file = recordings.ADSB / "ulss7_61s.beast"
    assert main(["replay", str(file), "--to", station.address, "--speed", "max"]) == 0
    assert station.close() == file.read_bytes()
    assert json.loads(capsys.readouterr().err)["bytes"] == 227_244


@pytest.mark.parametrize(
    ("file", "seconds"),
    [
        ("ulss7_61s.beast", 60.9),
        ("ulss7_61s.reference.sbs.csv.gz", 60.9),
        ("sample_dump1090_24s.beast", 23.9),
    ],
)
def test_a_recording_takes_its_own_time(file: str, seconds: float, slept: list[float]) -> None:
    station = Station()
    assert main(["replay", str(recordings.ADSB / file), "--to", station.address]) == 0
    assert station.close()
    assert sum(slept) == pytest.approx(seconds, abs=0.2)
    assert max(slept) < 2.0


def test_speed_divides_the_time_and_frames_keep_their_places(slept: list[float], tmp_path: Path) -> None:
    station = Station()
    file = tmp_path / "recording"
    file.write_bytes(b"".join(avr.encode(frame) for frame in frames(10, 12, 13, 20)))
    assert main(["replay", str(file), "--to", station.address, "--speed", "10"]) == 0
    assert station.close() == file.read_bytes()
    assert [round(pause, 3) for pause in slept if pause > 0.001] == [0.2, 0.1, 0.7]


def test_a_counter_that_starts_anew_makes_no_pause(slept: list[float], tmp_path: Path) -> None:
    station = Station()
    file = tmp_path / "recording"
    file.write_bytes(b"".join(beast.encode(frame) for frame in frames(1000, 1001, 5, 6) for _ in range(3)))
    assert main(["replay", str(file), "--to", station.address]) == 0
    assert station.close() == file.read_bytes()
    assert sum(slept) == pytest.approx(2.0, abs=0.01)


def test_a_recording_without_a_clock_is_sent_at_once_and_says_so(
    slept: list[float], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    station = Station()
    file = tmp_path / "recording"
    file.write_bytes(b"*7700;\n*8D40621D58C382D690C8AC2863A7;\n")
    assert main(["replay", str(file), "--to", station.address]) == 0
    assert station.close() == file.read_bytes()
    assert slept == []
    assert "no clock" in capsys.readouterr().err


def test_what_the_other_side_answers_does_not_hold_it_up(tmp_path: Path) -> None:
    """It answers more than sockets hold before it reads on: whoever does not take the answers would stand still."""
    taken = 0
    file = tmp_path / "recording"
    file.write_bytes(bytes(12_000_000))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)

        def answer() -> None:
            nonlocal taken
            connection, _ = listening.accept()
            with connection:
                while data := connection.recv(8_000):
                    taken += len(data)
                    connection.sendall(bytes(16_000))

        answering = threading.Thread(target=answer, daemon=True)
        answering.start()
        words = ["replay", str(file), "--to", f"127.0.0.1:{listening.getsockname()[1]}", "--speed", "max"]
        assert main(words) == 0
        answering.join(30)
    assert taken == 12_000_000


def test_a_side_that_has_nothing_more_to_say_is_sent_all(tmp_path: Path) -> None:
    file = tmp_path / "recording"
    file.write_bytes(bytes(1_000_000))
    taken = 0
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def take() -> None:
            nonlocal taken
            connection, _ = listening.accept()
            with connection:
                connection.shutdown(socket.SHUT_WR)
                while data := connection.recv(65_536):
                    taken += len(data)

        taking = threading.Thread(target=take, daemon=True)
        taking.start()
        words = ["replay", str(file), "--to", f"127.0.0.1:{listening.getsockname()[1]}", "--speed", "max"]
        assert main(words) == 0
        taking.join(30)
    assert taken == 1_000_000


def test_nobody_listening_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    file = str(recordings.ADSB / "ulss7_61s.beast")
    assert main(["replay", file, "--to", f"127.0.0.1:{port}", "--speed", "max"]) == 1
    assert f"127.0.0.1:{port}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["--to", "nowhere"], "to"),
        (["--to", "127.0.0.1:9", "--speed", "fast"], "speed"),
        (["--to", "127.0.0.1:9", "--speed", "0"], "speed"),
        (["--to", "127.0.0.1:9", "--speed", "nan"], "speed"),
        (["--to", "udp:127.0.0.1"], "to"),
        (["--to", "udp:239.255.36.1:9", "--interface", "eth0"], "interface"),
        (["--to", "127.0.0.1:9", "--interface", "127.0.0.1"], "interface"),
    ],
)
def test_a_wrong_word_is_named(words: list[str], field: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(recordings.ADSB / "ulss7_61s.beast"), *words]) == 2
    assert f"{field}:" in capsys.readouterr().err


def test_a_recording_of_no_known_format_asks_for_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "recording"
    file.write_bytes(b"hello\n")
    assert main(["replay", str(file), "--to", "127.0.0.1:9"]) == 2
    assert "--format" in capsys.readouterr().err
