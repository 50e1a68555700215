"""The recordings of a site: what its video processes are told to write, how they do, and all that is asked of what they wrote."""

import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import structlog
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure

from adapters.clock import Clock
from adapters.config import Config
from adapters.metrics import Metrics
from adapters.video.line import Line
from adapters.video.recording import clips, film, parts
from adapters.video.recording.asking import Asking
from adapters.video.recording.catalogue import Found, Sought
from adapters.video.recording.child import Question
from adapters.video.recording.clips import PART, ClipMade
from adapters.video.recording.film import Film, Filmed
from adapters.video.recording.house import Bound, HouseReport
from adapters.video.recording.parts import Part, Wanted
from adapters.video.recording.recorder import RecordingReport, RecordOrder
from adapters.video.recording.replays import Replays
from adapters.video.recording.settings import settings_of
from dispatch.errors import GanyingError, Unknown
from dispatch.terrain import Terrain
from dispatch.video_kinds import VideoState
from dispatch.video_recording import flown
from dispatch.video_records import VideoStream, file_name
from protocols.video_segment import US, SegmentInfo
from protocols.websocket_frame import message_of

log = structlog.get_logger()

KEEP_S = 600.0  # house is kept this often, and after a start
STILL_S = 5.0  # a stream's newest small picture is made anew after this, when somebody asks for it
SOON_S, LONG_S = 20.0, 300.0  # patience with the two processes
_WORST = ("down", "full", "ok", "off")


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """A stream's newest small picture."""

    tag: str
    jpeg: bytes
    made_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStatus:
    """How recording does, for health and the console. `state`: off, ok, full, over (nothing may be removed), down."""

    state: str
    detail: str
    streams: int
    bytes: int
    dropped: int
    lag_bytes: int
    held_bytes: int | None
    oldest_at_s: float | None
    removed: int
    damaged: int


