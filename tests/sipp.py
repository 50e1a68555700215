"""SIPp, an independent speaker of SIP, with the scenarios of tests/data/sipp. Debian's package sip-tester brings it."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

SCENARIOS = Path(__file__).parent / "data" / "sipp"
PLATFORM = "36010000002000000001"
DEVICE = "36010000001320000001"
CHANNEL = "36010000001310000001"
PASSWORD = "12345678"
UPPER = "36000000002000000001"
needs_sipp = pytest.mark.skipif(
    shutil.which("sipp") is None, reason="sipp is missing: install the package sip-tester"
)


class Sipp:
    """One run of a scenario, in a process of its own."""

    def __init__(
        self, scenario: str, to_port: int, *, port: int, tcp: bool = False, within_s: int = 60, **keys: object
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sipp-"))
        said = {
            "platform": PLATFORM,
            "device": DEVICE,
            "channel": CHANNEL,
            "password": PASSWORD,
            "sn": 1,
            "media": 6_000,
        }
        said |= {
            "upper": UPPER,
            "media_host": "127.0.0.1",
            "media_transport": "",
            "setup": "none",
            "watch_ms": 1_500,
            "expires": 3_600,
            "session": "Play",
            "begin": 0,
            "end": 0,
        }
        said |= keys
        command = ["sipp", f"127.0.0.1:{to_port}", "-sf", str(SCENARIOS / f"{scenario}.xml"), "-m", "1"]
        command += [
            "-i",
            "127.0.0.1",
            "-p",
            str(port),
            "-t",
            "t1" if tcp else "u1",
            "-nostdin",
            "-timeout",
            f"{within_s}s",
        ]
        command += [
            "-d",
            str(said.pop("watch_ms")),
            "-timeout_error",
            "-au",
            str(said["device"]),
            "-ap",
            str(said["password"]),
        ]
        command += ["-trace_msg", "-message_file", str(self.folder / "messages"), "-trace_err", "-error_file"]
        command += [str(self.folder / "errors"), "-nd"]
        for name, value in said.items():
            command += ["-key", name, str(value)]
        self._process = subprocess.Popen(
            command,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=os.environ | {"TERM": "dumb"},
        )

    @property
    def messages(self) -> str:
        """What it sent and got, whole."""
        found = self.folder / "messages"
        lines = found.read_bytes().splitlines() if found.exists() else []
        return "\n".join(_text(each) for each in lines)

    def done(self) -> int | None:
        """Its exit status: 0, all went as the scenario has it; None: it still runs."""
        return self._process.poll()

    def wait(self) -> None:
        """Until it has ended; fails with what it said unless all went as the scenario has it."""
        out, _ = self._process.communicate(timeout=130)
        if self._process.returncode:
            errors = self.folder / "errors"
            told = errors.read_text("utf-8", "replace") if errors.exists() else out.decode("utf-8", "replace")
            raise AssertionError(
                f"sipp ended with {self._process.returncode}: {told[-3000:]}\n{self.messages[-3000:]}"
            )

    def stop(self) -> None:
        """End it, and forget what it wrote."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()
        shutil.rmtree(self.folder, ignore_errors=True)


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("gb18030", "replace")
