"""Sites in this process with video and real links: one that films, and those that may see it."""

import socket
from datetime import timedelta
from typing import Any

from twisted.internet import reactor, task
from twisted.internet.defer import succeed

from adapters.clock import utc_now
from adapters.config import Config, PartnerSection, SiteSection, VideoSection
from adapters.video.federation.federation import VideoFederation
from adapters.video.line import Line
from adapters.video.video import Video
from dispatch.commands import Ask
from dispatch.consent_commands import ProposeConsent, SignConsent
from dispatch.consent_kinds import ObjectClass, WithheldField
from dispatch.consent_records import ClassTerms, Consent, ConsentTerms
from dispatch.kinds import Role
from dispatch.video_commands import BeginViewing, EndViewing, SaveVideoStream
from dispatch.video_kinds import VideoCarrier, VideoSource
from dispatch.video_records import VideoTerms
from dispatch.video_share_commands import AskVideo
from dispatch.video_share_records import VideoGrant
from protocols.codec import video as codec
from protocols.codec.common import to_us
from protocols.gen import video_pb2
from protocols.video_gop import ViewerQueue
from protocols.video_sets import PictureFormat
from protocols.video_units import VideoUnit
from protocols.websocket_frame import binary_frame, message_of
from tests.adapters.link.sites import AGREEMENT, Site, _End, until
from tests.adapters.link.sites import Line as TcpLine
from tests.clips import Camera, datagrams


class Viewer:
    """Somebody who watches: what came, as told."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.queue = ViewerQueue(self._take)

    def _take(self, frame: bytes) -> None:
        self.told.append(video_pb2.VideoTold.FromString(message_of(frame)))

    @property
    def pictures(self) -> list[Any]:
        return [each.picture for each in self.told if each.WhichOneof("body") == "picture"]

    @property
    def looks(self) -> list[Any]:
        return [each.look for each in self.told if each.WhichOneof("body") == "look"]


class FilmSite(Site):
    """A site of tests/adapters/link with video."""

    video: Any = None
    federation: Any = None

    async def start(self, *partners: PartnerSection, listen: str = "127.0.0.1:0", ca: str = "ca") -> None:
        await super().start(*partners, listen=listen, ca=ca)
        config = Config(
            site=SiteSection(id=self.id, name=f"站 {self.id}", data=str(self.folder)),
            video=VideoSection(first_port=1024, last_port=65535),
        )
        self.overs: list[tuple[str, str]] = []
        self.video = Video(
            config=config, desk=self.desk, clock=utc_now, metrics=self.metrics, reactor=reactor
        )
        self.federation = VideoFederation(
            desk=self.desk,
            video=self.video,
            lines=self.links,
            hop=self.links.hop,
            clock=utc_now,
            metrics=self.metrics,
            reactor=reactor,
        )
        self.video.elsewhere = self.federation
        self.links.on_video, self.links.on_free = self.federation.heard, self.federation.free
        self.federation.on_over = self._over
        self.video.start()
        self.federation.start()
        self.watching: list[tuple[Viewer, Line]] = []

    async def stop(self) -> None:
        if self.video is not None:
            self.federation.stop()
            await self.video.stop()
            self.video = None
        await super().stop()

    def _over(self, stream_id: str, code: str) -> None:
        self.overs.append((stream_id, code))
        for viewer, line in tuple(self.watching):
            if line.stream.id == stream_id:
                self.leave(viewer, line)

    def leave(self, viewer: Viewer, line: Line) -> None:
        self.watching.remove((viewer, line))
        self.video.unwatch(viewer, line)

    async def consents(self, partner: str, *withheld: WithheldField, video_for_s: float = 0.0) -> Consent:
        """Video may leave to a partner, and everything else."""
        terms = ConsentTerms(
            agreement=AGREEMENT,
            classes=tuple(
                ClassTerms(object_class=each, withheld=withheld if each is ObjectClass.VIDEO else ())
                for each in ObjectClass
            ),
            valid_from=utc_now() - timedelta(hours=1),
            video_for_s=video_for_s,
            relay=True,
        )
        answer = await self.ask(ProposeConsent(partner=partner, terms=terms), Role.DUTY_CHIEF)
        made = answer.recorded[0].fact.consent
        self.keys += 1
        await self.sign(made)
        return self.desk.world.consents[made.id]  # type: ignore[no-any-return]

    async def sign(self, made: Consent) -> None:
        command = SignConsent(consent_id=made.id, version_seen=made.version)
        await self.desk.ask(
            Ask(actor="chen.jie", role=Role.SECADMIN, command_id=f"sign-{made.id}", command=command)
        )

    async def films(self, port: int, name: str = "赣鹰01 吊舱") -> str:
        """Register a stream that waits for its sender at a port; its id."""
        terms = VideoTerms(
            name=name, source=VideoSource.TS_UDP, address=str(port), carrier=VideoCarrier.FIXED
        )
        answer = await self.ask(SaveVideoStream(terms=terms))
        return str(answer.recorded[0].fact.stream.id)

    async def asks(self, stream_id: str, purpose: str = "边界火情会商") -> str:
        """Ask a partner for a stream it shows; the request's id."""
        await until(lambda: stream_id in self.desk.world.shown_videos, f"{stream_id} shown at {self.id}")
        answer = await self.ask(AskVideo(stream_id=stream_id, purpose=purpose, wanted_s=600))
        return str(answer.recorded[0].fact.request.id)

    async def granted(self, stream_id: str) -> VideoGrant:
        """The answer, once it is here."""
        found: list[VideoGrant] = []

        def there() -> bool:
            found[:] = [g for g in self.desk.world.video_grants.values() if g.stream_id == stream_id]
            return bool(found)

        await until(there, f"an answer about {stream_id} at {self.id}")
        return found[-1]

    async def watches(self, stream_id: str) -> Viewer:
        """Somebody watches: written down, then shown."""
        await self.ask(BeginViewing(stream_id=stream_id))
        viewer, line = Viewer(), self.video.line(stream_id)
        self.watching.append((viewer, line))
        self.video.watch(viewer, line)
        return viewer

    async def unwatches(self, viewer: Viewer) -> None:
        """They stop, and it is written down."""
        line = next(line for each, line in self.watching if each is viewer)
        self.leave(viewer, line)
        own = next(v for v in self.desk.world.video_viewings.values() if v.site == self.id)
        await self.ask(
            EndViewing(viewing_id=own.id, stream_id=line.stream.id, lasted_s=1, sent=1, left_out=0), None
        )


