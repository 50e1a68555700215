"""Devices: let in, listened to, asked for their catalogue, and gone when they are silent.

The rules are protocols/gb28181/registrar.py; calls for pictures are calls.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import structlog
from twisted.internet.task import LoopingCall

from adapters.clock import Clock
from adapters.metrics import Metrics
from adapters.video.gb28181.endpoint import Endpoint
from adapters.video.gb28181.tokens import chance
from protocols.gb28181 import manscdp, words
from protocols.gb28181.errors import BadGb
from protocols.gb28181.manscdp import Channel, Manscdp
from protocols.gb28181.registrar import MOST_CHANNELS, Challenged, Device, Registrar, Source
from protocols.gb28181.sip import SipMessage
from protocols.gb28181.words import Us

log = structlog.get_logger()

LOOK_EVERY_S = 0.5
CATALOGUE_EVERY_S = 600.0  # asked for again when a device registers again after so long
_BEIJING = timezone(timedelta(hours=8))


@dataclass(slots=True, kw_only=True)
class _Catalogue:
    """An answer that comes in parts."""

    sn: int
    asked_s: float
    found: dict[str, Channel] = field(default_factory=dict)


class Devices:
    """Of one site."""

    def __init__(
        self,
        *,
        us: Us,
        registrar: Registrar,
        endpoint: Endpoint,
        clock: Clock,
        metrics: Metrics,
        reactor: Any,
    ) -> None:
        self.registrar = registrar
        self.on_change: Callable[[Device], None] = lambda _device: None
        self.on_refused: Callable[[str, Source, BadGb], None] = lambda _who, _source, _error: None
        self.on_media_status: Callable[[str], None] = lambda _channel: None
        self._us, self._endpoint, self._clock, self._reactor = us, endpoint, clock, reactor
        self._catalogues: dict[str, _Catalogue] = {}
        self._hosts: frozenset[str] = frozenset()  # of those that are online: asked with each word that comes
        self._sn = 0
        self._turn = LoopingCall(self._look)
        self._turn.clock = reactor
        self._online = metrics.gauge("ganying_gb28181_devices", "Devices that are registered now")
        self._events = metrics.counter(
            "ganying_gb28181_device_events", "Devices that came, went, and told", ("kind",)
        )

    def start(self) -> None:
        """Look after them."""
        self._turn.start(LOOK_EVERY_S)

    def stop(self) -> None:
        """No more."""
        if self._turn.running:
            self._turn.stop()

    def known_at(self, host: str) -> bool:
        """Whether a device that is online is at an address."""
        return host in self._hosts

    def register(self, asked: SipMessage, source: Source) -> None:
        """A device comes, stays, or goes."""
        now_s = self._reactor.seconds()
        try:
            done = self.registrar.register(asked, source, now_s)
        except BadGb as error:
            self._endpoint.trouble(error.code, source.host, str(error))
            if error.code == "EXPIRES":
                self._endpoint.answer(
                    asked, source, 423, "Interval Too Brief", more=(("Min-Expires", "60"),), keep=False
                )
                return
            self.on_refused(asked.sender.user, source, error)
            unread = error.code in ("BAD_SIP", "BAD_ID", "BAD_DIGEST")
            self._endpoint.answer(
                asked, source, *((400, "Bad Request") if unread else (403, "Forbidden")), keep=False
            )
            return
        if isinstance(done, Challenged):
            if done.code:
                self._endpoint.trouble(done.code, source.host, asked.sender.user)
            self._endpoint.answer(
                asked,
                source,
                401,
                "Unauthorized",
                tag=chance().tag,
                more=(("WWW-Authenticate", done.challenge.text()), words.VERSION),
                keep=False,
            )
            return
        self._endpoint.answer(
            asked,
            source,
            200,
            "OK",
            tag=chance().tag,
            more=(
                ("Date", _date(self._clock())),
                (
                    "Contact",
                    asked.header("contact") or f"<sip:{asked.sender.user}@{source.host}:{source.port}>",
                ),
                ("Expires", str(done.expires_s)),
                words.VERSION,
            ),
        )
        device = done.device
        if done.expires_s == 0:
            self._told(device, "unregistered")
        elif done.new:
            self._told(device, "registered")
        if done.expires_s and (done.new or self._catalogue_old(device, now_s)):
            self.ask_catalogue(device)

    def _catalogue_old(self, device: Device, now_s: float) -> bool:
        asked = self._catalogues.get(device.account.id)
        return asked is None or now_s - asked.asked_s > CATALOGUE_EVERY_S

    def ask_catalogue(self, device: Device) -> None:
        """What it has."""
        self._sn += 1
        self._catalogues[device.account.id] = _Catalogue(sn=self._sn, asked_s=self._reactor.seconds())
        self._say(device, manscdp.query("Catalog", device.account.id, self._sn))

    def _say(self, device: Device, body: bytes) -> None:
        made, source = chance(), device.source
        data = words.message(
            self._us,
            device.account.id,
            f"{source.host}:{source.port}",
            "TCP" if source.connection else "UDP",
            chance=made,
            body=body,
        )
        self._endpoint.ask("MESSAGE", made.branch, data, source, lambda _answer: None)

    def message(self, asked: SipMessage, source: Source) -> None:
        """A device says something. Raises BadGb for what cannot be read."""
        who = asked.sender.user
        try:
            device = self.registrar.known(who, source)
        except BadGb as error:
            self._endpoint.trouble(error.code, source.host, str(error))
            self._endpoint.answer(asked, source, 403, "Forbidden", keep=False)
            return
        told = manscdp.read(asked.body)
        kind = f"{told.root}.{told.command}"
        if kind == "Notify.Keepalive":
            if told.device_id != who:
                raise BadGb("OTHER_ID", "DeviceID", "is not who says it")
            self.registrar.kept_alive(device, source, self._reactor.seconds())
        elif kind == "Response.Catalog":
            self._catalogue(device, told)
        elif kind == "Notify.MobilePosition":
            position = manscdp.position_of(told)
            device.position = (position.lon_deg, position.lat_deg)
        elif kind == "Notify.MediaStatus":
            self.on_media_status(told.device_id)
        self._events.labels(told.command if kind in _READ else "other").inc()
        self._endpoint.answer(asked, source, 200, "OK", tag=chance().tag)

    def _catalogue(self, device: Device, told: Manscdp) -> None:
        asked = self._catalogues.get(device.account.id)
        if asked is None or told.sn != asked.sn:
            raise BadGb("UNASKED", "SN", f"a catalogue numbered {told.sn} was not asked for")
        total, items = manscdp.channels_of(told)
        for each in items:
            if len(asked.found) < MOST_CHANNELS or each.id in asked.found:
                asked.found[each.id] = each
            else:
                device.channels_left_out += 1
        both = device.channels | asked.found
        whole = len(asked.found) >= total or len(both) > MOST_CHANNELS
        device.channels = dict(asked.found) if whole else both
        self.on_change(device)

    def gone(self, connection: int) -> None:
        """A TCP connection is closed: who registered over it cannot be asked any more."""
        for device in self.registrar.devices.values():
            if device.online and device.source.connection == connection:
                device.online, device.since_s, device.why = False, self._reactor.seconds(), "disconnected"
                self._told(device, "disconnected")

    def _look(self) -> None:
        for device in self.registrar.due(self._reactor.seconds()):
            self._told(device, device.why)
        self._count()

    def _count(self) -> None:
        online = [each for each in self.registrar.devices.values() if each.online]
        self._hosts = frozenset(each.source.host for each in online)
        self._online.set(len(online))

    def _told(self, device: Device, event: str) -> None:
        self._count()
        self._events.labels(event).inc()
        log.info(
            "GB/T 28181 device",
            device=device.account.id,
            name=device.account.name,
            now=event,
            host=device.source.host,
        )
        self.on_change(device)


_READ = frozenset({"Notify.Keepalive", "Response.Catalog", "Notify.MobilePosition", "Notify.MediaStatus"})


def _date(now: datetime) -> str:
    """By which devices set their clocks: Beijing's, without a zone (GB/T 28181-2016 §9.10)."""
    return now.astimezone(_BEIJING).replace(tzinfo=None).isoformat(timespec="milliseconds")
