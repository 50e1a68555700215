"""Video over poor lines, over a hub, and from partners that do as they like: the link's other classes notice nothing."""

from itertools import pairwise
from pathlib import Path

import pytest
import pytest_twisted

from adapters.clock import utc_now
from dispatch.consent_kinds import WithheldField
from dispatch.video_share_commands import GrantVideo
from protocols.codec.common import to_us
from protocols.codec.link_video import PIECE_BYTES, VideoPiece
from protocols.gen import video_pb2
from protocols.link_state import LinkState
from protocols.link_video import MOST_FAULTS, MOST_UNIT_BYTES
from tests.adapters.link.sites import Line, certificates, partner, sites, until
from tests.adapters.link.test_relay import star
from tests.adapters.video.federation.sites import FilmSite, NoProcess, Reel, SlowLine


@pytest.fixture(autouse=True)
def no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.video.video.VideoProcess", NoProcess)


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificates(tmp_path_factory.mktemp("ca"), "36", "42", "43")


async def granted(owner: FilmSite, asker: FilmSite, stream_id: str, *, reshare: bool = False) -> None:
    """Asked at one, granted at the other, known at both."""
    request_id = await asker.asks(stream_id)
    await until(lambda: request_id in owner.desk.world.video_requests, "the request")
    await owner.ask(GrantVideo(request_id=request_id, reshare=reshare))
    await asker.granted(stream_id)


@pytest_twisted.ensureDeferred
async def test_on_a_slow_line_pictures_are_left_out_and_an_order_does_not_wait_for_them(
    tmp_path: Path, ca: Path
) -> None:
    """A stream of three times what the line carries: what is ahead of an order is bounded in bytes."""
    ours, theirs, line = FilmSite(tmp_path, "36", ca), FilmSite(tmp_path, "43", ca), SlowLine(200_000)
    async with sites(ours, theirs):
        await ours.start(partner("43"))
        line.target = ours.links.port
        await theirs.start(partner("36", await line.open()))
        stream_id = await ours.films(21001)
        await ours.consents("43")
        await granted(ours, theirs, stream_id)
        reel = Reel(ours, stream_id, size=20_000)
        viewer = await theirs.watches(stream_id)
        reel.run()
        try:
            await until(lambda: viewer.pictures and reel.number > 60, "pictures over the slow line")
            ahead = []
            for number in range(4):
                before = theirs.status().bytes_in["video"]
                incident_id = await ours.shared_incident(f"fire {number}", "43")
                await until(lambda wanted=incident_id: theirs.incident(wanted), "the order")  # type: ignore[misc]
                ahead.append(theirs.status().bytes_in["video"] - before)
            # a second of the line and a little: the window, the socket's own 64 KiB, the relay's piece
            assert max(ahead) < 350_000, ahead
        finally:
            reel.stop()
        numbers = [int.from_bytes(each.data[:4]) for each in viewer.pictures]
        assert numbers == sorted(set(numbers))
        assert len(numbers) < reel.number  # not all of them
        jumps = [at for at, (one, two) in enumerate(pairwise(numbers), 1) if two != one + 1]
        assert all(viewer.pictures[at].key for at in jumps)  # what follows a gap begins with a key frame
        assert theirs.status().state is LinkState.LIVE
    await line.close()


@pytest_twisted.ensureDeferred
async def test_what_a_partner_sends_unasked_too_late_too_large_or_wrong_is_named_and_the_link_lives(
    tmp_path: Path, ca: Path
) -> None:
    """Counted on the link page by name; orders pass all the time; the stream is held, others are not."""
    ours, theirs = FilmSite(tmp_path, "36", ca), FilmSite(tmp_path, "43", ca)
    async with sites(ours, theirs):
        await ours.start(partner("43"))
        await theirs.start(partner("36", ours.links.port))
        stream_id = await ours.films(21001)
        await ours.consents("43")
        await granted(ours, theirs, stream_id)
        viewer = await theirs.watches(stream_id)
        reel = Reel(ours, stream_id)
        reel.run()
        await until(lambda: len(viewer.pictures) > 3, "pictures")
        reel.stop()

        def say(feed: int, unit: int, data: bytes, size: int = 0) -> None:
            piece = VideoPiece(feed=feed, unit=unit, offset=0, size=size or len(data), key=True, data=data)
            assert ours.links.say_video("43", piece)

        say(77, 1, b"nobody asked")
        say(1, 1, b"from the past")
        for number in range(MOST_FAULTS):
            say(1, 1_000 + number, b"no message for viewers")
        await until(lambda: theirs.status().refused.get("VIDEO_NOT_VIDEO"), "named")
        say(1, 5_000, bytes(PIECE_BYTES), MOST_UNIT_BYTES + 1)
        await until(lambda: theirs.video.line(stream_id).reason == "held", "the stream is held")
        incident_id = await ours.shared_incident("fire", "43")
        await until(lambda: theirs.incident(incident_id), "an order passes")
        refused = theirs.status().refused
        assert refused["VIDEO_NOT_ASKED"] == 1
        assert refused["VIDEO_ORDER"] == 1
        assert refused["VIDEO_NOT_VIDEO"] >= MOST_FAULTS - 2
        assert theirs.status().state is LinkState.LIVE