class NoProcess:
    """Stands for a video process where pictures are put in by hand (Reel)."""

    def __init__(self, *_: Any) -> None:
        self.slots: set[int] = set()

    def start(self, _: Any) -> None:
        """Nothing."""

    def tell(self) -> None:
        """Nothing."""

    def stop(self) -> Any:
        return succeed(None)


class Reel:
    """Pictures of so many bytes put into a line of a site, a key frame each second; `number`: how many."""

    def __init__(
        self, site: FilmSite, stream_id: str, *, size: int = 4_000, rate: int = 25, beside: bytes = b""
    ) -> None:
        self.number = 0
        self._beside = beside
        self.epoch = 1
        self._size, self._rate = size, rate
        self._line = site.video.line(stream_id)
        self._loop = task.LoopingCall(self.shoot)

    def run(self) -> None:
        self._loop.start(1 / self._rate)

    def stop(self) -> None:
        if self._loop.running:
            self._loop.stop()

    def again(self) -> None:
        """As after a restart of its process."""
        self._line.broken("worker_down")
        self.epoch, self.number = self.epoch + 1, 0

    def shoot(self) -> None:
        key = self.number % self._rate == 0
        self.number += 1
        unit = VideoUnit(
            epoch=self.epoch,
            key=key,
            pts_us=self.number * 40_000,
            dts_us=self.number * 40_000,
            data=self.number.to_bytes(4) + bytes(self._size * (8 if key else 1)),
            format=PictureFormat(codec="avc1.42c01e", width=320, height=240) if key else None,
        )
        message = codec.picture(self._line.slot, self.number, unit, to_us(utc_now()))
        self._line.picture(binary_frame(message), key=key, epoch=self.epoch, now_s=reactor.seconds())  # type: ignore[attr-defined]  # twisted's
        if self._beside:
            self._line.beside(binary_frame(self._beside))


class SlowLine(TcpLine):
    """A line that passes so many bytes a second and no more, in both directions together."""

    def __init__(self, bytes_a_second: int) -> None:
        super().__init__()
        self.bytes_a_second = bytes_a_second
        self.free_at = 0.0

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802 (twisted's)
        return _SlowEnd(self)


class _SlowEnd(_End):
    def dataReceived(self, data: bytes) -> None:  # noqa: N802 (twisted's)
        line: Any = self.line
        now = reactor.seconds()  # type: ignore[attr-defined]  # twisted's
        line.free_at = max(now, line.free_at) + len(data) / line.bytes_a_second
        self.transport.pauseProducing()  # type: ignore[union-attr]  # connected
        reactor.callLater(line.free_at - now, self._then, data)  # type: ignore[attr-defined]  # twisted's

    def _then(self, data: bytes) -> None:
        if self not in self.line.ends:
            return
        self._pass(data)
        self.transport.resumeProducing()  # type: ignore[union-attr]  # connected


class Filming:
    """A camera that sends twenty-five frames a second to a port of this machine."""

    def __init__(self, port: int, **how: Any) -> None:
        self._camera = Camera(**{"group": 12, **how})
        self._port = port
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._loop = task.LoopingCall(self._shoot)
        self._loop.start(0.04)

    def _shoot(self) -> None:
        for part in datagrams(self._camera.shoot()):
            self._socket.sendto(part, ("127.0.0.1", self._port))

    def stop(self) -> None:
        self._loop.stop()
        self._socket.close()
