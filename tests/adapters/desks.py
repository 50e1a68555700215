"""Desks on real journals, and asks to put to them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from adapters.desk import Desk
from dispatch.commands import Ask
from dispatch.geo import Position
from dispatch.incident_commands import ReportIncident
from dispatch.incident_facts import IncidentReported
from dispatch.kinds import IncidentKind, Role
from protocols.codec import facts as codec
from protocols.rows import Row

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))  # the same site in every test
EPOCH_43 = "epoch-of-43"


class Clock:
    """A clock that a test sets; each reading is a millisecond later."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


def report(
    number: int, *, actor: str = "diaodu", title: str = "", role: Role | None = Role.DISPATCHER
) -> Ask:
    """A dispatcher reports fire `number`, under a key that is the same each time."""
    command = ReportIncident(
        kind=IncidentKind.FOREST_FIRE,
        level=3,
        title=title or f"{number}号火场",
        place="靖安县",
        position=Position(lon_deg=115.1, lat_deg=28.95),
    )
    return Ask(actor=actor, role=role, command_id=f"key-{number}", command=command)


def titles(desk: Desk) -> list[str]:
    """The titles of every incident the desk's world holds, sorted."""
    return sorted(incident.title for incident in desk.world.incidents.values())


@asynccontextmanager
async def open_desk(
    url: str, *, site: str = "36", clock: Callable[[], datetime] | None = None, **more: Any
) -> AsyncIterator[Desk]:
    """A started desk; stopped at the end whatever happens."""
    desk = Desk(url=url, site=site, key=KEY, clock=clock or Clock(), **more)
    await desk.start()
    try:
        yield desk
    finally:
        await desk.stop()


def pause(seconds: float = 0.02) -> "Deferred[None]":
    """Let the reactor turn."""
    return deferLater(reactor, seconds)


async def until(probe: Callable[[], Any], what: str, within_s: float = 60.0) -> None:
    """Wait for a condition. Fails naming it."""
    waited = 0.0
    while not probe():
        assert waited < within_s, f"waited {within_s} s for {what}"
        await pause()
        waited += 0.02


async def outcome(deferred: "Deferred[Any]") -> Any:
    """What a deferred fires with, an exception as a value."""
    try:
        return await deferred
    except Exception as error:
        return error


def partner_rows(*origin_seqs: int, site: str = "43", title: str = "") -> list[Row]:
    """Rows of a partner's journal, one shared incident each; its other rows lie between them (seq = 10 × number)."""
    from tests.dispatch.scene import Scene

    scene = Scene(site)
    found = []
    for number in origin_seqs:
        scene_fact = _incident_fact(scene, number, title or f"{site}的{number}号火场")
        kind, body = codec.encode(scene_fact)
        found.append(
            Row(
                seq=10 * number,
                at=datetime(2026, 11, 24, 2, 0, tzinfo=UTC) + timedelta(seconds=number),
                origin=site,
                origin_seq=number,
                command_id=f"theirs-{number}",
                part=0,
                actor="diaodu",
                role=Role.DISPATCHER,
                kind=kind,
                body=body,
            )
        )
    return found


def _incident_fact(scene: Any, number: int, title: str) -> IncidentReported:
    from dispatch.decide import decide

    (fact,) = decide(scene.world, report(number, title=title), scene.now)
    assert isinstance(fact, IncidentReported)
    return fact
