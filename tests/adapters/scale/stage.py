"""A site's picture and its workers, real processes, by pipes or by a real broker: the same stage for the same tests."""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from adapters.config import Config, parse
from adapters.feeds.config import FeedConfig
from adapters.feeds.feed import Feed
from adapters.feeds.status import FeedStatus
from adapters.metrics import Metrics
from adapters.scale.scale import Scale, own_feeds
from adapters.web.site import ServiceState
from dispatch.picture import TrackPicture
from dispatch.sighting import AddressBatch, Sighting
from dispatch.tracks import Track
from tests.adapters.scale.waiting import reactor, until
from tests.nats_server import NatsServer
from tests.ports import free_port

GANYING = Path(sys.executable).with_name("ganying")
START_S = 60.0
Seen = Sighting | AddressBatch


class WorkerProcess:
    """`ganying worker`, as a service manager would run it."""

    def __init__(self, config: Path, name: str) -> None:
        self._said: queue.Queue[str] = queue.Queue()
        self.log = config.with_name(f"{name}.log")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [GANYING, "worker", "--config", config, "--name", name],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self.process.stdout or ():
            self._said.put(line.strip())
        self._said.put("ended")

    def ready(self) -> None:
        """Wait until its feeds are open."""
        line = self._said.get(timeout=START_S)
        assert line.startswith("ready"), self.log.read_text()

    def end(self, number: int = signal.SIGTERM) -> int:
        """Its exit status."""
        self.process.send_signal(number)
        return self.process.wait(timeout=START_S)


class Stage:
    """One site. `way` is "pipes" or "broker"; feed `hill` is worker 0's, `ridge` worker 1's."""

    def __init__(self, folder: Path, way: str, broker: NatsServer | None = None, *, more: str = "") -> None:
        self.folder = folder
        self.way = way
        self.broker = broker
        self.ports = {"hill": free_port(), "ridge": free_port(), "own": free_port()}
        self.seen: list[Seen] = []
        self.sent: Counter[str] = Counter()  # bytes, to each feed's present worker
        self.metrics = Metrics()
        self.processes: dict[str, WorkerProcess] = {}
        self.own: list[Feed] = []
        self.config = self._config(more)
        self.picture = TrackPicture()
        self.scale = self._scale()

    def _config(self, more: str) -> Config:
        text = '[site]\nid = "36"\nname = "x"\ndata = "data"\n[security]\nsecond_factor = "off"\n'
        remote = {"hill": 'worker = "w1"\n', "ridge": 'worker = "w2"\n'} if self.way == "broker" else {}
        for name in ("hill", "ridge"):
            text += f'[[feed]]\nname = "{name}"\nkind = "beast"\nlisten = "127.0.0.1:{self.ports[name]}"\n'
            text += remote.get(name, "")
        if self.way == "pipes":
            text += "[worker]\nprocesses = 2\n"
        else:
            text += f'[[feed]]\nname = "own"\nkind = "beast"\nlisten = "127.0.0.1:{self.ports["own"]}"\n'
            text += f'[broker]\nurl = "{self.broker.url if self.broker else "nats://127.0.0.1:1"}"\n'
        text += more
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "site.toml"
        path.write_text(text)
        config = parse(text.encode(), self.folder)
        config.data.mkdir(exist_ok=True)
        return config

    def _scale(self) -> Scale:
        return Scale(
            config=self.config, picture=self.picture, sink=self.sink, metrics=self.metrics, reactor=reactor
        )

    def sink(self, seen: Seen) -> None:
        """As adapters/app.py does it."""
        self.seen.append(seen)
        now = reactor.seconds()
        if isinstance(seen, Sighting):
            self.picture.accept(seen, now)
        else:
            self.picture.accept_batch(seen, now)

    # The site

    async def start(self, *, workers: bool = True) -> None:
        """The site, and its workers until their feeds are open and it has heard so."""
        for section in own_feeds(self.config):
            feed = Feed(self.config.feed_config(section))
            await feed.start(reactor, self.sink)
            self.own.append(feed)
        self.scale.start()
        if workers:
            await self.start_workers()

    async def start_workers(self) -> None:
        """Start them, and wait for their word that they listen."""
        if self.way == "broker":
            for name in ("w1", "w2"):
                self.processes[name] = WorkerProcess(self.folder / "site.toml", name)
            for process in self.processes.values():
                await deferToThread(process.ready)
        await self.listening("hill", "ridge")

    async def listening(self, *feeds: str) -> None:
        """Until the site has heard that these listen."""

        def listening() -> bool:
            return set(feeds) <= {status.name for status in self.scale.feeds() if status.listening}

        await until(listening)

    async def restart_site(self, *, kept: bool = True) -> None:
        """A new site on the same data folder; `kept` False: the old one was killed and wrote nothing down."""
        if kept:
            await self.scale.stop()
        else:
            self.scale._marks_now = lambda: (_ for _ in ()).throw(AssertionError)  # type: ignore[method-assign]
            await self.kill_site()
        self.begin_anew()
        self.scale.start()

    async def kill_site(self) -> None:
        """As far as a site in this process can be killed: nothing more is taken or written down."""
        scale = self.scale
        scale._beating.stop()
        if scale.refill is not None:
            scale.refill.line_down()
        if scale.broker is not None:
            await scale.broker.stop()

    def begin_anew(self) -> None:
        """Nothing is known of before but what is in the folder."""
        self.picture, self.seen, self.metrics = TrackPicture(), [], Metrics()
        self.scale = self._scale()

    def forget(self) -> None:
        """An empty picture under running workers."""
        self.picture, self.seen = TrackPicture(), []
        self.scale.intake._picture = self.picture

    async def stop(self) -> None:
        """All of it."""
        for feed in self.own:
            await feed.stop()
        await self.scale.stop()
        for process in self.processes.values():
            if process.process.poll() is None:
                await deferToThread(process.end)

    # Its workers

    def worker_of(self, feed: str) -> str:
        """Who has it."""
        names = {"pipes": ("process-1", "process-2"), "broker": ("w1", "w2")}[self.way]
        return names[("hill", "ridge").index(feed)]

    async def kill_worker(self, feed: str) -> None:
        """kill -9; and the service manager does its work where the site is none."""
        name = self.worker_of(feed)
        self.sent[feed] = 0
        if self.way == "pipes":
            child = self.scale.workers.by_name[name].child
            assert child is not None
            assert child.pid is not None
            os.kill(child.pid, signal.SIGKILL)
            return
        await deferToThread(self.processes[name].end, signal.SIGKILL)
        self.processes[name] = WorkerProcess(self.folder / "site.toml", name)
        await deferToThread(self.processes[name].ready)

    def status(self, feed: str) -> FeedStatus:
        """A worker's feed as the site has last heard of it."""
        return next(status for status in self.scale.feeds() if status.name == feed)

    def service(self, name: str) -> ServiceState:
        """As health has it."""
        return next(service for service in self.scale.services() if service.name == name)

    # What comes to them

    def send(self, feed: str, data: bytes) -> "Deferred[None]":
        """To the feed's port, from a thread, as a receiver would."""
        self.sent[feed] += len(data)
        return deferToThread(_send, self.ports[feed], data)

    def of(self, source: str) -> list[Seen]:
        """What came into the picture from there."""
        return [seen for seen in self.seen if seen.source == source]

    def count(self, source: str) -> int:
        """How many sightings."""
        return sum(len(seen) if isinstance(seen, AddressBatch) else 1 for seen in self.of(source))


