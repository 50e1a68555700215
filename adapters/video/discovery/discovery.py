"""Unknown senders as the site has them: told to the desk, bound to their aircraft where the rules are sure.

    sender -> listening process (child.py) -> Discovery -> GET video/senders -> the form
                                                        -> BindVideoSender -> a stream like any other

A port of `[video] discovery_ports` is listened at until a stream is registered there; then the stream has it. Bounded in
the process; a binding that was refused is not tried again before the sender says something else.
"""

import hashlib
import sys
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog
from twisted.internet.defer import Deferred, succeed

from adapters.clock import Clock
from adapters.config import Config
from adapters.metrics import Metrics
from adapters.video.discovery.order import ListenOrder, SenderReport, read_report
from adapters.video.order import PICTURE, FromChild
from adapters.video.process import VideoProcess
from adapters.video.recording.recordings import Still
from dispatch.commands import Ask
from dispatch.errors import GanyingError, Unknown
from dispatch.video import listening_at, waits
from dispatch.video_commands import BindVideoSender
from dispatch.video_discovery import Claim, called, claim, terms
from dispatch.video_kinds import VideoSource
from dispatch.video_records import VideoTerms
from dispatch.world import World

log = structlog.get_logger()

COMMAND = (sys.executable, "-m", "adapters.video.discovery.child")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownSender:
    """One, as the desk is told. `terms`: what the form begins with."""

    id: str
    report: SenderReport
    since: datetime
    claim: Claim | None
    terms: VideoTerms


class Discovery:
    """Of one site; `still` makes a small picture of a key frame."""

    def __init__(
        self,
        *,
        config: Config,
        desk: Any,
        clock: Clock,
        metrics: Metrics,
        reactor: Any,
        still: Callable[[bytes], Awaitable[bytes]],
    ) -> None:
        self._config, self._desk, self._clock, self._reactor = config.video, desk, clock, reactor
        self._still = still
        self._ports: tuple[int, ...] = ()
        self._senders: dict[int, SenderReport] = {}
        self._keys: dict[int, bytes] = {}
        self._stills: dict[int, tuple[bytes, Still]] = {}
        self._tried: dict[int, Mapping[str, str]] = {}
        self._aircraft: Any = None  # for which _called was made
        self._called: Mapping[str, tuple[str, ...]] = {}
        self._process: VideoProcess | None = None
        self._unknown = metrics.gauge("ganying_video_unknown_senders", "Senders nobody registered", ())
        self._counted = metrics.gauge(
            "ganying_video_discovery", "What came to discovery ports and was left out, totals", ("why",)
        )

    def start(self) -> None:
        """Listen, where the site's file says so."""
        if not self._config.discovery_ports:
            return
        self._ports = self._free(self._desk.world)
        self._process = VideoProcess("video-discovery", self._received, self._died, self._reactor, COMMAND)
        self._process.start(self._order)

    def stop(self) -> "Deferred[None]":
        """Listen no more."""
        return succeed(None) if self._process is None else self._process.stop()

    def committed(self, world: World) -> None:
        """Streams are others: their ports are theirs."""
        ports = self._free(world)
        if self._process is None or ports == self._ports:
            return
        self._ports = ports
        self._process.tell()

    @property
    def listening(self) -> bool:
        """Whether this site looks for unknown senders at all."""
        return self._process is not None

    def senders(self) -> list[UnknownSender]:
        """All, the newest first."""
        world, now = self._desk.world, self._clock()
        if world.aircraft is not self._aircraft:
            self._aircraft, self._called = world.aircraft, called(world.aircraft.values())
        found = []
        for each in self._senders.values():
            if each.port in self._ports:
                claimed = claim(
                    world, each.address, each.names, self._config.discovery_aircraft, self._called
                )
                found.append(
                    UnknownSender(
                        id=str(each.number),
                        report=each,
                        since=now - timedelta(seconds=each.for_s),
                        claim=claimed,
                        terms=terms(world, claimed, each.port),
                    )
                )
        return sorted(found, key=lambda each: each.since, reverse=True)

    async def still(self, sender_id: str) -> Still:
        """Its newest small picture. Raises GanyingError."""
        number = int(sender_id) if sender_id.isdecimal() and len(sender_id) < 9 else 0
        key = self._keys.get(number)
        if key is None or number not in self._senders:
            raise Unknown("id", "no such sender, or no picture of it")
        present = self._stills.get(number)
        if present is None or present[0] is not key:
            jpeg = await self._still(key)
            tag = f'"{hashlib.sha256(jpeg).hexdigest()[:24]}"'
            present = key, Still(tag=tag, jpeg=jpeg, made_s=self._reactor.seconds())
            self._stills[number] = present
        return present[1]

    def _free(self, world: World) -> tuple[int, ...]:
        taken = {
            listening_at(each.terms.address)[1]
            for each in world.video_streams.values()
            if each.removed_at is None
            and each.site == world.site
            and each.terms.source in (VideoSource.TS_UDP, VideoSource.TS_SRT)
            and waits(each.terms)
        }
        return tuple(each for each in self._config.discovery_ports if each not in taken)

    def _order(self) -> ListenOrder:
        return ListenOrder(
            host=self._config.listen,
            ports=self._ports,
            networks=self._config.discovery_from,
            most=self._config.discovery_senders,
        )

    def _received(self, message: FromChild) -> None:
        if message.kind == PICTURE:
            self._keys[message.slot] = message.body
            return
        try:
            report = read_report(message.body)
        except msgspec.MsgspecError:
            log.error("the listening process reports nonsense")
            return
        self._senders = {each.number: each for each in report.senders}
        for kept in (self._keys, self._stills, self._tried):
            for number in kept.keys() - self._senders.keys():
                kept.pop(number, None)
        self._unknown.set(len(self._senders))
        for why, count in report.counts.items():
            self._counted.labels(why).set(count)
        for each in self.senders():
            if (
                each.claim is not None
                and each.claim.sure
                and self._tried.get(int(each.id)) != each.report.names
            ):
                self._tried[int(each.id)] = each.report.names
                Deferred.fromCoroutine(self._bind(each, each.claim))

    async def _bind(self, sender: UnknownSender, claimed: Claim) -> None:
        found = f"{sender.report.address} · {claimed.by} {claimed.said}"
        command = BindVideoSender(terms=sender.terms, found=found)
        try:
            await self._desk.ask(Ask(actor="site", role=None, command_id=uuid.uuid4().hex, command=command))
        except GanyingError as error:
            log.warning("an unknown sender was not bound", port=sender.report.port, why=error.code)

    def _died(self, _: VideoProcess) -> None:
        self._senders, self._keys = {}, {}
