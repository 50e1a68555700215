"""Who gets the reactor's time: lines that say little come before those that flood, and nobody is left out."""

from collections.abc import Callable
from itertools import count

import pytest

from adapters.feeds import pump
from adapters.feeds.pump import TURN_S, Pump, Work


class Turns:
    """A reactor that turns when told."""

    def __init__(self) -> None:
        self._due: list[Callable[[], None]] = []

    def callLater(self, _seconds: float, call: Callable[[], None]) -> None:  # noqa: N802  # Twisted's name
        self._due.append(call)

    def turn(self) -> None:
        due, self._due = self._due, []
        for call in due:
            call()


@pytest.fixture
def reactor(monkeypatch: pytest.MonkeyPatch) -> Turns:
    """Every look at the time takes a tenth of a turn of the pump."""
    looks = count()
    monkeypatch.setattr(pump, "perf_counter", lambda: next(looks) * TURN_S / 10)
    return Turns()


def once(called: list[str], name: str) -> Work:
    """Work that is done when it has been called."""

    def work(_until: float) -> bool:
        called.append(name)
        return False

    return work


def test_a_line_that_has_just_come_is_read_before_those_that_flood(reactor: Turns) -> None:
    called: list[str] = []
    shared = Pump.of(reactor)

    def flood(_until: float) -> bool:
        called.append("flood")
        return True

    for _ in range(3):
        shared.add(flood)
    reactor.turn()
    for _ in range(5):
        called.clear()
        shared.add(once(called, "quiet"))
        reactor.turn()
        assert called[0] == "quiet"
        assert "flood" in called


def test_those_that_flood_have_their_part_however_many_come(reactor: Turns) -> None:
    called: list[str] = []
    shared = Pump.of(reactor)

    def flood(_until: float) -> bool:
        called.append("flood")
        return called.count("flood") < 10

    def come(_until: float) -> bool:
        called.append("come")
        shared.add(come)
        return False

    for _ in range(20):
        shared.add(come)
    shared.add(flood)
    for _ in range(40):
        reactor.turn()
    assert called.count("flood") == 10


def test_work_that_fails_costs_the_others_nothing(reactor: Turns) -> None:
    called: list[str] = []
    shared = Pump.of(reactor)

    def fails(_until: float) -> bool:
        raise ValueError("a defect")

    shared.add(fails)
    shared.add(once(called, "other"))
    with pytest.raises(ValueError, match="a defect"):
        reactor.turn()
    reactor.turn()
    assert called == ["other"]