def _send(port: int, data: bytes) -> None:
    import socket

    with socket.create_connection(("127.0.0.1", port), timeout=START_S) as connection:
        connection.sendall(data)


async def heard_directly(data: bytes, *, source: str) -> tuple[TrackPicture, int]:
    """The picture of a site that hears these bytes itself, and how many sightings they were."""
    picture, count = TrackPicture(), 0

    def sink(seen: Seen) -> None:
        nonlocal count
        if isinstance(seen, Sighting):
            count += 1
            picture.accept(seen, reactor.seconds())
        else:
            count += len(seen)
            picture.accept_batch(seen, reactor.seconds())

    feed = Feed(FeedConfig(name=source, kind="beast", listen="127.0.0.1:0"))  # type: ignore[arg-type]  # as text
    await feed.start(reactor, sink)
    assert feed.port is not None
    await deferToThread(_send, feed.port, data)
    await until(lambda: feed.counts.bytes == len(data) and not feed.status().connected)
    await feed.stop()
    return picture, count


def told(picture: TrackPicture) -> dict[str, tuple[Any, ...]]:
    """All that is known of each thing but when, and in which order it came to be known."""
    return {track.id: _told(track) for track in picture.tracks()}


def _told(track: Track) -> tuple[Any, ...]:
    return (
        track.icao24,
        track.keys,
        track.source,
        track.source_kind,
        track.lon_deg,
        track.lat_deg,
        track.accuracy_m,
        track.altitude_m,
        track.altitude_datum,
        track.ground_speed_mps,
        track.track_deg,
        track.vertical_rate_mps,
        track.callsign,
        track.squawk,
        track.emergency,
        track.emitter_category,
        track.on_ground,
        track.simulated,
        track.doubts,
        track.sources,
    )


Made = Callable[..., Stage]
