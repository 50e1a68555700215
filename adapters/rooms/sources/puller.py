"""One RTSP connection of the conference system: it signs in, is told what a source is, and is sent it.

    -> OPTIONS                                   <- 200, without a login
    -> DESCRIBE rtsp://…/video/{stream}?call=…   <- 401 with a nonce of this connection; then 200 and SDP
    -> SETUP …/trackID=0, Transport              <- 200, Session
    -> PLAY                                      <- 200, then pictures from the last key frame on
    -> GET_PARAMETER                             <- 200: still here
    -> TEARDOWN                                  <- 200

A session ends with its connection, the connection with what it pulls: a source that is over closes it. One request is
answered before the next is read, and while a puller does not read pictures, its requests are not read either. What it
may pull is the Sources' affair.
"""

import secrets
import socket
from typing import Any

import structlog
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from adapters.rooms.sources.packets import Datagrams, Interleaving, Packets
from adapters.rooms.sources.pull import Pull
from adapters.rooms.sources.settings import CONTROL, bare
from dispatch.errors import GanyingError, Malformed
from protocols import rtsp, rtsp_digest, rtsp_transport, sdp_video
from protocols.rtp_video import codec_of
from protocols.rtsp_transport import OnConnection, Way

log = structlog.get_logger(__name__)

SIGN_IN_WITHIN_S = 15.0
TIMEOUT_S = (
    60.0  # without a word before PLAY, or of a puller of datagrams; told with the session, RFC 2326 12.37
)
GOODBYE_WITHIN_S = 2.0
MOST_FAILURES = 3  # wrong logins of one connection
KERNEL_BUFFER_BYTES = 131_072  # as a viewer's: what lies here is old when it is shown
METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"

Headers = tuple[tuple[str, str], ...]


class Unanswered(Exception):
    """A request that is answered with a status alone."""

    def __init__(self, status: int, code: str, headers: Headers = ()) -> None:
        super().__init__(code)
        self.status, self.code, self.headers = status, code, headers