class Recordings:
    """Start it after the desk. `lines`: the streams that come in now."""

    def __init__(
        self,
        *,
        config: Config,
        desk: Any,
        clock: Clock,
        metrics: Metrics,
        reactor: Any,
        terrain: Callable[[], Terrain],
    ) -> None:
        self.settings = settings_of(config)
        self.replays = Replays(desk, reactor)
        self._desk, self._clock, self._reactor, self._terrain = desk, clock, reactor, terrain
        self._soon = Asking("recordings", SOON_S, self.settings, reactor)
        self._long = Asking("recordings' house", LONG_S, self.settings, reactor)
        self._reports: dict[str, RecordingReport] = {}
        self._before: dict[str, tuple[int, int]] = {}  # counted by processes that are no more
        self._stills: dict[str, Still] = {}
        self._making: dict[str, list[Deferred[bytes]]] = {}  # who waits for one that is being made
        self._house: HouseReport | None = None
        self._removed = self._damaged = 0
        self._keeping = LoopingCall(self._keep)
        self._keeping.clock = reactor
        self._bytes = metrics.gauge("ganying_video_recorded_bytes", "Bytes recorded since the start")
        self._dropped = metrics.gauge("ganying_video_record_dropped", "Units that were not recorded")
        self._state = metrics.gauge("ganying_video_recording_state", "1 for the present state", ("state",))

    def start(self) -> None:
        """Close what an earlier run left open, and keep house from now on."""
        self._settle_clips()
        if self.settings.enabled:
            self._keeping.start(KEEP_S)

    def stop(self) -> "Deferred[Any]":
        """End the processes; write down that nobody watches any more."""
        if self._keeping.running:
            self._keeping.stop()
        self._soon.stop()
        self._long.stop()
        return self.replays.stop()

    # Writing

    def order(self, slot: int, stream: VideoStream) -> RecordOrder:
        """A stream to be recorded."""
        terms = stream.terms
        info = SegmentInfo(
            site=stream.site,
            stream_id=stream.id,
            name=terms.name,
            carrier=str(terms.carrier),
            carrier_id=terms.carrier_id,
        )
        return RecordOrder(slot=slot, info=info)

    def reported(self, process: str, report: RecordingReport) -> None:
        """How one process does."""
        before = self._reports.get(process)
        if before is not None and report.bytes < before.bytes:  # another process of the same name
            bytes_, dropped = self._before.get(process, (0, 0))
            self._before[process] = (bytes_ + before.bytes, dropped + before.dropped)
        self._reports[process] = report
        status = self.status()
        self._bytes.set(status.bytes)
        self._dropped.set(status.dropped)
        for state in (*_WORST, "over"):
            self._state.labels(state).set(float(state == status.state))

    def status(self) -> RecordingStatus:
        """As of now."""
        reports, house = tuple(self._reports.values()), self._house
        worst = min(reports, key=lambda each: _WORST.index(each.state), default=RecordingReport(state="ok"))
        state, detail = worst.state, worst.detail
        if not self.settings.enabled:
            state, detail = "off", ""
        elif state in ("ok", "off"):  # a process that has not been told yet says off
            state, detail = "ok", ""
            if house is not None and house.over:
                state, detail = "over", "all that is left belongs to incidents"
        before = self._before.values()
        return RecordingStatus(
            state=state,
            detail=detail,
            streams=sum(each.streams for each in reports),
            bytes=sum(each.bytes for each in reports) + sum(each[0] for each in before),
            dropped=sum(each.dropped for each in reports) + sum(each[1] for each in before),
            lag_bytes=sum(each.lag_bytes for each in reports),
            held_bytes=None if house is None else house.size,
            oldest_at_s=None if house is None or house.oldest_us is None else house.oldest_us / US,
            removed=self._removed,
            damaged=self._damaged,
        )

    # Reading

    async def search(self, sought: Sought) -> Found:
        """A page. Raises GanyingError."""
        said = await self._soon.ask(Question(what="search", sought=sought))
        return msgspec.json.decode(said, type=Found)

    async def part(self, wanted: Wanted) -> Part:
        """What a viewer is sent; only after `replays.begin`. Raises OSError."""
        terrain = self._terrain()
        pool = self._reactor.getThreadPool()
        made: Part = await deferToThreadPool(
            self._reactor, pool, parts.read, self.settings.root, wanted, terrain
        )
        return made

    async def film(self, wanted: Filmed) -> Film:
        """Pictures to be sent on at their own pace; only after `replays.begin` may they leave. Raises OSError."""
        pool = self._reactor.getThreadPool()
        made: Film = await deferToThreadPool(self._reactor, pool, film.read, self.settings.root, wanted)
        return made

    async def still_at(self, stream_id: str, at_us: int, carriers: tuple[str, ...] | None) -> bytes:
        """JPEG of what was recorded then, on one of these carriers. Raises GanyingError."""
        question = Question(what="still", stream_id=stream_id, at_us=at_us, carriers=carriers)
        return await self._soon.ask(question)

    async def still_now(self, line: Line) -> Still:
        """A stream's newest small picture, at most STILL_S older than its newest key frame. Raises GanyingError."""
        stream_id, now_s = line.stream.id, self._reactor.seconds()
        if line.state is VideoState.DOWN or not line.gop.frames:
            self._stills.pop(stream_id, None)
            raise Unknown("id", "no picture of this stream comes now")
        present = self._stills.get(stream_id)
        if present is not None and now_s - present.made_s < STILL_S:
            return present
        waiting: Deferred[bytes] = Deferred()
        queue = self._making.setdefault(stream_id, [])
        queue.append(waiting)
        if len(queue) == 1:
            asked = self._soon.ask(Question(what="still_of"), message_of(line.gop.frames[0]))
            asked.addBoth(self._made, stream_id)
        jpeg = await waiting
        made = Still(tag=f'"{hashlib.sha256(jpeg).hexdigest()[:24]}"', jpeg=jpeg, made_s=now_s)
        self._stills[stream_id] = made
        return made

    async def still_of(self, message: bytes) -> bytes:
        """JPEG of a key unit. Raises GanyingError."""
        jpeg: bytes = await self._soon.ask(Question(what="still_of"), message)
        return jpeg

    def _made(self, result: bytes | Failure, stream_id: str) -> None:
        for waiting in self._making.pop(stream_id):
            if isinstance(result, Failure):
                waiting.errback(result)
            else:
                waiting.callback(result)

    # Clips

    def clip_path(self, clip_id: str, *, with_klv: bool) -> Path:
        """Where a clip's file is."""
        return Path(self.settings.clips) / file_name(clip_id, with_klv)

    async def make_clip(
        self, clip_id: str, stream: VideoStream, span: tuple[datetime, datetime], with_klv: bool
    ) -> ClipMade:
        """Write it; it counts when `clip_recorded` has given it its name. Raises GanyingError."""
        told = {
            "title": f"{stream.terms.name} {stream.id}",
            "comment": f"{clip_id} {stream.site} {stream.terms.carrier} {stream.terms.carrier_id}".strip(),
        }
        question = Question(
            what="clip",
            stream_id=stream.id,
            at_us=_us(span[0]),
            to_us=_us(span[1]),
            path=str(self.clip_path(clip_id, with_klv=with_klv)),
            with_klv=with_klv,
            told=told,
        )
        return msgspec.json.decode(await self._long.ask(question), type=ClipMade)

    def clip_recorded(self, clip_id: str, with_klv: bool) -> None:
        """It stands in the journal: the file gets its name."""
        path = self.clip_path(clip_id, with_klv=with_klv)
        path.with_name(path.name + PART).replace(path)

    def clip_refused(self, clip_id: str, with_klv: bool) -> None:
        """It does not, and goes."""
        path = self.clip_path(clip_id, with_klv=with_klv)
        path.with_name(path.name + PART).unlink(missing_ok=True)

    async def clip_digest(self, clip_id: str, with_klv: bool) -> str | None:
        """SHA-256 of the file as it is; None: there is none. Raises GanyingError."""
        said = await self._long.ask(
            Question(what="digest", path=str(self.clip_path(clip_id, with_klv=with_klv)))
        )
        return msgspec.json.decode(said, type=str | None)

    async def clip_file(self, clip_id: str, with_klv: bool) -> tuple[BinaryIO, int] | None:
        """The file, open, and its size."""
        path = self.clip_path(clip_id, with_klv=with_klv)

        def opened() -> tuple[BinaryIO, int] | None:
            with contextlib.suppress(FileNotFoundError):
                file = path.open("rb")
                return file, path.stat().st_size
            return None

        pool = self._reactor.getThreadPool()
        found: tuple[BinaryIO, int] | None = await deferToThreadPool(self._reactor, pool, opened)
        return found

    def _settle_clips(self) -> None:
        """A crash between the journal and the file's name: the journal says which files count."""
        with contextlib.suppress(OSError):
            for part in Path(self.settings.clips).glob(f"*{PART}"):
                path = part.with_name(part.name.removesuffix(PART))
                clip = self._desk.world.video_clips.get(path.stem)
                if clip is not None and clips.digest_of(part) == clip.sha256:
                    part.replace(path)
                else:
                    part.unlink()

    # Keeping house

    def _keep(self) -> "Deferred[None]":
        return Deferred.fromCoroutine(self._kept())

    async def _kept(self) -> None:
        if not self.settings.root.is_dir():
            return  # nothing was ever recorded: no process for it
        now = self._clock()
        since = now - timedelta(days=self.settings.incident_days)
        bound = tuple(
            Bound(each.aircraft_id, _us(each.since), _us(each.until or now))
            for each in flown(self._desk.world)
            if (each.until or now) >= since
        )
        try:
            said = await self._long.ask(Question(what="keep", bound=bound, to_us=_us(now)))
        except GanyingError as error:
            log.error("the recordings' house was not kept", why=str(error))
            return
        self._house = msgspec.json.decode(said, type=HouseReport)
        self._removed += self._house.removed
        self._damaged += self._house.damaged


def _us(at: datetime) -> int:
    return round(at.astimezone(UTC).timestamp() * US)
