"""One upper platform: we register with it, say that we are there, tell it our catalogue. What it watches is watched.py.

we -> REGISTER     <- 401     we -> REGISTER, digest     <- 200
we -> Keepalive each keepalive_s; three without an answer: everything ends, and we register anew
<- Query Catalog   we -> Response, a few channels a message
<- Query RecordInfo   we -> Response, a few pieces a message, once the recordings' process has found them
"""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall

from adapters.video.gb28181.config import UpstreamSection
from adapters.video.gb28181.endpoint import Endpoint
from adapters.video.gb28181.tokens import branch, chance, token
from dispatch.errors import GanyingError
from protocols.gb28181 import digest, manscdp, recordings, words
from protocols.gb28181.errors import BadGb
from protocols.gb28181.manscdp import Channel
from protocols.gb28181.recordings import GbRecord, RecordQuery
from protocols.gb28181.registrar import MISSED, Source
from protocols.gb28181.sip import SipMessage
from protocols.gb28181.words import Chance, Us

log = structlog.get_logger()

FIRST_RETRY_S, LAST_RETRY_S = 2.0, 60.0
CHANNELS_A_MESSAGE = RECORDS_A_MESSAGE = 4  # so that one fits a datagram
QUERIES_AT_ONCE = 4  # of a platform that are being answered; more are refused


