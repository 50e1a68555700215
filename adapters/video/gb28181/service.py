"""GB/T 28181 of one site: its door, its devices, its calls, its upper platforms, put together."""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from twisted.internet.defer import DeferredList, succeed
from twisted.internet.error import CannotListenError

from adapters.clock import Clock
from adapters.config import Config
from adapters.metrics import Metrics
from adapters.video.gb28181.calls import Calls, MediaOrder
from adapters.video.gb28181.config import UpstreamSection, secret
from adapters.video.gb28181.devices import Devices
from adapters.video.gb28181.endpoint import Endpoint
from adapters.video.gb28181.ports import Ports
from adapters.video.gb28181.replayed import RecordsAbove
from adapters.video.gb28181.upstream import Upstream
from adapters.video.gb28181.watched import WatchedFromAbove
from adapters.video.order import StreamReport
from adapters.video.video import Video
from dispatch import video_above
from dispatch.errors import Malformed
from dispatch.video_kinds import VideoState
from protocols.gb28181.digest import Nonces
from protocols.gb28181.errors import BadGb
from protocols.gb28181.manscdp import Channel
from protocols.gb28181.registrar import Account, Registrar, Source
from protocols.gb28181.sip import SipMessage
from protocols.gb28181.words import Us

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceState:
    """One that may register, as the console shows it. `since` None: it never did since the site began."""

    id: str
    name: str
    online: bool
    since: datetime | None
    seen_at: datetime | None
    host: str
    why: str
    version: str
    media: str
    channels: tuple[Channel, ...]
    position: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedState:
    """What an upper platform watches now."""

    stream_id: str
    channel_id: str
    since: datetime
    subject: str
    address: str
    sent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformState:
    """An upper platform, as the console shows it."""

    id: str
    name: str
    state: str
    since: datetime
    reason: str
    channels: Mapping[str, str]
    watched: tuple[WatchedState, ...]


