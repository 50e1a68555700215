"""Calls for pictures: each enabled stream of GB/T 28181 is asked of its device while that is online.

    we -> INVITE (our port, our SSRC)     <- 100, 200 with its SDP
    we -> ACK                             pictures come to the video process
    we -> BYE                             when the stream is disabled or removed; <- BYE: asked for again, later

As other sources are taken in whether somebody watches or not, for the recording and the wall's state, so are these.
The process listens before the device is asked, at a port that is the stream's for as long as the site runs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from twisted.internet.task import LoopingCall

from adapters.metrics import Metrics
from adapters.video.gb28181.endpoint import Endpoint
from adapters.video.gb28181.ports import Ports
from adapters.video.gb28181.tokens import branch, token
from dispatch.video import channel_at
from protocols.gb28181 import sdp
from protocols.gb28181.errors import BadGb
from protocols.gb28181.ids import ssrc_text
from protocols.gb28181.registrar import Device, Registrar, Source
from protocols.gb28181.sdp import Setup
from protocols.gb28181.sip import SipMessage
from protocols.gb28181.words import Dialog, Us

log = structlog.get_logger()

LOOK_EVERY_S = 0.25
FIRST_RETRY_S, LAST_RETRY_S = 2.0, 60.0
CANNOT_LISTEN = "cannot_listen"
SILENT_S = 15.0  # a call without pictures for so long is given up and made again


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaOrder:
    """What a video process is to take in. `peer`: the one address that is listened to, or connected to."""

    host: str
    port: int
    ssrc: int
    setup: Setup
    peer: str
    peer_port: int = 0


@dataclass(slots=True, kw_only=True)
class _Call:
    stream_id: str
    device_id: str
    channel_id: str
    port: int
    ssrc: str
    reason: str = "not_registered"
    source: Source | None = None  # of the device, when the process began to listen
    peer: str = ""
    peer_port: int = 0
    their_ssrc: int = 0
    listening: bool = False  # as the process says
    retry_s: float = 0.0
    pause_s: float = FIRST_RETRY_S
    asking: bool = False
    dialog: Dialog | None = None
    established_s: float = 0.0

    def fresh(self) -> None:
        """Nobody is called."""
        self.dialog, self.asking = None, False
        self.peer_port = self.their_ssrc = 0


class Calls:
    """Of one site."""

    def __init__(
        self,
        *,
        us: Us,
        listen: str,
        registrar: Registrar,
        endpoint: Endpoint,
        ports: Ports,
        pictures: Callable[[str], float | None],
        metrics: Metrics,
        reactor: Any,
    ) -> None:
        """`pictures`: when the last picture of a stream came, by the reactor's clock."""
        self.on_change: Callable[[], None] = lambda: None  # orders are others
        self._us, self._listen, self._registrar, self._endpoint = us, listen, registrar, endpoint
        self._ports, self._pictures, self._reactor = ports, pictures, reactor
        self._calls: dict[str, _Call] = {}
        self._numbers = 0
        self._turn = LoopingCall(self._look)
        self._turn.clock = reactor
        self._counted = metrics.counter(
            "ganying_gb28181_calls", "Calls for pictures, by what came of them", ("result",)
        )

    def start(self) -> None:
        """Call."""
        self._turn.start(LOOK_EVERY_S)

    def stop(self) -> None:
        """End all calls."""
        if self._turn.running:
            self._turn.stop()
        for call in tuple(self._calls.values()):
            self._end(call, "site_stops")

    def follow(self, wanted: Mapping[str, str]) -> None:
        """These streams and no others: id -> `device/channel`."""
        for stream_id, call in tuple(self._calls.items()):
            if wanted.get(stream_id) != f"{call.device_id}/{call.channel_id}":
                self._end(call, "not_wanted")
                self._ports.free(call.port)
                del self._calls[stream_id]
        for stream_id, address in wanted.items():
            if stream_id in self._calls:
                continue
            device_id, channel_id = channel_at(address)
            port = self._ports.take()
            if port is None:
                continue
            self._numbers += 1
            self._calls[stream_id] = _Call(
                stream_id=stream_id,
                device_id=device_id,
                channel_id=channel_id,
                port=port,
                ssrc=ssrc_text(self._us.domain, self._numbers),
            )

    def order(self, stream_id: str) -> MediaOrder | None:
        """What the process is to do for a stream; None: nothing, yet."""
        call = self._calls.get(stream_id)
        device = None if call is None else self._registrar.online(call.device_id)
        if call is None or device is None or call.source is None:
            return None
        setup = device.account.setup
        if setup is Setup.TCP_ACTIVE and not call.peer_port:
            return None
        return MediaOrder(
            host=self._listen,
            port=call.port,
            ssrc=call.their_ssrc or int(call.ssrc),
            setup=setup,
            peer=call.peer,
            peer_port=call.peer_port if setup is Setup.TCP_ACTIVE else 0,
        )

    def reason(self, stream_id: str) -> str:
        """Why no picture comes; empty: ask the process."""
        call = self._calls.get(stream_id)
        return "no_port" if call is None else call.reason

    def reported(self, stream_id: str, why: str, *, listening: bool) -> None:
        """What the process says: it listens, or cannot."""
        call = self._calls.get(stream_id)
        if call is None or call.source is None:
            return
        if listening and not call.listening:
            call.listening = True
            self._look()
        elif why == CANNOT_LISTEN and not call.listening:
            call.reason = CANNOT_LISTEN

    def bye(self, asked: SipMessage, source: Source) -> bool:
        """A device ends a call; whether it is one of ours."""
        for call in self._calls.values():
            if (
                call.dialog is not None
                and call.dialog.call_id == asked.call_id
                and call.source is not None
                and call.source.host == source.host
            ):
                self._endpoint.answer(asked, source, 200, "OK")
                self._over(call, "ended_by_device")
                return True
        return False

    def again(self, answer: SipMessage, source: Source) -> bool:
        """An answer to INVITE that came before: our ACK was lost (§13.2.2.4)."""
        if answer.cseq_method != "INVITE" or not 200 <= answer.status < 300:
            return False
        for call in self._calls.values():
            if call.dialog is not None and call.dialog.call_id == answer.call_id and not call.asking:
                self._endpoint.send(call.dialog.ack(branch()), source)
                return True
        return False

    def changed(self, device: Device) -> None:
        """A device came, went, moved, or told what it has."""
        for call in self._calls.values():
            if call.device_id != device.account.id:
                continue
            if not device.online:
                self._end(call, "device_offline")
            elif (
                call.source is not None
                and call.source != device.source
                and call.source.host != device.source.host
            ):
                self._end(call, "device_moved")
        self._look()

    def _look(self) -> None:
        now_s = self._reactor.seconds()
        changed = False
        for call in self._calls.values():
            device = self._registrar.online(call.device_id)
            if device is None:
                if call.reason not in ("device_offline", "not_registered"):
                    call.reason = "not_registered"
                continue
            if call.source is None:
                call.source, call.peer = device.source, device.source.host
                call.listening = device.account.setup is Setup.TCP_ACTIVE  # then it is the device that does
                call.reason, changed = "calling", True
            elif call.dialog is not None and not call.asking:
                self._watch(call, now_s)
            elif not call.asking and call.listening and now_s >= call.retry_s:
                self._invite(call, device)
        if changed:
            self.on_change()

    def _watch(self, call: _Call, now_s: float) -> None:
        last_s = self._pictures(call.stream_id)
        if now_s - max(call.established_s, last_s or 0.0) > SILENT_S:
            self._end(call, "silent")
        elif last_s is not None and last_s > call.established_s:
            call.pause_s = FIRST_RETRY_S

    def _invite(self, call: _Call, device: Device) -> None:
        source = device.source
        call.source = source
        at = f"{source.host}:{source.port}"
        dialog = Dialog(
            us=self._us,
            transport="TCP" if source.connection else "UDP",
            call_id=token(),
            local=f"{self._us.name};tag={token()}",
            remote=f"<sip:{call.channel_id}@{at}>",
            target=f"sip:{call.channel_id}@{at}",
        )
        offer = sdp.offer(
            owner=self._us.id,
            address=self._us.host,
            port=call.port,
            setup=device.account.setup,
            ssrc=call.ssrc,
        )
        made = branch()
        call.dialog, call.asking, call.reason = dialog, True, "calling"
        self._endpoint.ask(
            "INVITE",
            made,
            dialog.invite(made, f"{call.channel_id}:{call.ssrc},{self._us.id}:0", offer),
            source,
            lambda answer: self._answered(call, dialog, made, source, answer),
        )

    def _answered(
        self, call: _Call, dialog: Dialog, made: str, source: Source, answer: SipMessage | None
    ) -> None:
        if answer is not None and answer.status < 200:
            return
        if answer is not None and answer.status >= 300:
            self._endpoint.send(dialog.of(answer).ack(made), source)
        mine = call.dialog is dialog and self._calls.get(call.stream_id) is call
        if answer is None or answer.status >= 300:
            if mine:
                self._over(call, "no_answer" if answer is None else f"refused_{answer.status}")
            return
        dialog = dialog.of(answer)
        self._endpoint.send(dialog.ack(branch()), source)
        if not mine:
            self._bye(dialog, source)  # not wanted any more while it was asked for
            return
        try:
            told = sdp.read(answer.body)
        except BadGb as error:
            self._endpoint.trouble(error.code, source.host, str(error))
            self._bye(dialog, source)
            self._over(call, "bad_sdp")
            return
        call.dialog, call.asking, call.reason = dialog, False, ""
        call.established_s = self._reactor.seconds()
        before = self.order(call.stream_id)
        call.peer, call.peer_port = told.address, told.port
        call.their_ssrc = int(told.ssrc) if told.ssrc else 0
        self._counted.labels("established").inc()
        log.info("GB/T 28181 call", stream=call.stream_id, channel=call.channel_id, now="established")
        if self.order(call.stream_id) != before:
            self.on_change()

    def _end(self, call: _Call, why: str) -> None:
        """By us."""
        if call.dialog is not None and call.source is not None and not call.asking:
            self._bye(call.dialog, call.source)
        self._over(call, why)
        if why != "silent":
            call.source, call.listening = None, False  # the process listens no more
            self.on_change()

    def _bye(self, dialog: Dialog, source: Source) -> None:
        made = branch()
        self._endpoint.ask("BYE", made, dialog.next().bye(made), source, lambda _answer: None)

    def _over(self, call: _Call, why: str) -> None:
        if call.dialog is not None:
            self._counted.labels(why).inc()
            log.info("GB/T 28181 call", stream=call.stream_id, channel=call.channel_id, now="over", why=why)
        call.fresh()
        call.reason = why
        call.retry_s = self._reactor.seconds() + call.pause_s
        call.pause_s = min(LAST_RETRY_S, call.pause_s * 2)
