"""Video between sites at one place: words of links to the half they are for, facts to both, and the site's own clock.

links -> heard, free -> Giving (our streams out), Taking (partners' streams in) -> viewers
desk  -> commits     -> both; what dispatch/video_share.py finds due is asked of the desk
"""

import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from adapters.clock import Clock
from adapters.desk import Desk
from adapters.metrics import Metrics
from adapters.video.federation.giving import Giving
from adapters.video.federation.lines import Lines
from adapters.video.federation.taking import Taking
from adapters.video.line import Line
from adapters.video.video import Video
from dispatch import video_share
from dispatch.commands import Ask, Command
from dispatch.consent_facts import ConsentEnded, ConsentSigned, RecordLabelled
from dispatch.errors import GanyingError
from dispatch.facts import Recorded
from dispatch.video_commands import EndViewing
from dispatch.video_facts import VideoStreamRemoved, VideoStreamSaved
from dispatch.video_share_facts import PartnerViewingBegan, VideoAnswered, VideoRequested, VideoShown
from dispatch.video_share_kinds import VideoGrantState
from dispatch.world import World
from protocols.codec.link_video import VideoOver, VideoPiece, VideoPull, VideoTook, VideoWord

LOOK_EVERY_S = 0.5
DUE_EVERY = timedelta(
    seconds=10
)  # without any new fact and without a grant that ends: consents begin and end by time
AT_ONCE = 16  # asked of the desk per look; the rest with the next
_MATTERS = (
    ConsentSigned,
    ConsentEnded,
    RecordLabelled,
    VideoStreamSaved,
    VideoStreamRemoved,
    VideoShown,
    VideoRequested,
    VideoAnswered,
    PartnerViewingBegan,
)

log = structlog.get_logger()


class VideoFederation:
    """Of one site. Start it after its Video and its links; stop it before them."""

    def __init__(
        self,
        *,
        desk: Desk,
        video: Video,
        lines: Lines,
        hop: Callable[[str], str],
        clock: Clock,
        metrics: Metrics,
        reactor: Any,
    ) -> None:
        self._desk, self._clock = desk, clock
        self.on_over: Callable[[str, str], None] = lambda _stream_id, _code: None  # who watches is told
        counted = metrics.counter(
            "ganying_video_over_links", "What of video crossed links, by partner", ("partner", "what")
        )
        self._giving = Giving(
            desk=desk,
            lines=lines,
            line_of=video.line,
            watch=video.watch,
            unwatch=video.unwatch,
            clock=clock,
            counted=counted,
        )
        self._taking = Taking(
            desk=desk,
            lines=lines,
            hop=hop,
            clock=clock,
            seconds=reactor.seconds,
            over=lambda stream_id, code: self.on_over(stream_id, code),  # noqa: PLW0108  # it is set later
            counted=counted,
        )
        self._asked: set[str] = set()
        self._due_at: datetime | None = None
        self._looked_at = -1
        self._unsubscribe: Callable[[], None] = lambda: None
        self._loop = LoopingCall(self._look)
        self._loop.clock = reactor

    def start(self) -> None:
        """Follow the desk; viewings that a crash left open are over."""
        self._unsubscribe = self._desk.subscribe(self._committed)
        world = self._desk.world
        for each in tuple(world.video_viewings.values()):
            if each.site == world.site:
                self._ask(
                    EndViewing(viewing_id=each.id, stream_id=each.stream_id, lasted_s=0.0, sent=0, left_out=0)
                )
        self._taking.follow(world)
        self._loop.start(LOOK_EVERY_S, now=False)

    def stop(self) -> None:
        """No more of it."""
        self._unsubscribe()
        if self._loop.running:
            self._loop.stop()
        self._giving.stop()

    # For Video and its viewers

    def line(self, stream_id: str) -> Line | None:
        """A stream that a partner shows."""
        return self._taking.line(stream_id)

    def lines(self) -> Iterable[Line]:
        """All of them."""
        return self._taking.all

    def watched(self, stream_id: str) -> None:
        """Somebody begins to watch one."""
        self._taking.watched(stream_id)

    def why_not(self, stream_id: str) -> str:
        """A code: why a partner's stream may not be watched now; empty: it may."""
        return self._taking.why_not(stream_id)

    # What links say

    def heard(self, site: str, word: VideoWord) -> None:
        """A partner says something."""
        match word:
            case VideoPull():
                self._giving.pulled(site, word)
            case VideoTook():
                self._giving.took(site, word)
            case VideoPiece():
                self._taking.came(site, word)
            case VideoOver():
                self._taking.over(site, word)

    def free(self, site: str) -> None:
        """Its socket has room again."""
        self._giving.flush(site)

    # The clock and the desk

    def _committed(self, world: World, recorded: tuple[Recorded, ...]) -> None:
        if any(isinstance(each.fact, _MATTERS) for each in recorded):
            self._taking.follow(world)
            self._giving.look()
            self._taking.look()

    def _look(self) -> None:
        self._giving.look()
        self._taking.look()
        world, now = self._desk.world, self._clock()
        if world.seq == self._looked_at and self._due_at is not None and now < self._due_at:
            return
        self._looked_at, self._due_at = world.seq, self._next_end(world, now)
        for number, command in enumerate(video_share.due(world, now)):
            if number >= AT_ONCE:
                self._looked_at = -1
                return
            self._ask(command)

    @staticmethod
    def _next_end(world: World, now: datetime) -> datetime:
        ends = (
            each.until
            for each in world.video_grants.values()
            if each.site == world.site and each.state is VideoGrantState.GRANTED and each.until is not None
        )
        return min([now + DUE_EVERY, *ends])

    def _ask(self, command: Command) -> None:
        name = repr(command)
        if name in self._asked:
            return
        self._asked.add(name)
        asked: Deferred[Any] = self._desk.ask(
            Ask(actor="sharing", role=None, command_id=uuid.uuid4().hex, command=command)
        )
        asked.addErrback(self._not_done, type(command).__name__)
        asked.addBoth(lambda _: self._asked.discard(name))

    def _not_done(self, failure: Failure, what: str) -> None:
        self._looked_at = -1  # found again, if it is still due
        if isinstance(failure.value, GanyingError):
            log.info("video between sites: not done", what=what, why=str(failure.value))
        else:
            log.error("defect in video between sites", what=what, traceback=failure.getTraceback())
