"""All viewers of a site's video: who is signed in, what each may watch, and how the streams do, told each second.

A viewing is in the journal before its first picture is sent. Rights are looked at again whenever a session or a stream
changes. One viewer that reads slowly costs the others nothing (protocols/video_gop.py).
"""

from collections.abc import Callable
from typing import Any

import structlog
from twisted.internet.defer import Deferred

from adapters.video.line import Line
from adapters.video.video import Video
from adapters.web.sessions import check_session, new_key, principal_of, still_holds
from adapters.web.site import Principal, Site
from adapters.web.viewer import VideoViewer
from dispatch import account_facts
from dispatch.commands import Ask
from dispatch.errors import GanyingError
from dispatch.facts import Recorded
from dispatch.video import may_watch
from dispatch.video_commands import BeginViewing
from dispatch.video_facts import VideoStreamRemoved, VideoStreamSaved
from dispatch.views import Viewer, visible
from dispatch.world import World
from protocols.client_session import SessionOver
from protocols.codec import video as codec
from protocols.codec.video import (
    VideoHello,
    VideoPing,
    VideoSaid,
    VideoStanding,
    VideoUnwatch,
    VideoWatch,
)

log = structlog.get_logger(__name__)

MOST_WATCHED = 16  # streams at once of one viewer; a wall has nine
_TELL_EVERY = 2  # looks: once a second
_CHANGES = (
    account_facts.SessionClosed,
    account_facts.SessionsEnded,
    account_facts.AccountSaved,
    VideoStreamSaved,
    VideoStreamRemoved,
)