class Upstream:
    """`on_down` is told when it does not hear us any more."""

    def __init__(
        self,
        section: UpstreamSection,
        *,
        us: Us,
        password: str,
        endpoint: Endpoint,
        channels: Callable[[], tuple[Channel, ...]],
        records: Callable[[RecordQuery], Awaitable[tuple[str, tuple[GbRecord, ...]]]],
        reactor: Any,
        counted: Any,
    ) -> None:
        self.section, self.state, self.reason = section, "registering", ""
        self.since_s: float = reactor.seconds()
        self.on_down: Callable[[], None] = lambda: None
        self.name = section.name
        self._us, self._password, self._endpoint = us, password, endpoint
        self._records = records
        self._channels, self._reactor, self._counted = channels, reactor, counted
        host, _, port = section.address.rpartition(":")
        self.host = host
        self.to = Source(host=host, port=int(port))
        self._domain = section.domain or section.id[:10]
        self._call = token()
        self._tag = token()
        self._cseq = self._sn = self._missed = self._answering = 0
        self._pause_s = FIRST_RETRY_S
        self._timers: dict[str, IDelayedCall] = {}
        self._stopped = False

    @property
    def transport(self) -> str:
        """What stands in Via."""
        return self.section.transport.upper()

    def start(self) -> None:
        """Register, for as long as the site runs."""
        self._stopped = False
        if self.section.transport == "tcp":
            self._state("connecting")
            self._endpoint.connect(self.host, self.to.port, self._connected, self._failed)
        else:
            self._register()

    def stop(self) -> None:
        """Say that we go."""
        self._stopped = True
        for each in self._timers.values():
            if each.active():
                each.cancel()
        if self.state == "registered":
            self._register(expires_s=0)

    def _connected(self, number: int) -> None:
        self.to = Source(host=self.host, port=self.to.port, connection=number)
        self._register()

    def _failed(self, why: str) -> None:
        self._down(f"cannot_connect {why}")

    def gone(self, connection: int) -> None:
        """Its TCP connection is closed."""
        if self.to.connection == connection:
            self._down("disconnected")

    def _register(self, *, expires_s: int | None = None, challenge: digest.Challenge | None = None) -> None:
        wanted = self.section.expires_s if expires_s is None else expires_s
        self._cseq += 1
        made = Chance(branch=branch(), tag=self._tag, call_id=self._call)
        authorization = ""
        if challenge is not None:
            authorization = digest.answer(
                challenge,
                user=self.section.user or self._us.id,
                password=self._password,
                method="REGISTER",
                uri=words.registrar_uri(self.section.id, self._domain),
                cnonce=token(),
            )
        if self.state != "registered":
            self._state("registering")
        data = words.register(
            self._us,
            self.section.id,
            self._domain,
            self.transport,
            chance=made,
            cseq=self._cseq,
            expires_s=wanted,
            authorization=authorization,
        )
        self._endpoint.ask(
            "REGISTER",
            made.branch,
            data,
            self.to,
            lambda answer: self._answered(answer, wanted, challenge),
        )

    def _answered(self, answer: SipMessage | None, wanted_s: int, before: digest.Challenge | None) -> None:
        if self._stopped and wanted_s:
            return
        if answer is None:
            self._down("no_answer")
        elif answer.status in (401, 407):
            self._challenged(answer, wanted_s, before)
        elif 200 <= answer.status < 300:
            if wanted_s:
                self._registered(answer)
        elif answer.status >= 300:
            self._down(f"refused_{answer.status}")

    def _challenged(self, answer: SipMessage, wanted_s: int, before: digest.Challenge | None) -> None:
        text = answer.header("www-authenticate") or answer.header("proxy-authenticate")
        try:
            challenge = digest.read_challenge(text)
        except BadGb as error:
            self._endpoint.trouble(error.code, self.host, str(error))
            self._down("bad_challenge")
            return
        if before is not None and not challenge.stale:
            self._down("wrong_password")
            return
        self._register(expires_s=wanted_s, challenge=challenge)

    def _registered(self, answer: SipMessage) -> None:
        try:
            given_s = answer.number("expires", self.section.expires_s)
        except BadGb:
            given_s = self.section.expires_s
        self._pause_s, self._missed = FIRST_RETRY_S, 0
        if self.state != "registered":
            self._counted.labels(self.section.id, "registered").inc()
            self._state("registered")
        given_s = min(max(given_s, 30), self.section.expires_s)
        self._later("register", given_s * 0.8, self._register)
        self._later("keepalive", self.section.keepalive_s, self._keepalive)

    def _keepalive(self) -> None:
        self._sn += 1
        self._say(manscdp.keepalive(self._us.id, self._sn), self._kept_alive)
        self._later("keepalive", self.section.keepalive_s, self._keepalive)
        self._missed += 1
        if self._missed > MISSED:
            self._down("no_keepalive")

    def _kept_alive(self, answer: SipMessage | None) -> None:
        if answer is not None and 200 <= answer.status < 300:
            self._missed = 0
        elif answer is not None and answer.status >= 300 and self.state == "registered":
            self._down(f"refused_{answer.status}")  # it has forgotten us

    def _say(self, body: bytes, heard: Callable[[SipMessage | None], None]) -> None:
        made = chance()
        at = f"{self.host}:{self.to.port}"
        data = words.message(self._us, self.section.id, at, self.transport, chance=made, body=body)
        self._endpoint.ask("MESSAGE", made.branch, data, self.to, heard)

    def _down(self, why: str) -> None:
        if self._stopped:
            return
        self._counted.labels(self.section.id, why.partition(" ")[0]).inc()
        for name in ("register", "keepalive"):
            if name in self._timers and self._timers[name].active():
                self._timers[name].cancel()
        self._state("down", why)
        self._missed = 0
        self._call, self._tag, self._cseq = token(), token(), 0
        self.on_down()
        self._later("again", self._pause_s, self.start)
        self._pause_s = min(LAST_RETRY_S, self._pause_s * 2)

    def _later(self, name: str, seconds: float, what: Callable[[], None]) -> None:
        before = self._timers.get(name)
        if before is not None and before.active():
            before.cancel()
        self._timers[name] = self._reactor.callLater(seconds, what)

    def _state(self, state: str, why: str = "") -> None:
        if state != self.state:
            self.since_s = self._reactor.seconds()
            log.info("GB/T 28181 platform", platform=self.section.id, name=self.name, now=state, why=why)
        self.state, self.reason = state, why

    # What it asks

    def message(self, asked: SipMessage, source: Source) -> None:
        """A query of its. Raises BadGb for what cannot be read."""
        told = manscdp.read(asked.body)
        query = recordings.read_query(told) if (told.root, told.command) == ("Query", "RecordInfo") else None
        answers = (
            self._answers(told.command, told.sn, told.device_id) if told.root == "Query" and not query else ()
        )
        if answers is None or self._answering >= QUERIES_AT_ONCE:
            self._endpoint.trouble("BUSY" if answers is not None else "NOT_SPOKEN", source.host, told.command)
            self._endpoint.answer(asked, source, 486 if answers is not None else 405, "Not Now", keep=False)
            return
        self._endpoint.answer(asked, source, 200, "OK", tag=token())
        if answers:
            self._answering += 1
            self._tell(list(answers))
        elif query:
            self._answering += 1
            Deferred.fromCoroutine(self._tell_records(query, told.sn)).addErrback(self._defect)

    async def _tell_records(self, query: RecordQuery, sn: int) -> None:
        try:
            name, found = await self._records(query)
        except GanyingError as error:  # it asks again, as it hears nothing
            self._answering -= 1
            self._endpoint.trouble("RECORDS_NOT_READ", self.host, error.code)
            return
        parts = [found[at : at + RECORDS_A_MESSAGE] for at in range(0, len(found), RECORDS_A_MESSAGE)]
        about = query.channel_id
        self._tell([recordings.told(about, name, sn, len(found), part) for part in parts or [()]])

    def _defect(self, failure: Any) -> None:
        self._answering -= 1
        log.error("defect in telling recordings", traceback=failure.getTraceback())

    def _answers(self, command: str, sn: int, about: str) -> tuple[bytes, ...] | None:
        us = self._us
        channels = self._channels()
        match command:
            case "Catalog":
                shown = channels if about == us.id else tuple(each for each in channels if each.id == about)
                parts = [
                    shown[at : at + CHANNELS_A_MESSAGE] for at in range(0, len(shown), CHANNELS_A_MESSAGE)
                ]
                return tuple(
                    manscdp.catalogue(about, sn, len(shown), part, civil_code=us.id[:6])
                    for part in parts or [()]
                )
            case "DeviceInfo":
                return (manscdp.device_info(us.id, sn, "Ganying", len(channels)),)
            case "DeviceStatus":
                return (manscdp.device_status(us.id, sn),)
        return None

    def _tell(self, bodies: list[bytes]) -> None:
        """One after the other, each when the one before was answered."""

        def heard(answer: SipMessage | None) -> None:
            if answer is not None and answer.status < 200:
                return
            if answer is None or not bodies:
                self._answering -= 1
            else:
                self._tell(bodies)

        self._say(bodies.pop(0), heard)


def allowed_hosts(section: UpstreamSection) -> frozenset[str]:
    """Where pictures may go."""
    return frozenset({section.address.rpartition(":")[0], *section.media_hosts})
