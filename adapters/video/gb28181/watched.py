"""What an upper platform watches of ours: asked for with INVITE, written down, sent as PS over RTP, ended by either side.

    <- INVITE, SDP            we -> 100; the viewing goes into the journal, with purpose: no journal, no picture
                              we -> 200, SDP, again until ACK
    <- ACK                    pictures from the last key frame on
    <- INFO, MANSRTSP         of a recording: pace, place, pause
                              we -> MESSAGE, MediaStatus 121: all of a recording was sent
    <- BYE                    or we -> BYE: the stream is gone, the receiver's port is closed, the platform is silent

What is sent is shown.py's and replayed.py's affair. Only channels that the site's file names for this platform, only streams of this site's own, only to the platform's addresses.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import structlog
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from adapters.video.gb28181.endpoint import Endpoint
from adapters.video.gb28181.media_out import MediaOut
from adapters.video.gb28181.ports import Ports
from adapters.video.gb28181.replayed import MOST_REPLAYED, RecordsAbove, ReplayShown
from adapters.video.gb28181.shown import LiveShown, Refusal, Shown
from adapters.video.gb28181.tokens import branch, token
from adapters.video.gb28181.upstream import Upstream, allowed_hosts
from adapters.video.video import Video
from dispatch import video_above
from dispatch.errors import GanyingError
from protocols.gb28181 import mansrtsp, recordings, sdp
from protocols.gb28181.errors import BadGb
from protocols.gb28181.registrar import Source
from protocols.gb28181.sdp import Sdp
from protocols.gb28181.sip import SipMessage
from protocols.gb28181.transactions import GIVE_UP_S, T1_S, T2_S
from protocols.gb28181.words import Dialog, Us

log = structlog.get_logger()

MOST_WATCHED = 16  # of one platform at once; more: 486
LAST_WAIT_S = 60.0  # for BYE, after all was sent
LOOK_EVERY_S = 1.0


@dataclass(eq=False, slots=True, kw_only=True)
class Watched:
    """One viewing."""

    upstream: Upstream
    asked: SipMessage
    source: Source
    shown: Shown
    channel_id: str
    told: Sdp
    port: int
    tag: str
    since_s: float
    out: MediaOut = field(init=False)
    acknowledged: bool = False
    written: bool = False
    answered: bool = False
    over: bool = False
    again: IDelayedCall | None = None
    finished_s: float | None = None  # since when all was sent
    told_over: bool = False
    cseq: int = 0  # of the last request of ours in the dialog

    @property
    def subject(self) -> str:
        """As the platform said it."""
        return self.asked.header("subject")[:120]


class WatchedFromAbove:
    """Of one site."""

    def __init__(
        self,
        *,
        us: Us,
        listen: str,
        desk: Any,
        video: Video,
        endpoint: Endpoint,
        ports: Ports,
        records: RecordsAbove,
        reactor: Any,
        counted: Any,
    ) -> None:
        self._records = records
        self._us, self._listen, self._desk, self._video = us, listen, desk, video
        self._endpoint, self._ports, self._reactor, self._counted = endpoint, ports, reactor, counted
        self._all: dict[tuple[str, str], Watched] = {}
        self._turn = LoopingCall(self._look)
        self._turn.clock = reactor

    def start(self) -> None:
        """Look after them."""
        self._turn.start(LOOK_EVERY_S)

    def stop(self) -> None:
        """All end."""
        if self._turn.running:
            self._turn.stop()
        for each in tuple(self._all.values()):
            self._end(each, "site_stops", bye=True)

    def of(self, upstream: Upstream) -> Iterable[Watched]:
        """What a platform watches."""
        return [each for each in self._all.values() if each.upstream is upstream and each.acknowledged]

    def down(self, upstream: Upstream) -> None:
        """It does not hear us any more."""
        for each in tuple(self._all.values()):
            if each.upstream is upstream:
                self._end(each, "platform_down", bye=True)

    def invite(self, upstream: Upstream, asked: SipMessage, source: Source) -> None:
        """It wants to watch."""
        try:
            watched = self._checked(upstream, asked, source)
        except BadGb as error:
            self._endpoint.trouble(error.code, source.host, str(error))
            self._endpoint.answer(asked, source, 400, "Bad Request", tag=token())
            return
        except Refusal as no:
            self._refuse(asked, source, no)
            return
        self._all[(upstream.section.id, asked.call_id)] = watched
        self._endpoint.answer(asked, source, 100, "Trying")
        Deferred.fromCoroutine(self._begin(watched)).addErrback(self._defect, watched)

    def _defect(self, failure: Failure, watched: Watched) -> None:
        log.error("defect in a viewing from above", traceback=failure.getTraceback())
        self._end(watched, "defect")

    def _refuse(self, asked: SipMessage, source: Source, no: Refusal, tag: str = "") -> None:
        self._counted.labels(no.code).inc()
        self._endpoint.trouble(no.code, source.host, asked.to.user)
        self._endpoint.answer(asked, source, no.status, no.reason, tag=tag or token())

    def _checked(self, upstream: Upstream, asked: SipMessage, source: Source) -> Watched:
        """Raises BadGb, Refusal."""
        if asked.to.tag or (upstream.section.id, asked.call_id) in self._all:
            raise Refusal(488, "Not Acceptable Here", "INVITED_AGAIN")
        told = sdp.read(asked.body)
        channel_id = asked.to.user
        if told.session not in ("Play", "Playback") or "PS" not in told.payloads.values():
            raise Refusal(488, "Not Acceptable Here", "NOT_SPOKEN")
        if told.address not in allowed_hosts(upstream.section):
            raise Refusal(403, "Forbidden", "OTHER_MEDIA_HOST")
        shown = self._shown(upstream, asked, told)
        if sum(each.upstream is upstream for each in self._all.values()) >= MOST_WATCHED:
            raise Refusal(486, "Busy Here", "TOO_MANY_WATCHED")
        port = self._ports.take()
        if port is None:
            raise Refusal(486, "Busy Here", "NO_PORT")
        watched = Watched(
            upstream=upstream,
            asked=asked,
            source=source,
            shown=shown,
            channel_id=channel_id,
            told=told,
            port=port,
            tag=token(),
            since_s=self._reactor.seconds(),
        )
        try:
            watched.out = MediaOut(
                told,
                port,
                listen=self._listen,
                hosts=allowed_hosts(upstream.section),
                lost=lambda why: self._end(watched, why, bye=True),
                reactor=self._reactor,
            )
        except (CannotListenError, OSError):
            self._ports.free(port)
            raise Refusal(486, "Busy Here", "NO_PORT") from None
        return watched

    def _shown(self, upstream: Upstream, asked: SipMessage, told: Sdp) -> Shown:
        """Raises BadGb, Refusal."""
        platform = upstream.section.id
        session = f"gb28181:{platform}:{asked.call_id}"  # by which the viewing is known
        stream_id = upstream.section.channels.get(asked.to.user, "")
        code = video_above.why_not(self._desk.world, stream_id)
        if code == video_above.NOT_ENABLED:
            raise Refusal(480, "Temporarily Unavailable", code)
        line = self._video.line(stream_id)
        if code or line is None:
            raise Refusal(404, "Not Found", "NOT_SHARED")
        if told.session == "Play":
            return LiveShown(line, session=session, platform=platform, desk=self._desk, video=self._video)
        replayed = sum(
            isinstance(each.shown, ReplayShown) and each.upstream is upstream for each in self._all.values()
        )
        if replayed >= MOST_REPLAYED:
            raise Refusal(486, "Busy Here", "TOO_MANY_REPLAYED")
        return self._records.replay(told, session=session, platform=platform, stream=line.stream)

    async def _begin(self, watched: Watched) -> None:
        upstream = watched.upstream
        what = "点播" if isinstance(watched.shown, LiveShown) else "回放"
        purpose = f"级联{what} {upstream.name} {watched.subject}".strip()
        try:
            await watched.shown.begin(watched.told.address, purpose[:200])
        except (GanyingError, Refusal) as error:
            no = error if isinstance(error, Refusal) else Refusal(503, "Service Unavailable", "NOT_WRITTEN")
            log.warning("a viewing from above is refused", why=error.code)
            if not watched.over:
                self._refuse(watched.asked, watched.source, no, watched.tag)
            self._end(watched, "not_begun")
            return
        watched.written = True
        if watched.over:  # ended while it was being written
            self._left(watched)
            return
        body = sdp.answer(
            owner=watched.channel_id,
            address=self._us.host,
            port=watched.port,
            asked=watched.told,
            setup="passive" if watched.told.setup == "active" else "active",
        )
        data = self._endpoint.answer(
            watched.asked,
            watched.source,
            200,
            "OK",
            tag=watched.tag,
            more=(("Contact", self._us.contact), ("Content-Type", sdp.CONTENT_TYPE)),
            body=body,
        )
        watched.answered = True
        self._say_again(watched, data, T1_S, self._reactor.seconds() + GIVE_UP_S)

    def _say_again(self, watched: Watched, data: bytes, pause_s: float, until_s: float) -> None:
        """Until it is acknowledged (§13.3.1.4)."""

        def again() -> None:
            watched.again = None
            if self._reactor.seconds() >= until_s:
                self._end(watched, "no_ack", bye=True)
                return
            self._endpoint.send(data, watched.source)
            self._say_again(watched, data, min(T2_S, pause_s * 2), until_s)

        watched.again = self._reactor.callLater(pause_s, again)

    def acknowledged(self, upstream: Upstream, asked: SipMessage) -> bool:
        """ACK; whether it is of a viewing."""
        watched = self._all.get((upstream.section.id, asked.call_id))
        if watched is None:
            return False
        if watched.answered and not watched.acknowledged:
            watched.acknowledged = True
            if watched.again is not None:
                watched.again.cancel()
                watched.again = None
            self._counted.labels("began").inc()
            log.info(
                "GB/T 28181 viewing",
                platform=upstream.section.id,
                stream=watched.shown.stream_id,
                now="began",
            )
            watched.out.start()
            watched.shown.start(watched.out.queue)
        return True

    def info(self, upstream: Upstream, asked: SipMessage, source: Source) -> bool:
        """It wants a recording otherwise; whether there is one. Raises BadGb."""
        watched = self._all.get((upstream.section.id, asked.call_id))
        if watched is None or not watched.acknowledged:
            return False
        try:
            watched.shown.control(mansrtsp.read(asked.body))
        except Refusal as no:
            self._refuse(asked, source, no)
            return True
        if not watched.shown.finished:  # from an earlier place again
            watched.finished_s, watched.told_over = None, False
        self._endpoint.answer(asked, source, 200, "OK")
        return True

    def bye(self, upstream: Upstream, asked: SipMessage, source: Source) -> bool:
        """It watches no more; whether it did."""
        watched = self._all.get((upstream.section.id, asked.call_id))
        if watched is None:
            return False
        self._endpoint.answer(asked, source, 200, "OK")
        self._end(watched, "bye")
        return True

    def _look(self) -> None:
        for watched in tuple(self._all.values()):
            why = watched.shown.look()
            if why:
                self._end(watched, why, bye=True)
            elif watched.shown.finished:
                self._finished(watched)

    def _finished(self, watched: Watched) -> None:
        """All was sent: say so, and wait for BYE."""
        now_s = self._reactor.seconds()
        if watched.finished_s is None:
            watched.finished_s = now_s
        if now_s - watched.finished_s > LAST_WAIT_S:
            self._end(watched, "ended", bye=True)
        elif not watched.told_over and not watched.out.queue.waits:
            watched.told_over = True
            made, dialog = branch(), self._dialog(watched)
            data = dialog.message(made, recordings.over(watched.channel_id, dialog.cseq))
            self._endpoint.ask("MESSAGE", made, data, watched.source, lambda _answer: None)
            self._counted.labels("end_of_file").inc()

    def _end(self, watched: Watched, why: str, *, bye: bool = False) -> None:
        if watched.over:
            return
        watched.over = True
        self._all.pop((watched.upstream.section.id, watched.asked.call_id), None)
        if watched.again is not None and watched.again.active():
            watched.again.cancel()
        watched.shown.stop()
        if bye and watched.answered:
            self._say_bye(watched)
        watched.out.close()
        self._ports.free(watched.port)
        self._counted.labels(why).inc()
        log.info(
            "GB/T 28181 viewing",
            platform=watched.upstream.section.id,
            stream=watched.shown.stream_id,
            now="over",
            why=why,
            sent=watched.out.queue.sent,
        )
        if watched.written:
            self._left(watched)

    def _left(self, watched: Watched) -> None:
        watched.shown.left(watched.out.queue.sent, watched.out.queue.left_out)

    def _say_bye(self, watched: Watched) -> None:
        made = branch()
        data = self._dialog(watched).bye(made)
        self._endpoint.ask("BYE", made, data, watched.source, lambda _answer: None)

    def _dialog(self, watched: Watched) -> Dialog:
        """For the next request of ours."""
        asked, source = watched.asked, watched.source
        watched.cseq += 1
        return Dialog(
            us=self._us,
            transport="TCP" if source.connection else "UDP",
            call_id=asked.call_id,
            local=f"{asked.to.text};tag={watched.tag}",
            remote=asked.sender.text,
            target=f"sip:{watched.upstream.section.id}@{source.host}:{source.port}",
            cseq=watched.cseq,
        )
