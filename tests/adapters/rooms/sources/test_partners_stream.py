"""A partner's stream in the conference: only where its owner's grant lets it be passed on, and no longer than that."""

import socket
import threading
from datetime import timedelta
from pathlib import Path

import av
import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.threads import deferToThread

from adapters.clock import utc_now
from adapters.rooms.sources.settings import SourceSettings
from adapters.rooms.sources.sources import Sources
from dispatch.conference_commands import OfferSources
from dispatch.errors import Refused
from dispatch.kinds import Role
from dispatch.room_commands import OpenRoom
from dispatch.video_share_commands import GrantVideo, RevokeVideo
from protocols.rtsp_digest import Login
from tests.adapters.desks import report
from tests.adapters.link.sites import certificates, partner, sites, until
from tests.adapters.rooms.sources.pulling import PASSWORD, USER, with_login
from tests.adapters.video.federation.sites import Filming, FilmSite, free_udp_port
from tests.adapters.web.filming import free_port
from tests.clips import number_of


@pytest_twisted.ensureDeferred
async def test_a_partners_stream_is_offered_on_only_as_its_owner_says(tmp_path: Path) -> None:
    ca = certificates(tmp_path / "ca", "36", "43")
    ours, theirs = FilmSite(tmp_path, "36", ca), FilmSite(tmp_path, "43", ca)
    port = free_udp_port()
    settings = SourceSettings(
        listen=("127.0.0.1",),
        port=free_port(socket.SOCK_STREAM),
        host="127.0.0.1",
        udp_port=0,
        login=Login(user=USER, password=PASSWORD),
        md5=True,
        valid=timedelta(hours=1),
        secret=b"a secret of sixteen bytes and more",
    )
    async with sites(ours, theirs):
        await ours.start(partner("43"))
        await theirs.start(partner("36", ours.links.port))
        stream_id = await ours.films(port)
        await ours.consents("43")
        incident = (await theirs.ask(report(1).command)).recorded[0].fact.incident.id
        answer = await theirs.ask(OpenRoom(incident_id=incident, title="边界会商"), Role.DUTY_CHIEF)
        room = answer.recorded[0].fact.room.id

        async def granted(*, reshare: bool) -> str:
            request = await theirs.asks(stream_id)
            await until(lambda: request in ours.desk.world.video_requests, "the request at its owner")
            await ours.ask(GrantVideo(request_id=request, reshare=reshare))
            await until(lambda: not theirs.federation.why_not(stream_id), "granted")
            return next(g.id for g in ours.desk.world.video_grants.values() if g.request_id == request)

        offer = OfferSources(room_id=room, streams=(stream_id,), valid_s=600)
        grant = await granted(reshare=False)
        with pytest.raises(Refused, match="NO_RESHARE"):
            await theirs.ask(offer, Role.DUTY_CHIEF)
        await ours.ask(RevokeVideo(grant_id=grant, version_seen=1, reason="重批"))
        await until(lambda: theirs.federation.why_not(stream_id) == "REVOKED", "the end of the first grant")
        grant = await granted(reshare=True)
        answer = await theirs.ask(offer, Role.DUTY_CHIEF)
        call = answer.recorded[0].fact.call
        sources = Sources(
            settings=settings,
            desk=theirs.desk,
            video=theirs.video,
            maps=theirs.video,
            clock=utc_now,
            metrics=theirs.metrics,
            reactor=reactor,
        )
        sources.start()
        camera, shown = Filming(port), []
        seen = threading.Event()

        def watch() -> None:
            url = with_login(settings.url(call.id, room, stream_id))
            with av.open(url, options={"rtsp_transport": "tcp"}, timeout=60) as stream:
                for frame in stream.decode(video=0):
                    shown.append(number_of(frame.to_ndarray(format="gray")))
                    if len(shown) > 10:
                        seen.set()

        try:
            watching = deferToThread(watch)
            await until(seen.is_set, "pictures of the partner in the conference")
            assert shown[:10] == list(range(shown[0], shown[0] + 10))
            (viewing,) = (
                ours.desk.world.video_viewings.values()
            )  # its owner knows that somebody watches, and what for
            assert viewing.purpose.startswith(f"会议引接 {call.id}")
            await ours.ask(RevokeVideo(grant_id=grant, version_seen=1, reason="拍到营区"))
            await watching
            await until(lambda: not ours.desk.world.video_viewings, "the end at its owner")
        finally:
            camera.stop()
            await sources.stop()