class Viewers:
    """The viewers of one site."""

    def __init__(self, site: Site, video: Video | None, reactor: Any) -> None:
        self.site, self.video, self.reactor = site, video, reactor
        self._all: set[VideoViewer] = set()
        self._looks = 0
        self._unsubscribe: Callable[[], None] = lambda: None
        self._unwatch: Callable[[], None] = lambda: None
        self._count = site.metrics.gauge("ganying_video_viewers", "Viewers that are connected")
        self._parted = site.metrics.counter(
            "ganying_video_viewers_parted", "Viewers let go, by reason", ("code",)
        )

    def start(self) -> None:
        """Begin to tell."""
        self._unsubscribe = self.site.desk.subscribe(self._committed)
        if self.video is not None:
            self._unwatch = self.video.subscribe(self._looked)
            if self.video.elsewhere is not None:
                self.video.elsewhere.on_over = self._over

    def stop(self) -> None:
        """Tell everybody and stop."""
        self._unsubscribe()
        self._unwatch()
        self._unwatch = lambda: None
        for viewer in tuple(self._all):
            viewer.part("STOPPING", "the server stops; try again")

    def opened(self, viewer: VideoViewer) -> None:
        """A socket."""
        self._all.add(viewer)
        self._count.set(len(self._all))

    def closed(self, viewer: VideoViewer) -> None:
        """It is gone."""
        self._leave_all(viewer)
        self._all.discard(viewer)
        self._count.set(len(self._all))

    def parted(self, viewer: VideoViewer, code: str) -> None:
        """A viewer is let go."""
        self._leave_all(viewer)
        self._parted.labels(code).inc()

    def said(self, viewer: VideoViewer, said: VideoSaid) -> None:
        """Act on a message. Raises SessionOver."""
        if isinstance(said, VideoHello):
            self._greet(viewer, said)
            return
        if viewer.principal is None:
            raise SessionOver("OUT_OF_TURN", "VideoHello comes first")
        match said:
            case VideoWatch():
                self._watch(viewer, viewer.principal, said)
            case VideoUnwatch():
                self._leave(viewer, said.stream_id)
            case VideoPing():
                viewer.tell(codec.pong(said.at_us, self.site.clock()))

    def _greet(self, viewer: VideoViewer, hello: VideoHello) -> None:
        if viewer.principal is not None:
            raise SessionOver("OUT_OF_TURN", "VideoHello is said once")
        if self.video is None:
            raise SessionOver("NO_VIDEO", "this site takes no video")
        principal = principal_of(self.site.desk.world, hello.token, self.site.clock())
        if principal is None:
            raise SessionOver("UNAUTHENTICATED", "no session: POST /api/v1/session first")
        try:
            check_session(self.site, principal, acts=False)
        except GanyingError as error:
            raise SessionOver(error.code, error.detail) from None
        viewer.be_patient()
        viewer.principal = principal
        account = principal.account
        viewer.tell(
            codec.welcome(
                site=self.site.config.site.id,
                account=account.name,
                display_name=account.display_name,
                at=self.site.clock(),
            )
        )
        self._tell(viewer, _Look(self.site, self.video))

    def _watch(self, viewer: VideoViewer, principal: Principal, said: VideoWatch) -> None:
        stream_id = said.stream_id
        if stream_id in viewer.watched or stream_id in viewer.asked:
            return
        if len(viewer.watched) + len(viewer.asked) >= MOST_WATCHED:
            viewer.tell(codec.refused(stream_id, "TOO_MANY", f"at most {MOST_WATCHED} streams at once"))
            return
        viewer.asked.add(stream_id)
        begun = Deferred.fromCoroutine(self._begin(viewer, principal, said))
        begun.addErrback(lambda failure: log.error("defect in a viewing", traceback=failure.getTraceback()))

    async def _begin(self, viewer: VideoViewer, principal: Principal, said: VideoWatch) -> None:
        """Written down, then shown."""
        stream_id, session = said.stream_id, principal.session.token_digest

        def ask(command: BeginViewing) -> Ask:
            return Ask(
                actor=principal.account.name,
                role=principal.session.role,
                command_id=new_key(),
                command=command,
                operator_id=principal.account.operator_id,
            )

        video = self.video
        try:
            line = None if video is None else self._allowed(video, principal, stream_id)
            if video is None or line is None:
                viewer.tell(codec.refused(stream_id, "UNKNOWN_ID", "no such stream for you"))
                return
            code = self._why_not(video, line)
            if code:
                viewer.tell(
                    codec.refused(stream_id, code, f"site {line.stream.site} does not let it be watched")
                )
                return
            command = BeginViewing(stream_id=stream_id, address=viewer.host, purpose=said.purpose)
            await video.viewings.begin(session, ask, command)
        except GanyingError as error:
            viewer.tell(codec.refused(stream_id, error.code, error.detail))
            return
        finally:
            # an Unwatch that came meanwhile has taken it out
            wanted = stream_id in viewer.asked
            viewer.asked.discard(stream_id)
        still = self._allowed(video, principal, stream_id)
        if viewer.over or not wanted or still is None or self._why_not(video, still):
            video.viewings.leave(session, stream_id, 0, 0)
            return
        viewer.watched[stream_id] = still.slot
        # told first: it says which slot is whose
        self._tell(viewer, _Look(self.site, video))
        video.watch(viewer, still)

    def _allowed(self, video: Video, principal: Principal, stream_id: str) -> Line | None:
        """A stream that the viewer may watch now."""
        line = video.line(stream_id)
        role, operator_id = principal.session.role, principal.account.operator_id
        if line is None or not still_holds(self.site.desk.world, principal, self.site.clock()):
            return None
        return line if may_watch(role, operator_id, line.stream) else None

    def _why_not(self, video: Video, line: Line) -> str:
        """A code: of a partner's stream, why nobody here may watch it now."""
        if video.elsewhere is None or line.stream.site == self.site.config.site.id:
            return ""
        return video.elsewhere.why_not(line.stream.id)

    def _over(self, stream_id: str, code: str) -> None:
        """A partner's stream may be watched no more."""
        for viewer in tuple(self._all):
            if stream_id in viewer.watched:
                self._leave(viewer, stream_id, linger=False)
                viewer.tell(codec.refused(stream_id, code, "this stream may be watched no more"))

    def _leave(self, viewer: VideoViewer, stream_id: str, *, linger: bool = True) -> None:
        viewer.asked.discard(stream_id)
        slot = viewer.watched.pop(stream_id, None)
        if slot is None or self.video is None or viewer.principal is None:
            return
        sent, left_out = viewer.queue.counts(slot)
        line = self.video.line(stream_id)
        if line is not None:
            self.video.unwatch(viewer, line)
        self.video.viewings.leave(
            viewer.principal.session.token_digest, stream_id, sent, left_out, linger=linger
        )

    def _leave_all(self, viewer: VideoViewer) -> None:
        viewer.asked.clear()
        for stream_id in tuple(viewer.watched):
            self._leave(viewer, stream_id)

    # What viewers are told

    def _looked(self, changed: bool) -> None:
        self._looks += 1
        if self.video is None or (not changed and self._looks % _TELL_EVERY):
            return
        look = _Look(self.site, self.video)
        for viewer in tuple(self._all):
            self._tell(viewer, look)

    @staticmethod
    def _tell(viewer: VideoViewer, look: "_Look") -> None:
        """How the streams do that the viewer sees in the registry."""
        if viewer.principal is None:
            return
        left_out = {slot: viewer.queue.counts(slot)[1] for slot in viewer.watched.values()}
        viewer.tell(look.told(viewer.principal.viewer, left_out))

    def _committed(self, _: World, recorded: tuple[Recorded, ...]) -> None:
        if not any(isinstance(each.fact, _CHANGES) for each in recorded):
            return
        world, now = self.site.desk.world, self.site.clock()
        for viewer in tuple(self._all):
            principal = viewer.principal
            if principal is None:
                continue
            if not still_holds(world, principal, now):
                viewer.part("UNAUTHENTICATED", "the session has ended; sign in again")
                continue
            for stream_id in tuple(viewer.watched):
                if stream_id in world.shown_videos:
                    continue  # its end is told by _over
                stream = world.video_streams.get(stream_id)
                role, operator_id = principal.session.role, principal.account.operator_id
                if stream is None or not may_watch(role, operator_id, stream):
                    self._leave(viewer, stream_id)
                    viewer.tell(codec.refused(stream_id, "NO_MORE", "this stream may be watched no more"))


class _Look:
    """How streams do at one moment: worked out once for all who see the same."""

    def __init__(self, site: Site, video: Video) -> None:
        self._relations, self._lines = site.relations(), video.lines()
        self._seen: dict[Viewer, tuple[VideoStanding, ...]] = {}
        self._standings = codec.Standings()

    def told(self, eyes: Viewer, left_out: dict[int, int]) -> bytes:
        """To a viewer with these eyes."""
        seen = self._seen.get(eyes)
        if seen is None:
            seen = self._seen[eyes] = tuple(
                line.standing()
                for line in self._lines
                if visible(self._relations, eyes, "video_streams", line.stream)
            )
        return self._standings.message(seen, left_out)