class Gb28181:
    """Start it after video; stop it before. Only where the site's file has an id for it."""

    def __init__(
        self, *, config: Config, desk: Any, video: Video, clock: Clock, metrics: Metrics, reactor: Any
    ) -> None:
        """Raises Malformed where a password's file cannot be read."""
        section = config.gb28181
        self._section, self._video, self._clock, self._reactor = section, video, clock, reactor
        self._desk = desk
        self.us = Us(id=section.id, domain=section.domain, host=section.host, port=section.port)
        accounts = (
            Account(
                id=each.id,
                name=each.name,
                password=secret(config.path(each.password), f"gb28181.device[{number}].password"),
                algorithm=each.digest,
                setup=each.media,
            )
            for number, each in enumerate(section.device)
        )
        self.registrar = Registrar(
            accounts,
            realm=section.domain,
            keepalive_s=section.keepalive_s,
            nonces=Nonces(secrets.token_bytes(32)),
        )
        self.endpoint = Endpoint(known=self._known, metrics=metrics, reactor=reactor)
        self.devices = Devices(
            us=self.us,
            registrar=self.registrar,
            endpoint=self.endpoint,
            clock=clock,
            metrics=metrics,
            reactor=reactor,
        )
        ports = Ports(section.media_first_port, section.media_last_port)
        self.calls = Calls(
            us=self.us,
            listen=section.listen.rpartition(":")[0],
            registrar=self.registrar,
            endpoint=self.endpoint,
            ports=ports,
            pictures=self._picture_at,
            metrics=metrics,
            reactor=reactor,
        )
        told_above = metrics.counter(
            "ganying_gb28181_upstream", "Upper platforms: registered, lost, by why", ("platform", "kind")
        )
        records = RecordsAbove(
            desk=desk,
            recordings=video.recordings,
            reactor=reactor,
            counted=metrics.counter(
                "ganying_gb28181_recordings", "Recordings asked for by upper platforms, by what", ("kind",)
            ),
        )
        self.watched = WatchedFromAbove(
            us=self.us,
            listen=section.listen.rpartition(":")[0],
            desk=desk,
            video=video,
            endpoint=self.endpoint,
            ports=ports,
            records=records,
            reactor=reactor,
            counted=metrics.counter(
                "ganying_gb28181_watched", "Viewings by upper platforms, by what became of them", ("result",)
            ),
        )
        self.upstreams = {
            each.id: Upstream(
                each,
                us=self.us,
                password=secret(config.path(each.password), f"gb28181.upstream[{number}].password"),
                endpoint=self.endpoint,
                channels=partial(self._channels, each),
                records=partial(records.recorded, each),
                reactor=reactor,
                counted=told_above,
            )
            for number, each in enumerate(section.upstream)
        }
        for upstream in self.upstreams.values():
            upstream.on_down = partial(self.watched.down, upstream)
        self.endpoint.on_request, self.endpoint.on_again = self._asked, self.calls.again
        self.endpoint.on_gone = self._gone
        self.devices.on_change = self.calls.changed
        self.calls.on_change = video.tell

    def start(self) -> None:
        """Listen. Raises Malformed where the door cannot be opened."""
        host, _, port = self._section.listen.rpartition(":")
        try:
            self.endpoint.start(host, int(port))
        except CannotListenError as error:
            raise Malformed("gb28181.listen", f"cannot be listened at: {error.socketError}") from None
        self.devices.start()
        self.calls.start()
        self.watched.start()
        for upstream in self.upstreams.values():
            upstream.start()

    def stop(self) -> Any:
        """End calls, close the door; fires when it is closed."""
        self.watched.stop()
        for upstream in self.upstreams.values():
            upstream.stop()
        self.calls.stop()
        self.devices.stop()
        return DeferredList(self.endpoint.stop() or [succeed(None)])

    # For video (adapters/video/video.py)

    def follow(self, wanted: Mapping[str, str]) -> None:
        """Streams that are to be asked for."""
        self.calls.follow(wanted)

    def order(self, stream_id: str) -> MediaOrder | None:
        """What the process is to take in."""
        return self.calls.order(stream_id)

    def reason(self, stream_id: str) -> str:
        """Why there is no picture."""
        return self.calls.reason(stream_id)

    def reported(self, stream_id: str, report: StreamReport) -> None:
        """What the process says of a stream."""
        self.calls.reported(stream_id, report.reason, listening=report.listening)

    def _picture_at(self, stream_id: str) -> float | None:
        line = self._video.line(stream_id)
        return None if line is None else line.picture_at_s

    # Who asks what

    def _known(self, host: str) -> bool:
        return self.devices.known_at(host) or any(each.host == host for each in self.upstreams.values())

    def _gone(self, connection: int) -> None:
        self.devices.gone(connection)
        for upstream in self.upstreams.values():
            upstream.gone(connection)

    def _channels(self, section: UpstreamSection) -> tuple[Channel, ...]:
        """What a platform may see: what the site's file names, of our own streams that are registered."""
        world = self._desk.world
        made = []
        for channel_id, stream_id in section.channels.items():
            if video_above.why_not(world, stream_id) not in ("", video_above.NOT_ENABLED):
                continue
            stream = world.video_streams[stream_id]
            line = self._video.line(stream_id)
            live = line is not None and line.state is VideoState.LIVE
            made.append(Channel(id=channel_id, name=stream.terms.name, parent=self.us.id, online=live))
        return tuple(made)

    def _asked(self, asked: SipMessage, source: Source) -> None:
        """Raises BadGb."""
        upstream = self.upstreams.get(asked.sender.user)
        if upstream is not None and upstream.host == source.host:
            self._asked_from_above(upstream, asked, source)
            return
        match asked.method:
            case "REGISTER":
                self.devices.register(asked, source)
            case "MESSAGE":
                self.devices.message(asked, source)
            case "BYE":
                if not self.calls.bye(asked, source):
                    self._nothing(asked, source)
            case "OPTIONS":
                self.endpoint.answer(asked, source, 200, "OK", keep=False)
            case "ACK":
                raise BadGb("UNASKED", "ack", "of nothing of ours")
            case _:
                self.endpoint.trouble("NOT_SPOKEN", source.host, asked.method)
                self.endpoint.answer(asked, source, 405, "Method Not Allowed", keep=False)

    def _asked_from_above(self, upstream: Upstream, asked: SipMessage, source: Source) -> None:
        """Raises BadGb."""
        match asked.method:
            case "MESSAGE":
                upstream.message(asked, source)
            case "INVITE":
                self.watched.invite(upstream, asked, source)
            case "ACK":
                self.watched.acknowledged(upstream, asked)
            case "INFO":
                if not self.watched.info(upstream, asked, source):
                    self._nothing(asked, source)
            case "BYE" | "CANCEL":
                if not self.watched.bye(upstream, asked, source):
                    self._nothing(asked, source)
            case "OPTIONS":
                self.endpoint.answer(asked, source, 200, "OK", keep=False)
            case _:
                self.endpoint.trouble("NOT_SPOKEN", source.host, asked.method)
                self.endpoint.answer(asked, source, 405, "Method Not Allowed", keep=False)

    def _nothing(self, asked: SipMessage, source: Source) -> None:
        self.endpoint.trouble("NO_DIALOG", source.host, asked.method)
        self.endpoint.answer(asked, source, 481, "Call/Transaction Does Not Exist", keep=False)

    # For the console

    def device_states(self) -> Iterable[DeviceState]:
        """All that may register."""
        at = self._at()
        for account in self.registrar.accounts.values():
            device = self.registrar.devices.get(account.id)
            yield DeviceState(
                id=account.id,
                name=account.name,
                online=device is not None and device.online,
                since=None if device is None else at(device.since_s),
                seen_at=None if device is None else at(device.seen_s),
                host="" if device is None else device.source.host,
                why="" if device is None else device.why,
                version="" if device is None else device.version,
                media=str(account.setup),
                channels=() if device is None else tuple(device.channels.values()),
                position=None if device is None else device.position,
            )

    def platform_states(self) -> Iterable[PlatformState]:
        """All that we register with."""
        at = self._at()
        for each in self.upstreams.values():
            yield PlatformState(
                id=each.section.id,
                name=each.name,
                state=each.state,
                since=at(each.since_s),
                reason=each.reason,
                channels=each.section.channels,
                watched=tuple(
                    WatchedState(
                        stream_id=one.shown.stream_id,
                        channel_id=one.channel_id,
                        since=at(one.since_s),
                        subject=one.subject,
                        address=f"{one.told.address}:{one.told.port}",
                        sent=one.out.queue.sent,
                    )
                    for one in self.watched.of(each)
                ),
            )

    def _at(self) -> Callable[[float], datetime]:
        """A moment of the reactor's clock as one of the site's."""
        now_s, now = self._reactor.seconds(), self._clock()
        return lambda then_s: now - timedelta(seconds=now_s - then_s)


def gb28181_of(
    *, config: Config, desk: Any, video: Video, clock: Clock, metrics: Metrics, reactor: Any
) -> Gb28181 | None:
    """Joined to video; None where the site's file has no id for it."""
    if not config.gb28181.id:
        return None
    made = Gb28181(config=config, desk=desk, video=video, clock=clock, metrics=metrics, reactor=reactor)
    video.called = made
    return made
