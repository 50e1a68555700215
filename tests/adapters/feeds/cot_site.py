"""Cot feeds with a picture and a world behind them, and clients that speak CoT over real sockets."""

import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import takproto
from twisted.internet import reactor as installed_reactor
from twisted.internet.defer import Deferred, maybeDeferred

from adapters.feeds import FeedConfig
from adapters.feeds.cot_clients import FieldClients
from adapters.feeds.feed import Feed
from adapters.feeds.field_uplinks import FieldUplinks
from adapters.feeds.readers import Seen
from adapters.metrics import Metrics
from dispatch.commands import Ask
from dispatch.identity import registry
from dispatch.picture import TrackPicture
from dispatch.sighting import Sighting
from dispatch.tracks import Verdict
from protocols import cot_stream, cot_xml
from protocols.cot_event import CotEvent, Detail
from tests.cot_events import phone
from tests.dispatch.scene import Scene

reactor: Any = installed_reactor
WHERE = "127.0.0.1"
ROOT = Path(__file__).resolve().parents[3]


@dataclass
class CotSite:
    """Feeds of kind cot, what they heard, and what they tell."""

    scene: Scene = field(default_factory=Scene)
    picture: TrackPicture = field(default_factory=TrackPicture)
    metrics: Metrics = field(default_factory=Metrics)
    seen: list[Sighting] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    feeds: list[Feed] = field(default_factory=list)
    field_clients: FieldClients | None = None
    uplinks: FieldUplinks | None = None

    async def start(self, **said: Any) -> Feed:
        """One more feed."""
        usual = {"name": f"field{len(self.feeds)}", "kind": "cot"}
        if "connect" not in said:
            usual["listen"] = f"{WHERE}:0"
        feed = Feed(FeedConfig(**usual | said), self.metrics)
        self.feeds.append(feed)
        if self.uplinks is None:
            self.uplinks = FieldUplinks(
                self.ask,
                world=lambda: self.scene.world,
                clock=lambda: self.scene.now,
                metrics=self.metrics,
                reactor=reactor,
            )
        feed.uplinks = self.uplinks
        await feed.start(reactor, self._see)
        return feed

    def ask(self, asked: Ask) -> "Deferred[Any]":
        """As the desk answers."""
        return maybeDeferred(self.scene.take, asked)

    def tell(self) -> None:
        """Begin to tell field clients, of all feeds so far."""
        self.picture.use_registry(registry(self.scene.world.identities, self.scene.world.aircraft))
        self.field_clients = FieldClients(
            self.feeds,
            world=lambda: self.scene.world,
            picture=self.picture,
            clock=lambda: datetime.now(UTC),
            metrics=self.metrics,
            uplinks=self.uplinks,
        )
        self.field_clients.start(reactor)

    def _see(self, seen: Seen) -> None:
        assert isinstance(seen, Sighting)
        self.seen.append(seen)
        self.verdicts.append(self.picture.accept(seen, time.time()))

    async def stop(self) -> None:
        """Everything."""
        if self.field_clients is not None:
            self.field_clients.stop()
        for feed in self.feeds:
            await feed.stop()


def fresh(uid: str = "ANDROID-1", *, age_s: float = 0.0, **changes: Any) -> CotEvent:
    """A phone's report of now, by the clock of this machine."""
    made_s = round(time.time() - age_s, 3)
    return phone(uid, **({"made_s": made_s, "start_s": made_s, "stale_s": made_s + 75.0} | changes))


def control(code: str, **detail: Any) -> CotEvent:
    """A protocol event of a client."""
    return fresh("client", type=code, detail=Detail(**detail))


class Client:
    """A hand-made client on a blocking socket; what comes is gathered by a thread. Protobuf is read with takproto."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.raw = b""
        self.closed = False
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    @classmethod
    def dial(cls, feed: Feed) -> "Client":
        assert feed.port is not None
        return cls(socket.create_connection((WHERE, feed.port), timeout=60))

    def _listen(self) -> None:
        try:
            while data := self.connection.recv(65536):
                self.raw += data
        except OSError:
            pass
        self.closed = True

    def send(self, event: CotEvent) -> None:
        """As XML."""
        self.connection.sendall(cot_xml.write(event))

    def events(self) -> list[CotEvent]:
        """All so far, whatever their form, by our own reader."""
        read = (_read(item) for item in cot_stream.Deframer().feed(self.raw))
        return [event for event in read if event is not None]

    def of(self, uid: str) -> list[CotEvent]:
        """Those of one uid."""
        return [event for event in self.events() if event.uid == uid]

    def protobuf(self) -> list[Any]:
        """Those after the last XML, by takproto."""
        frames = [item for item in cot_stream.Deframer().feed(self.raw) if getattr(item, "proto", False)]
        return [takproto.parse_proto(bytearray(b"\xbf\x01\xbf" + frame.payload)).cotEvent for frame in frames]

    def close(self) -> None:
        """Hang up."""
        self.connection.close()


def _read(item: Any) -> CotEvent | None:
    event = cot_stream.read(item)
    assert event is None or isinstance(event, CotEvent)
    return event


class Pytak:
    """tests/pytak_peer.py running."""

    def __init__(self, url: str, proto: int = 0, **settings: str) -> None:
        words = [f"{name}={value}" for name, value in settings.items()]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.pytak_peer", url, str(proto), *words],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.lines: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)

    @property
    def connected(self) -> bool:
        """Whether it is on the line."""
        return bool(self.lines)

    def send(self, event: CotEvent) -> None:
        """pytak writes it in the form it was started with."""
        assert self.process.stdin is not None
        self.process.stdin.write(cot_xml.write(event).decode() + "\n")
        self.process.stdin.flush()

    def close(self) -> None:
        """End it."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
