"""Video from one site to another over a real link: shown, asked for, granted, seen, revoked."""

from pathlib import Path

import pytest
import pytest_twisted

from dispatch import video_share
from dispatch.video_share_commands import GrantVideo, RevokeVideo
from dispatch.video_share_kinds import VideoGrantState
from tests.adapters.link.sites import certificates, partner, sites, until
from tests.adapters.video.federation.sites import Filming, FilmSite
from tests.clips import numbers
from tests.ports import free_port


@pytest_twisted.ensureDeferred
async def test_a_partner_sees_a_stream_from_the_grant_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One journey: a site's start and its camera cost more than what they show."""
    monkeypatch.setattr(video_share, "SHORTEST_S", 1.0)
    ca = certificates(tmp_path / "ca", "36", "43")
    ours, theirs = FilmSite(tmp_path, "36", ca), FilmSite(tmp_path, "43", ca)
    port = free_port()
    async with sites(ours, theirs):
        await ours.start(partner("43"))
        await theirs.start(partner("36", ours.links.port))
        stream_id = await ours.films(port)
        await ours.consents("43")
        request_id = await theirs.asks(stream_id)
        await until(lambda: request_id in ours.desk.world.video_requests, "the request at its owner")
        assert ours.desk.world.video_requests[request_id].requested_by == "43"  # no name leaves
        await ours.ask(GrantVideo(request_id=request_id))
        grant = await theirs.granted(stream_id)
        assert grant.state is VideoGrantState.GRANTED
        camera = Filming(port)
        try:
            first = await theirs.watches(stream_id)
            await until(lambda: len(first.pictures) > 30, "pictures at the partner")
            assert first.pictures[0].key
            seen = numbers([each.data for each in first.pictures])
            assert seen == list(range(seen[0], seen[0] + len(seen)))  # the very units, none lost
            # however many watch there: one upstream pull, and a picture at once from the last key frame
            second = await theirs.watches(stream_id)
            assert second.pictures[0].key
            assert len(ours.video.line(stream_id).viewers) == 1
            await until(lambda: ours.desk.world.video_grants[grant.id].watching == 2, "two viewings at 36")
            assert theirs.status().bytes_in["video"] > 1_000
            # the owner takes it back: pictures stop, and it is said why
            await ours.ask(RevokeVideo(grant_id=grant.id, version_seen=1, reason="拍到营区"))
            await until(lambda: theirs.overs == [(stream_id, "REVOKED")], "the end, named")
            await until(lambda: not ours.video.line(stream_id).viewers, "nobody fed")
            many = len(second.pictures)
            assert theirs.desk.world.video_grants[grant.id].reason == "拍到营区"
            await until(lambda: ours.video.line(stream_id).fps > 0, "the camera goes on")
            assert len(second.pictures) == many
            # asked for anew; this time nobody takes it back, and the clock ends it
            request_id = await theirs.asks(stream_id)
            await until(lambda: request_id in ours.desk.world.video_requests, "the second request")
            await ours.ask(GrantVideo(request_id=request_id, for_s=1.5))
            await until(lambda: not theirs.federation.why_not(stream_id), "granted again")
            third = await theirs.watches(stream_id)
            await until(lambda: third.pictures, "pictures again")
            await until(lambda: theirs.overs[1:] == [(stream_id, "EXPIRED")], "the end by the clock, named")
            await until(lambda: not ours.video.line(stream_id).viewers, "nobody fed")
        finally:
            camera.stop()
