"""A line to a broker (NATS), kept up for as long as we run, in a thread of its own.

nats-py speaks asyncio and the server runs Twisted's reactor, so its loop has a thread, and everything crosses between
the two in bounded hands: `outbox` (a Ring) and `beat` (the newest only) outwards, subscriptions' callbacks inwards.
Each connection has a loop of its own: when it is given up, whatever of it still hangs is cancelled with it. Who is
silent for SILENT_S although the socket stands is given up too.

A connection sends in order and asks for an echo (flush): what was sent before the echo has arrived, the rest is sent
again on the next one, under the numbers that it has.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import nats.errors
import nats.js.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from twisted.internet.defer import Deferred, fail
from twisted.internet.threads import deferToThreadPool

from adapters.scale.credentials import BrokerAddress
from adapters.scale.ring import Ring
from protocols.codec import sightings

log = structlog.get_logger()

CONNECT_S = 3.0
SILENT_S = 3.0  # for an echo; asked for every ECHO_S
ECHO_S = 1.0
CONFIRM_S = 0.2  # how often an echo is asked for while something is unconfirmed
FIRST_RETRY_S = 0.2
LAST_RETRY_S = 5.0
STOP_S = 2.0
HANDED_MESSAGES, HANDED_BYTES = (
    16_384,
    16 << 20,
)  # read and not yet handed over; one more is dropped and counted
PENDING_BYTES = 2 << 20  # written and not yet taken by the socket; publishing waits beyond it

T = TypeVar("T")
Heard = Callable[[str, bytes], None]  # subject, message; on the broker's thread: hand it over and be gone
# What a connection ends with when the broker, the network or the configuration is at fault.
LINE_ERRORS = (nats.errors.Error, OSError, asyncio.TimeoutError)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineState:
    """Whether the line is up, since when (UTC seconds), and what was said last."""

    up: bool
    since_s: float
    detail: str = ""
    round_trip_ms: float | None = None


class _Lost(nats.errors.Error):
    """The connection is over."""


class _Line(Client):
    """A client that says nothing to a server that offers less than TLS where TLS is asked for."""

    def _connect_command(self) -> bytes:
        # here, because nats-py goes on in the clear when the server does not ask for TLS itself
        if "tls" in self.options and not self._server_info.get("tls_required"):
            raise nats.errors.Error("the broker does not offer TLS")
        return super()._connect_command()


class Broker:
    """One line. `subscriptions` are made anew on each connection. `on_state` is called on the reactor."""

    def __init__(
        self,
        address: BrokerAddress,
        *,
        name: str,
        reactor: Any,
        subscriptions: Mapping[str, Heard],
        on_state: Callable[[LineState], None] = lambda _: None,
        outbox: Ring | None = None,
        subject_of: Callable[[str], str] = str,
    ) -> None:
        self.state = LineState(up=False, since_s=time.time(), detail="not tried yet")
        self.overruns = 0  # messages that came faster than nats-py could hand them over
        self._address = address
        self._name = name
        self._reactor = reactor
        self._subscriptions = subscriptions
        self._on_state = on_state
        self._outbox = outbox
        self._subject_of = subject_of
        self._beat: tuple[str, bytes] | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()  # of what follows: the connection there is now
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: _Line | None = None
        self._wake: asyncio.Event | None = None
        self._woken = False
        self._refusal = ""  # the last word against us on this connection
        self._came_up = False

    def start(self) -> None:
        """Begin; it never gives up."""
        self._thread = threading.Thread(target=self._run, name=f"broker-{self._name}", daemon=True)
        self._thread.start()

    def stop(self) -> "Deferred[None]":
        """Close. Fires when the thread has ended, or after STOP_S."""
        self._stopping.set()
        self._call_soon(self._nudge)
        thread = self._thread
        if thread is None:
            done: Deferred[None] = Deferred()
            done.callback(None)
            return done
        return deferToThreadPool(self._reactor, self._reactor.getThreadPool(), lambda: thread.join(STOP_S))

    def wake(self) -> None:
        """Something was put into the outbox."""
        if (
            not self._woken
        ):  # a race costs one needless call, or none: the publisher looks again after clearing
            self._woken = True
            self._call_soon(self._nudge)

    def send_beat(self, subject: str, data: bytes) -> None:
        """Say this soon, if the line is up; a newer one takes its place."""
        self._beat = (subject, data)
        self._call_soon(self._nudge)

    def call(self, work: Callable[[Client], Awaitable[T]]) -> "Deferred[T]":
        """Run `work(client)` on the line's loop. Fails with one of LINE_ERRORS, or what `work` raises."""
        with self._lock:
            loop, client = self._loop, self._client
            if loop is None or client is None:
                return fail(_Lost("the line is down"))
            done: Deferred[T] = Deferred()

            async def working() -> None:
                try:
                    result = await work(client)
                except asyncio.CancelledError:
                    self._reactor.callFromThread(done.errback, _Lost("the line was cut"))
                    raise
                except Exception as error:  # the caller's to judge
                    self._reactor.callFromThread(done.errback, error)
                else:
                    self._reactor.callFromThread(done.callback, result)

            asyncio.run_coroutine_threadsafe(working(), loop)
            return done

    # On the thread

    def _run(self) -> None:
        pause_s = FIRST_RETRY_S
        while not self._stopping.is_set():
            self._came_up, self._refusal = False, ""
            try:
                asyncio.run(self._connection())
            except LINE_ERRORS as error:
                self._tell(up=False, detail=self._refusal or _words(error))
            except (
                Exception
            ):  # a defect must not end the thread: the site would never hear of the broker again
                log.exception("defect on the broker's line")
                self._tell(up=False, detail="a defect; see the log")
            pause_s = FIRST_RETRY_S if self._came_up else min(LAST_RETRY_S, pause_s * 2)
            self._stopping.wait(pause_s)

    async def _connection(self) -> None:
        """One connection from its beginning to its end. Raises what ended it, unless we did."""
        client = _Line()
        ended = asyncio.Event()

        async def over() -> None:
            ended.set()

        async def trouble(error: Exception) -> None:
            if isinstance(error, nats.errors.SlowConsumerError):
                self.overruns += 1
                return
            self._refusal = _words(error)
            log.debug("broker", line=self._name, said=self._refusal)

        await client.connect(
            list(self._address.urls),
            name=self._name,
            allow_reconnect=False,  # a new connection is a new start: ours, below
            max_reconnect_attempts=1,  # of the tries to reach each server now
            reconnect_time_wait=0,
            connect_timeout=int(CONNECT_S),
            ping_interval=3600,  # _echoes watches, and sooner
            pending_size=PENDING_BYTES,
            error_cb=trouble,
            disconnected_cb=over,
            closed_cb=over,
            **self._address.options,
        )
        self._refusal = ""
        for subject, heard in self._subscriptions.items():
            await client.subscribe(
                subject,
                cb=_handing(heard),
                pending_msgs_limit=HANDED_MESSAGES,
                pending_bytes_limit=HANDED_BYTES,
            )
        await client.flush(int(CONNECT_S))
        wake = asyncio.Event()
        wake.set()  # something may wait already
        with self._lock:
            self._loop, self._client, self._wake = asyncio.get_running_loop(), client, wake
        self._came_up = True
        self._tell(up=True)
        tasks = [
            asyncio.ensure_future(work)
            for work in (ended.wait(), self._publishing(client, wake), self._echoes(client))
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            if not self._stopping.is_set():
                raise _Lost(self._refusal or "the connection was lost")
            with contextlib.suppress(*LINE_ERRORS):
                await asyncio.wait_for(client.close(), STOP_S / 2)
        finally:
            with self._lock:
                self._loop = self._client = self._wake = None
            if self._outbox is not None:
                self._outbox.rewind()
            for task in tasks:
                task.cancel()

    async def _publishing(self, client: Client, wake: asyncio.Event) -> None:
        """Everything in the outbox, as it comes."""
        unconfirmed_since: float | None = None
        while True:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(wake.wait(), CONFIRM_S if unconfirmed_since else None)
            wake.clear()
            self._woken = False
            beat, self._beat = self._beat, None
            if beat is not None:
                await client.publish(*beat)
            outbox = self._outbox
            if self._stopping.is_set() and not (outbox and len(outbox)):
                return
            if outbox is None:
                continue
            while (parcel := outbox.take(time.monotonic())) is not None:
                await client.publish(
                    self._subject_of(parcel.feed), sightings.numbered(parcel.body, parcel.sequence)
                )
                unconfirmed_since = unconfirmed_since or time.monotonic()
                if self._beat is not None or time.monotonic() - unconfirmed_since > CONFIRM_S:
                    break  # what cannot wait for the end of a long queue
            if unconfirmed_since and time.monotonic() - unconfirmed_since > CONFIRM_S:
                count = outbox.unconfirmed
                await client.flush(int(SILENT_S))
                outbox.confirm(count)
                unconfirmed_since = None
            if len(outbox) or self._beat is not None:
                wake.set()

    async def _echoes(self, client: Client) -> None:
        """Ask for an echo again and again; raise when none comes."""
        while True:
            began = time.monotonic()
            await client.flush(int(SILENT_S))
            self._tell(up=True, round_trip_ms=(time.monotonic() - began) * 1000)
            await asyncio.sleep(ECHO_S)

    def _nudge(self) -> None:
        if self._wake is not None:
            self._wake.set()

    def _call_soon(self, work: Callable[[], None]) -> None:
        with self._lock:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(work)

    def _tell(self, *, up: bool, detail: str = "", round_trip_ms: float | None = None) -> None:
        if up and self._refusal:  # such as a subject that we may not speak on
            detail = self._refusal
        self._reactor.callFromThread(self._told, up, detail, round_trip_ms)

    # On the reactor

    def _told(self, up: bool, detail: str, round_trip_ms: float | None) -> None:
        before = self.state
        since_s = before.since_s if up == before.up else time.time()
        self.state = LineState(up=up, since_s=since_s, detail=detail, round_trip_ms=round_trip_ms)
        if up != before.up:
            log.info("broker up" if up else "broker down", at=self._address.shown, why=detail)
        self._on_state(self.state)


def _handing(heard: Heard) -> Callable[[Msg], Awaitable[None]]:
    async def hand(message: Msg) -> None:
        heard(message.subject, message.data)

    return hand


def _words(error: BaseException) -> str:
    """What an error says, in one short line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text.removeprefix("nats: ")[:200]
