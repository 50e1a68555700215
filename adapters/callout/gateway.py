"""Our side of the telephone gateway's door: one signed POST for each text or call.

    -> POST url   X-Ganying-Time: 1764130000   X-Ganying-Signature: sha256=<hex>
       {"id", "kind": "sms"|"voice", "to", "text", "keys": ["1", "2"], "expires_at", "simulated"}
    <- 200, 202 {"gateway_id"}   taken; 409: it had this id already, which is as good
    <- 400, 404, 410, 413, 422   never to be taken: not tried again
    <- anything else, or nothing tried again with growing pauses

The signature is HMAC-SHA256 (RFC 2104) of the time, a full stop and the body. The id is the call-out's own: a gateway
that has seen it answers as before and sends nothing again. Redirects are not followed.
"""

# mypy: disable-error-code="no-untyped-call"
# reason: twisted.web is not annotated

import hashlib
import hmac
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import msgspec
from twisted.internet import error
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import Agent, FileBodyProducer, HTTPConnectionPool, ResponseFailed
from twisted.web.http_headers import Headers
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer

from adapters import tls
from adapters.callout.settings import Settings
from dispatch.callout_kinds import CalloutChannel
from dispatch.callout_records import Callout, CalloutSecret

MAX_ANSWER_BYTES = 16_384  # of the gateway; more is not ours to read
CONNECTIONS = 8
REFUSED_FOR_GOOD = frozenset({400, 404, 410, 413, 422})
KNOWN_ALREADY = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The gateway has it."""

    gateway_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTaken:
    """It has not. `for_good`: trying again would not help."""

    why: str
    for_good: bool


def signed(secret: bytes, at_s: int, body: bytes) -> str:
    """The signature header of a body that is sent at this time."""
    return "sha256=" + hmac.new(secret, f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()


def body_of(callout: Callout, secret: CalloutSecret) -> bytes:
    """One text or call as the gateway reads it."""
    answered = callout.channel is CalloutChannel.VOICE and bool(callout.account)
    return msgspec.json.encode(
        {
            "id": callout.id,
            "kind": callout.channel.value,
            "to": secret.number,
            "text": secret.text,
            "keys": ["1", "2"] if answered else [],
            "expires_at": callout.expires_at,
            "simulated": callout.simulated,
        }
    )


class Gateway:
    """The gateway as a client reaches it. Connections are kept and shared."""

    def __init__(self, settings: Settings, reactor: Any) -> None:
        self._settings, self._reactor = settings, reactor
        self._pool = HTTPConnectionPool(reactor)
        self._pool.maxPersistentPerHost = CONNECTIONS
        options: dict[str, Any] = {"connectTimeout": settings.timeout_s, "pool": self._pool}
        if settings.ca is not None:
            options["contextFactory"] = _Trusted(settings)
        self._agent = Agent(reactor, **options)

    async def send(self, callout: Callout, secret: CalloutSecret, at_s: int) -> Taken | NotTaken:
        """Hand over one. Never raises for what the gateway does."""
        return await self.post(body_of(callout, secret), at_s)

    async def post(self, body: bytes, at_s: int) -> Taken | NotTaken:
        """Hand over a signed body. Never raises for what the gateway does."""
        headers = Headers(
            {
                "Content-Type": ["application/json"],
                "Accept": ["application/json"],
                "X-Ganying-Time": [str(at_s)],
                "X-Ganying-Signature": [signed(self._settings.secret, at_s, body)],
            }
        )
        asked: Deferred[tuple[int, bytes]] = Deferred.fromCoroutine(self._ask(headers, body))
        asked.addTimeout(self._settings.timeout_s, self._reactor)
        try:
            status, answer = await asked
        except (error.TimeoutError, CancelledError):
            return NotTaken(why="TIMEOUT", for_good=False)
        except ResponseFailed as failed:
            late = any(reason.check(CancelledError) for reason in failed.reasons)
            return NotTaken(why="TIMEOUT" if late else "UNREACHABLE", for_good=False)
        except (error.ConnectError, error.ConnectionClosed, OSError):
            return NotTaken(why="UNREACHABLE", for_good=False)
        except Exception as wrong:  # of the transport: TLS, HTTP that is none; the next try may find better
            return NotTaken(why=type(wrong).__name__[:40], for_good=False)
        return _read(status, answer)

    async def _ask(self, headers: Headers, body: bytes) -> tuple[int, bytes]:
        producer: Any = FileBodyProducer(BytesIO(body))
        response = await self._agent.request(b"POST", self._settings.url.encode(), headers, producer)
        return int(response.code), await _bounded(response)

    async def close(self) -> None:
        """Let the connections go."""
        await self._pool.closeCachedConnections()


def _read(status: int, answer: bytes) -> Taken | NotTaken:
    if status in (200, 201, 202, KNOWN_ALREADY):
        return Taken(gateway_id=_gateway_id(answer))
    return NotTaken(why=f"HTTP_{status}", for_good=status in REFUSED_FOR_GOOD)


def _gateway_id(answer: bytes) -> str:
    """Its own number for it, where it says one that is one."""
    try:
        told = msgspec.json.decode(answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    given = told.get("gateway_id") if isinstance(told, dict) else None
    fits = isinstance(given, str) and len(given) <= 64 and given.isascii() and given.isprintable()
    return str(given) if fits else ""


def _bounded(response: Any) -> "Deferred[bytes]":
    reader = _Reader()
    read: Deferred[bytes] = Deferred(lambda _: reader.abort())
    reader.read = read
    response.deliverBody(reader)
    return read


class _Reader(Protocol):
    """Reads an answer to its end or its bound."""

    transport: Any

    def __init__(self) -> None:
        self.read: Deferred[bytes] | None = None
        self._bytes = b""

    def abort(self) -> None:
        """Read no more."""
        if self.transport is not None:
            self.transport.abortConnection()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  # Twisted's name
        """A piece."""
        self._bytes += data
        if len(self._bytes) > MAX_ANSWER_BYTES:
            self.abort()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: ARG002, N802  # Twisted's name
        """The end, or as far as it came: a status without its words is an answer too."""
        if self.read is not None and not self.read.called:
            self.read.callback(self._bytes[:MAX_ANSWER_BYTES])


@implementer(IPolicyForHTTPS)
class _Trusted:
    """TLS to the gateway: its certificate is of our authority and names the host."""

    def __init__(self, settings: Settings) -> None:
        assert settings.ca is not None  # noqa: S101  # made with one only
        self._creator = tls.feed_client_context(settings.host, ca=settings.ca, certificate=None, key=None)

    def creatorForNetloc(self, hostname: bytes, port: int) -> Any:  # noqa: ARG002, N802  # Twisted's name
        """For the one host there is."""
        return self._creator
