"""All video of a site: the registry followed, streams given to processes, pictures handed to viewers.

    source -> process (child.py) -> pipe -> Video -> Line -> queue of each viewer -> socket

One source is opened once however many watch. Nothing here waits: pictures that do not get through are dropped at the
next bounded place and counted. KLV goes to viewers with its pictures, and where it says the camera looks (looking.py).
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import msgspec
import structlog
from twisted.internet.defer import DeferredList, inlineCallbacks
from twisted.internet.task import LoopingCall

from adapters.clock import Clock
from adapters.config import Config
from adapters.metrics import Metrics
from adapters.video.discovery.discovery import Discovery
from adapters.video.gb28181.calls import MediaOrder
from adapters.video.line import NOT_ENABLED, WORKER_DOWN, Line, Watching
from adapters.video.looking import Looking
from adapters.video.order import KLV, PICTURE, FromChild, Order, StreamOrder, StreamReport, read_report
from adapters.video.process import VideoProcess
from adapters.video.recording.recordings import Recordings
from adapters.video.starts import Starts
from adapters.video.viewings import Viewings
from dispatch.facts import Recorded
from dispatch.terrain import Terrain
from dispatch.video import listening_at, waits
from dispatch.video_kinds import VideoSource
from dispatch.video_records import VideoStream
from dispatch.world import World
from protocols.codec.video import VideoStanding
from protocols.video_sets import PictureFormat
from protocols.websocket_frame import binary_frame

log = structlog.get_logger()

LOOK_EVERY_S = 0.5
NOT_SPOKEN = "gb28181_off"


class Elsewhere(Protocol):
    """Streams that partners show (adapters/video/federation)."""

    on_over: Callable[[str, str], None]

    def line(self, stream_id: str) -> Line | None:
        """One of them."""

    def lines(self) -> Iterable[Line]:
        """All."""

    def watched(self, stream_id: str) -> None:
        """Somebody begins to watch one."""

    def why_not(self, stream_id: str) -> str:
        """A code: why it may not be watched now; empty: it may."""


class Called(Protocol):
    """Streams whose device must be asked for its pictures (adapters/video/gb28181)."""

    def follow(self, wanted: Mapping[str, str]) -> None:
        """These and no others: stream -> device and channel."""

    def order(self, stream_id: str) -> MediaOrder | None:
        """What is to be taken in; None: nothing, yet."""

    def reason(self, stream_id: str) -> str:
        """Why no picture comes; empty: the process knows."""

    def reported(self, stream_id: str, report: StreamReport) -> None:
        """What the process says of a stream."""


class Video:
    """Start it after the desk; stop it before."""

    def __init__(
        self,
        *,
        config: Config,
        desk: Any,
        clock: Clock,
        metrics: Metrics,
        reactor: Any,
        terrain: Callable[[], Terrain] = Terrain,
    ) -> None:
        self.viewings = Viewings(desk, reactor)
        self.recordings = Recordings(
            config=config, desk=desk, clock=clock, metrics=metrics, reactor=reactor, terrain=terrain
        )
        self.discovery = Discovery(
            config=config,
            desk=desk,
            clock=clock,
            metrics=metrics,
            reactor=reactor,
            still=self.recordings.still_of,
        )
        self._starts = Starts(desk, reactor)
        self.elsewhere: Elsewhere | None = None  # partners' streams
        self.called: Called | None = None  # streams of GB/T 28181
        self._cameras = Looking(line=self.line, terrain=terrain, metrics=metrics, reactor=reactor)
        self._config, self._desk, self._clock, self._reactor = config, desk, clock, reactor
        self._lines: dict[str, Line] = {}
        self._by_slot: dict[int, Line] = {}
        self.processes: list[VideoProcess] = []
        self._next_slot = 1
        self._listeners: list[Callable[[bool], None]] = []
        self._looking = LoopingCall(self._look)
        self._looking.clock = reactor
        self._unsubscribe: Callable[[], None] = lambda: None
        self._units = metrics.counter("ganying_video_units", "Access units taken in", ())
        self._deaths = metrics.counter("ganying_video_process_deaths", "Video processes that died", ())
        self._states = metrics.gauge("ganying_video_streams", "Streams by state", ("state",))

    def start(self) -> None:
        """Take in what is registered."""
        self._unsubscribe = self._desk.subscribe(self._committed)
        self._follow(self._desk.world)
        self._looking.start(LOOK_EVERY_S)
        self._cameras.start()
        self.discovery.start()
        self.recordings.start()

    @inlineCallbacks
    def stop(self) -> Any:
        """End the processes; write down that nobody watches any more."""
        self._unsubscribe()
        if self._looking.running:
            self._looking.stop()
        self._cameras.stop()
        yield DeferredList([self.discovery.stop(), *(process.stop() for process in self.processes)])
        yield DeferredList([self.viewings.stop(), self.recordings.stop()])

    # For viewers and doors

    def line(self, stream_id: str) -> Line | None:
        """A stream that is registered, or that a partner shows."""
        line = self._lines.get(stream_id)
        return line if line is not None or self.elsewhere is None else self.elsewhere.line(stream_id)

    def lines(self) -> Iterable[Line]:
        """All of them."""
        return (*self._lines.values(), *(() if self.elsewhere is None else self.elsewhere.lines()))

    def standing(self, stream_id: str) -> VideoStanding | None:
        """How a stream does."""
        line = self.line(stream_id)
        return None if line is None else line.standing()

    def watch(self, viewer: Watching, line: Line) -> None:
        """Send it a stream from the last key frame on."""
        viewer.queue.watch(line.slot, line.gop.frames)
        line.viewers.add(viewer)
        if self.elsewhere is not None and line.stream.id not in self._lines:
            self.elsewhere.watched(line.stream.id)

    def unwatch(self, viewer: Watching, line: Line) -> None:
        """No more of it."""
        line.viewers.discard(viewer)
        viewer.queue.unwatch(line.slot)

    def subscribe(self, told: Callable[[bool], None]) -> Callable[[], None]:
        """`told` is called twice a second, with whether a state is another than before."""
        self._listeners.append(told)
        return lambda: self._listeners.remove(told)

    # The registry

    def _committed(self, world: World, recorded: tuple[Recorded, ...]) -> None:
        if any(type(each.fact).__name__.startswith(("VideoStream", "VideoSending")) for each in recorded):
            self.discovery.committed(world)  # first: it lets go of the port
            self._follow(world)

    def _follow(self, world: World) -> None:
        standing = {each.id: each for each in world.video_streams.values() if each.removed_at is None}
        own = {stream_id: each for stream_id, each in standing.items() if each.site == world.site}
        for stream_id in set(self._lines) - set(own):
            line = self._lines.pop(stream_id)
            del self._by_slot[line.slot]
            self._free(line.slot)
            for viewer in tuple(line.viewers):
                self.unwatch(viewer, line)
        self._call(own.values())
        for stream_id, stream in own.items():
            line = self._lines.get(stream_id) or self._new_line(stream)
            line.stream = stream
            if not stream.terms.enabled:
                self._free(line.slot)
                line.broken(NOT_ENABLED)
            elif self._process_of(line.slot) is None:
                self._place(line.slot)
        self.tell()

    def tell(self) -> None:
        """To the processes: what they take in may be another."""
        for process in self.processes:
            process.tell()

    def _call(self, streams: Iterable[VideoStream]) -> None:
        if self.called is not None:
            wanted = (
                each for each in streams if each.terms.source is VideoSource.GB28181 and each.terms.enabled
            )
            self.called.follow({each.id: each.terms.address for each in wanted})

    def _new_line(self, stream: VideoStream) -> Line:
        line = Line(stream=stream, slot=self._next_slot, since=self._clock())
        self._next_slot += 1
        self._lines[stream.id] = self._by_slot[line.slot] = line
        return line

    def _process_of(self, slot: int) -> VideoProcess | None:
        return next((each for each in self.processes if slot in each.slots), None)

    def _place(self, slot: int) -> None:
        """Into the emptiest process that has room, or a new one."""
        most = self._config.video.streams_per_process
        fit = min(
            (each for each in self.processes if len(each.slots) < most),
            key=lambda each: len(each.slots),
            default=None,
        )
        if fit is not None:
            fit.slots.add(slot)
            return
        name = f"video-{len(self.processes) + 1}"
        made = VideoProcess(name, partial(self._received, name), self._died, self._reactor)
        made.slots.add(slot)
        self.processes.append(made)
        made.start(lambda: self._order(made))

    def _free(self, slot: int) -> None:
        process = self._process_of(slot)
        if process is not None:
            process.slots.discard(slot)

    def _order(self, process: VideoProcess) -> Order:
        orders = (self._stream_order(self._by_slot[slot]) for slot in sorted(process.slots))
        streams = tuple(each for each in orders if each is not None)
        records = (self.recordings.order(each.slot, self._by_slot[each.slot].stream) for each in streams)
        return Order(streams=streams, recording=self.recordings.settings, records=tuple(records))

    def _stream_order(self, line: Line) -> StreamOrder | None:
        terms, video = line.stream.terms, self._config.video
        epoch = line.epoch + 1
        if terms.source is VideoSource.GB28181:
            return self._called_order(line, epoch)
        group, port = listening_at(terms.address) if waits(terms) else ("", 0)
        if port and not video.first_port <= port <= video.last_port:
            line.reason = "port_not_allowed"
            return None
        user = password = ""
        if terms.login:
            try:
                user, password = self._login(terms.login)
            except (OSError, KeyError, ValueError):
                line.reason = "no_login"
                return None
        return StreamOrder(
            slot=line.slot,
            source=terms.source,
            host=video.listen,
            group=group,
            port=port,
            url="" if port else terms.address,
            user=user,
            password=password,
            latency_ms=video.srt_latency_ms,
            ffmpeg=video.ffmpeg,
            epoch=epoch,
        )

    def _called_order(self, line: Line, epoch: int) -> StreamOrder | None:
        told = None if self.called is None else self.called.order(line.stream.id)
        if told is None:
            line.reason = NOT_SPOKEN if self.called is None else self.called.reason(line.stream.id)
            return None
        return StreamOrder(
            slot=line.slot,
            source=VideoSource.GB28181,
            host=told.host,
            port=told.port,
            ssrc=told.ssrc,
            setup=told.setup,
            peer=told.peer,
            peer_port=told.peer_port,
            epoch=epoch,
        )

    def _login(self, name: str) -> tuple[str, str]:
        path: Path = self._config.path(self._config.video.logins[name])
        user, _, password = path.read_text().strip().partition(":")
        return user, password

    # What processes say

    def _received(self, process: str, message: FromChild) -> None:
        if message.kind == PICTURE:
            line = self._by_slot.get(message.slot)
            if line is not None and line.stream.terms.enabled:
                self._units.inc()
                line.picture(
                    binary_frame(message.body),
                    key=message.key,
                    epoch=message.epoch,
                    now_s=self._reactor.seconds(),
                )
        elif message.kind == KLV:
            line = self._by_slot.get(message.slot)
            if line is not None and line.stream.terms.enabled:
                line.beside(binary_frame(message.body))
                self._cameras.heard(line, message.body)
        else:
            self._reported(process, message.body)

    def _reported(self, process: str, body: bytes) -> None:
        try:
            report = read_report(body)
        except msgspec.MsgspecError:
            log.error("a video process reports nonsense")
            return
        self.recordings.reported(process, report.recording)
        for each in report.streams:
            line = self._by_slot.get(each.slot)
            if line is None:
                continue
            line.counts = each.counts
            if self.called is not None:
                self.called.reported(line.stream.id, each)
            line.reason = self._why(line) or each.reason or "silent"
            if each.codec:
                line.format = PictureFormat(codec=each.codec, width=each.width, height=each.height)

    def _why(self, line: Line) -> str:
        """What the process cannot know."""
        if self.called is None or line.stream.terms.source is not VideoSource.GB28181:
            return ""
        return self.called.reason(line.stream.id)

    def _died(self, process: VideoProcess) -> None:
        self._deaths.inc()
        for slot in process.slots:
            self._by_slot[slot].broken(WORKER_DOWN)

    def _look(self) -> None:
        now, now_s = self._clock(), self._reactor.seconds()
        changed = [line.look(now_s, now) for line in self._lines.values()]
        self._starts.look(self._lines.values())
        for line in self._lines.values():
            line.reason = self._why(line) or line.reason
        counted: dict[str, int] = {"live": 0, "stalled": 0, "down": 0}
        for line in self._lines.values():
            counted[str(line.state)] += 1
        for state, count in counted.items():
            self._states.labels(state).set(count)
        for told in tuple(self._listeners):
            told(any(changed))