class Puller(Protocol):
    """One connection. `owner` is the Sources of the site, `host` where the other side is."""

    def __init__(self, owner: Any, host: str) -> None:
        self.owner, self.host = owner, host
        self.over = self.signed_in = False
        self.pull: Pull | None = None
        self._reader = rtsp.RtspReader()
        self._nonce = secrets.token_hex(16)
        self._failures = 0
        self._busy = False
        self._session = ""
        self._uri = ""  # of what is set up
        self._described: Any = None
        self._way: Way | None = None
        self._timer: Any = None

    @property
    def _out(self) -> Any:
        return self.transport

    def connectionMade(self) -> None:  # noqa: N802 (Twisted's name)
        """It must sign in soon."""
        self._timer = self.owner.reactor.callLater(SIGN_IN_WITHIN_S, self._silent)
        self._out.setTcpNoDelay(True)
        self._out.setTcpKeepAlive(True)
        self._out.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER_BYTES)
        self._out.registerProducer(self, True)
        self.owner.opened(self)

    # How full the connection is, told by its transport

    def pauseProducing(self) -> None:  # noqa: N802 (Twisted's name)
        """Full: neither pictures nor answers."""
        self._out.pauseProducing()
        if self.pull is not None and isinstance(self._way, OnConnection):
            self.pull.full()

    def resumeProducing(self) -> None:  # noqa: N802 (Twisted's name)
        """Room again."""
        if self.over:
            return
        if not self._busy:
            self._out.resumeProducing()
        if self.pull is not None and isinstance(self._way, OnConnection):
            self.pull.free()

    def stopProducing(self) -> None:  # noqa: N802 (Twisted's name)
        """The connection is going."""

    # What it says

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 (Twisted's name)
        """More bytes."""
        self._reader.put(data)
        self._work()

    def _work(self) -> None:
        while not self._busy and not self.over:
            try:
                message = self._reader.next()
            except Malformed as error:
                self.owner.refused(self, "MALFORMED", error.field)
                self._out.write(rtsp.answer(505 if error.field == "rtsp.version" else 400, None))
                self.part("MALFORMED")
                return
            if message is None:
                return
            if self.signed_in:
                self.heard()
            if isinstance(message, rtsp.Request):
                self._busy = True
                self._out.pauseProducing()
                done = Deferred.fromCoroutine(self._answer(message))
                done.addErrback(self._defect)
                done.addBoth(self._answered)

    def _answered(self, _: Any) -> None:
        self._busy = False
        if not self.over:
            self._out.resumeProducing()
            self.owner.reactor.callLater(0, self._work)

    def _defect(self, failure: Failure) -> None:
        log.error("defect in a pull", traceback=failure.getTraceback())
        self.part("DEFECT")

    async def _answer(self, request: rtsp.Request) -> None:
        headers: Headers
        try:
            status, headers, body = 200, *await self._act(request)
        except Unanswered as no:
            status, headers, body = no.status, no.headers, b""
            if no.code:
                self.owner.refused(self, no.code, request.method)
        except Malformed as error:
            status, headers, body = 400, (), b""
            self.owner.refused(self, "MALFORMED", error.field)
        if self.over:
            return
        self._out.write(rtsp.answer(status, request.cseq, headers, body))
        if self._failures >= MOST_FAILURES or request.method == "TEARDOWN":
            self.part("")
        elif status == 200 and request.method == "PLAY":
            self._begin()

    async def _act(self, request: rtsp.Request) -> tuple[Headers, bytes]:
        if "require" in request.headers:
            raise Unanswered(551, "REQUIRE", (("Unsupported", request.headers["require"][:200]),))
        if request.method == "OPTIONS":
            return (("Public", METHODS),), b""
        self._sign_in(request)
        match request.method:
            case "DESCRIBE":
                return await self._describe(request)
            case "SETUP":
                return await self._set_up(request)
            case "PLAY":
                return await self._play(request)
            case "GET_PARAMETER":
                self._check_session(request)
                return self._session_header(), b""
            case "TEARDOWN":
                self._check_session(request)
                return (), b""
            case _:
                raise Unanswered(405, "METHOD", (("Allow", METHODS),))

    def _sign_in(self, request: rtsp.Request) -> None:
        said, settings = request.headers.get("authorization", ""), self.owner.settings
        if said:
            made_for = rtsp_digest.holds(settings.login, request.method, said, self._nonce, md5=settings.md5)
            if made_for is not None and bare(made_for) == bare(request.uri):
                self.signed_in, self._failures = True, 0
                return
            self._failures += 1
        headers = rtsp_digest.challenges(self._nonce, md5=settings.md5)
        raise Unanswered(401, "UNAUTHORIZED" if said else "", headers)

    async def _describe(self, request: rtsp.Request) -> tuple[Headers, bytes]:
        accepted = request.headers.get("accept", "application/sdp")
        if not any(each in accepted for each in ("application/sdp", "*/*", "application/*")):
            raise Unanswered(406, "ACCEPT")
        source = await self._source(request)
        here = self._out.getHost().host
        base = bare(request.uri)
        body = sdp_video.described(
            codec=codec_of(source.key_unit.codec),
            key_unit=source.key_unit.data,
            name=source.name,
            session=self.owner.now_us(),
            host=here,
            control=base + CONTROL,
        )
        return (("Content-Base", base + "/"), ("Content-Type", "application/sdp")), body

    async def _source(self, request: rtsp.Request) -> Any:
        """What is asked for, with a key frame of it. Looked up once for a connection."""
        if self._described is not None and self._uri == bare(request.uri):
            return self._described
        if self._described is not None:
            raise Unanswered(459, "OTHER_SOURCE")
        try:
            source = await self.owner.source(self, request.uri)
        except GanyingError as error:
            status = {"UNKNOWN_ID": 404, "NO_PICTURE": 503, "NOT_STORED": 503, "BUSY": 503, "TOO_MANY": 453}
            raise Unanswered(status.get(error.code, 410), error.code) from None
        self._described, self._uri = source, bare(request.uri)
        return source

    async def _set_up(self, request: rtsp.Request) -> tuple[Headers, bytes]:
        if self.pull is not None and self.pull.playing:
            raise Unanswered(455, "STATE")
        await self._source(request)
        ways = rtsp_transport.wanted(request.headers.get("transport", ""))
        way = next(
            (each for each in ways if isinstance(each, OnConnection) or self.owner.datagrams(self)), None
        )
        if way is None:
            raise Unanswered(461, "TRANSPORT")
        self._way = way
        self._session = self._session or secrets.token_hex(8)
        self.pull = self.pull or self.owner.pull_of(self, self._described)
        ssrc = self.pull.rtp.ssrc
        told = (
            way.told(ssrc) if isinstance(way, OnConnection) else way.told(ssrc, self.owner.settings.udp_port)
        )
        return (("Transport", told), *self._session_header()), b""

    async def _play(self, request: rtsp.Request) -> tuple[Headers, bytes]:
        self._check_session(request)
        if self.pull is None or bare(request.uri) != self._uri:
            raise Unanswered(455, "STATE")
        if not self.pull.playing:
            try:
                await self.owner.begin(self, self._described)
            except GanyingError as error:
                raise Unanswered(410, error.code) from None
        info = f"url={self._uri}{CONTROL};seq={self.pull.rtp.next_seq};rtptime={self.pull.rtp.time}"
        return (*self._session_header(), ("Range", "npt=now-"), ("RTP-Info", info)), b""

    def _begin(self) -> None:
        if self.pull is None or self._way is None or self.pull.playing:
            return
        packets: Packets
        if isinstance(self._way, OnConnection):
            packets = Interleaving(self._way, self._out.write)
            self._patient()  # that it takes pictures says that it is there
        else:
            media, reports = self.owner.datagrams(self)
            packets = Datagrams(
                self._way,
                self.host,
                media=media,
                reports=reports,
                full=self.pull.full,
                free=self.pull.free,
                reactor=self.owner.reactor,
            )
        self.pull.play(packets)
        self.owner.play(self)

    def _check_session(self, request: rtsp.Request) -> None:
        said = request.headers.get("session", "").partition(";")[0]
        if (said or request.method != "GET_PARAMETER") and (not self._session or said != self._session):
            raise Unanswered(454, "SESSION")

    def _session_header(self) -> Headers:
        return (("Session", f"{self._session};timeout={TIMEOUT_S:.0f}"),) if self._session else ()

    # How it ends

    def heard(self) -> None:
        """It is there: a request, or a report of what it received."""
        if self.pull is not None and self.pull.playing and isinstance(self._way, OnConnection):
            return
        self._patient()
        self._timer = self.owner.reactor.callLater(TIMEOUT_S, self._silent)

    def _patient(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def _silent(self) -> None:
        self.part("SILENT" if self.signed_in else "NO_LOGIN")

    def part(self, code: str) -> None:
        """Close; cut the connection if the other side does not take what is left."""
        if self.over:
            return
        self.over = True
        self._patient()
        self.owner.parted(self, code)
        self._out.unregisterProducer()
        self._out.loseConnection()
        self._timer = self.owner.reactor.callLater(GOODBYE_WITHIN_S, self._out.abortConnection)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: ARG002, N802 (Twisted's name)
        """Gone."""
        self._patient()
        if not self.over:
            self.over = True
            self.owner.parted(self, "")
        self.owner.closed(self)
