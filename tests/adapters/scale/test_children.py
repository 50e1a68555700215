"""Children that misbehave: that flood, that talk nonsense, that die at once, that hang."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted

from adapters.config import parse
from adapters.metrics import Metrics
from adapters.scale import children as children_module
from adapters.scale import workers as workers_module
from adapters.scale.children import HIGH_BYTES, LOW_BYTES, Child
from adapters.scale.scale import Scale
from dispatch.picture import TrackPicture
from tests.adapters.scale.stage import Stage
from tests.adapters.scale.waiting import reactor, until
from tests.ports import free_port

FLOOD = "import os\nwhile True: os.write(3, (60_000).to_bytes(4, 'big') + bytes(60_000))"
NONSENSE = "import os\nwhile True: os.write(3, b'GET / HTTP/1.1' * 100)"
DIES = "import sys\nsys.exit(7)"
HANGS = "import os\nwhile os.read(0, 1): pass\nwhile True: os.read(os.pipe()[0], 1)"


def config(tmp_path: Path) -> Any:
    text = f"""
[site]
id = "36"
name = "x"
data = "data"
[security]
second_factor = "off"
[worker]
processes = 1
[[feed]]
name = "hill"
kind = "beast"
listen = "127.0.0.1:{free_port()}"
"""
    made = parse(text.encode(), tmp_path)
    made.data.mkdir()
    return made


class Children:
    """One child of a program of the test's."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
        monkeypatch.setattr(children_module, "COMMAND", (sys.executable, "-c", program))
        self.taken = 0
        self.child = Child(config(tmp_path), "process-1", (), self._received, reactor)
        self.child.start()

    def _received(self, _child: Child, message: bytes) -> None:
        self.taken += len(message)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    every: list[Children] = []

    def make(program: str) -> Children:
        every.append(Children(tmp_path, monkeypatch, program))
        return every[-1]

    yield make
    for each in every:
        pytest_twisted.blockon(each.child.stop())


@pytest_twisted.ensureDeferred
async def test_a_child_that_floods_waits_in_its_own_pipe(made: Any) -> None:
    child = made(FLOOD).child
    await until(lambda: child.paused)
    most = child.waiting_bytes
    turns = 0

    def turned() -> bool:
        nonlocal turns
        turns += 1
        return turns > 50

    await until(turned)  # and no more comes, however long the site is busy
    assert HIGH_BYTES < child.waiting_bytes <= most + 2 * 65_536
    child.taken(child.waiting_bytes - LOW_BYTES + 1)
    assert not child.paused
    await until(lambda: child.paused)
    assert child.deaths == 0


@pytest_twisted.ensureDeferred
async def test_a_child_that_talks_nonsense_is_ended_and_made_again(made: Any) -> None:
    child = made(NONSENSE).child
    await until(lambda: child.deaths >= 2)
    assert "a message of" in child.last_words
    assert child.waiting_bytes == 0


@pytest_twisted.ensureDeferred
async def test_a_child_that_dies_at_once_is_made_again_less_and_less_often(made: Any) -> None:
    child = made(DIES).child
    await until(lambda: child.deaths >= 3)
    assert "exit code 7" in child.last_words
    assert child._pause_s > 4 * children_module.FIRST_RETRY_S


@pytest_twisted.ensureDeferred
async def test_a_machine_without_a_process_to_spare_is_asked_again(
    made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(*_: Any, **__: Any) -> None:
        raise BlockingIOError("fork: no process to be had")

    with monkeypatch.context() as short:
        short.setattr(reactor, "spawnProcess", none_left)
        child = made(HANGS).child
        assert (child.pid, child.deaths, child.last_words) == (None, 1, "fork: no process to be had")
    await until(lambda: child.pid is not None)


@pytest_twisted.ensureDeferred
async def test_a_child_that_hangs_is_ended_and_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children_module, "COMMAND", (sys.executable, "-c", HANGS))
    monkeypatch.setattr(workers_module, "HUNG_S", 0.2)
    scale = Scale(
        config=config(tmp_path),
        picture=TrackPicture(),
        sink=lambda _: None,
        metrics=Metrics(),
        reactor=reactor,
    )
    scale.start()
    (child,) = scale.children.all
    await until(lambda: child.deaths)
    assert "said nothing" in child.last_words
    state = next(iter(scale.services()))
    assert (state.name, state.state) == ("process-1", "down")
    assert "started again" in state.detail
    await scale.stop()


@pytest_twisted.ensureDeferred
async def test_stopping_ends_a_child_that_does_not_want_to(
    made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children_module, "STOP_S", 0.1)
    stubborn = "import os, signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nos.write(3, bytes(4))\n"
    child = made(stubborn + "while True: os.read(os.pipe()[0], 1)").child
    ended = child.pid
    await until(lambda: child.pid is not None)
    await child.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(ended, 0)


@pytest_twisted.ensureDeferred
async def test_children_end_with_a_site_that_is_killed(tmp_path: Path) -> None:
    """As far as it is seen from the child: its standard input ends."""
    stage = Stage(tmp_path / "site", "pipes")
    stage.scale.start()
    await stage.listening("hill")
    child = stage.scale.children.all[0]
    life = child._life
    assert life is not None
    pid = child.pid
    assert pid is not None
    life.transport.closeStdin()
    await until(lambda: child.deaths)
    assert child.pid != pid
    await stage.stop()