@pytest_twisted.ensureDeferred
async def test_a_hub_passes_a_partners_video_on_only_where_its_owner_says_so(
    tmp_path: Path, ca: Path
) -> None:
    """43 films, 36 is the hub, 42 sees it over 36 or is told NO_RESHARE."""
    hub, owner, third = (
        FilmSite(tmp_path, "36", ca),
        FilmSite(tmp_path, "43", ca),
        FilmSite(tmp_path, "42", ca),
    )
    async with sites(owner, third, hub):
        await star(hub, owner, third)
        kept = await owner.films(21001, "不转")
        passed = await owner.films(21002, "可转")
        await owner.consents("36")
        await owner.consents("42")
        for stream_id, reshare in ((kept, False), (passed, True)):
            await granted(owner, hub, stream_id, reshare=reshare)
            await granted(owner, third, stream_id)
        reels = [Reel(owner, kept), Reel(owner, passed)]
        for reel in reels:
            reel.run()
        try:
            await third.watches(kept)
            await until(lambda: (kept, "NO_RESHARE") in third.overs, "refused by name")
            viewer = await third.watches(passed)
            await until(lambda: len(viewer.pictures) > 10, "pictures over the hub")
            assert viewer.pictures[0].key
            grant = next(
                g
                for g in owner.desk.world.video_grants.values()
                if g.partner == "42" and g.stream_id == passed
            )
            assert grant.watching == 1  # the owner knows who watches beyond the hub
            assert len(owner.video.line(passed).viewers) == 1
            assert not owner.video.line(kept).viewers
        finally:
            for reel in reels:
                reel.stop()


@pytest_twisted.ensureDeferred
async def test_looks_go_with_the_pictures_as_agreed_and_a_cut_or_a_new_epoch_begins_at_a_key_frame(
    tmp_path: Path, ca: Path
) -> None:
    """By the partner's own slot and clock; exact places withheld: pictures alone."""
    ours, theirs, line = FilmSite(tmp_path, "36", ca), FilmSite(tmp_path, "43", ca), Line()
    async with sites(ours, theirs):
        await ours.start(partner("43"))
        line.target = ours.links.port
        await theirs.start(partner("36", await line.open()))
        stream_id = await ours.films(21001)
        await ours.consents("43")
        await granted(ours, theirs, stream_id)
        look = video_pb2.VideoTold(
            look=video_pb2.VideoLook(
                slot=1, epoch=1, centre=video_pb2.VideoPlace(lon_deg=115.1, lat_deg=28.9)
            )
        )
        reel = Reel(ours, stream_id, beside=look.SerializeToString())
        viewer = await theirs.watches(stream_id)
        reel.run()
        try:
            await until(lambda: len(viewer.looks) > 3, "looks")
            here = theirs.video.line(stream_id)
            assert {each.slot for each in (*viewer.looks, *viewer.pictures)} == {here.slot}
            assert viewer.looks[0].centre.lon_deg == 115.1
            assert all(each.arrived_us <= to_us(utc_now()) for each in viewer.pictures)
            line.cut()
            await until(lambda: here.reason == "link_down", "the cut")
            before = len(viewer.pictures)
            line.restore()
            await until(lambda: len(viewer.pictures) > before + 5, "pictures after the cut")
            assert viewer.pictures[before].key
            assert viewer.pictures[before].epoch > viewer.pictures[before - 1].epoch
            epoch = viewer.pictures[-1].epoch
            reel.again()  # the owner's process began anew
            await until(lambda: viewer.pictures[-1].epoch == epoch + 1, "the new epoch")
            assert next(each for each in viewer.pictures if each.epoch == epoch + 1).key
            await ours.consents("43", WithheldField.POSITION)
            await until(lambda: "43" in ours.desk.world.video_told, "the new consent")
            many, pictures = len(viewer.looks), len(viewer.pictures)
            await until(lambda: len(viewer.pictures) > pictures + 10, "more pictures")
            assert len(viewer.looks) <= many + 3  # what was under way
        finally:
            reel.stop()
    await line.close()
