"""An upper platform asks what was recorded, is sent it as it was filmed, and nothing that is not for it; all is written down."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, socket
from typing import Any

import pytest_twisted

from adapters.store.journal import Period
from adapters.video.recording.segment_file import SegmentFile
from protocols.codec import video as codec
from protocols.video_segment import US, SegmentInfo
from protocols.video_ts import TsVideo
from protocols.video_units import VideoUnit
from tests.adapters.video.gb28181.site import played, spoken
from tests.adapters.video.gb28181.test_upstream import Cascade, cascade, decoded, drain
from tests.adapters.web.test_recordings import soon
from tests.clips import clip
from tests.sipp import CHANNEL, UPPER, needs_sipp

pytestmark = needs_sipp
GROUP = 10
FILMED = datetime(2026, 11, 26, 2, 30, tzinfo=UTC)  # 10:30 in Beijing
BEGIN_S = int(FILMED.timestamp())
EVERY_S = 60


def filmed(root: Path, stream_id: str, pieces: int) -> None:
    """Pieces of ten pictures, a minute from each other; the third on another carrier."""
    source = TsVideo()
    found = [*source.feed(clip(pieces * GROUP, group=GROUP)), *source.reconnected()]
    units = [each for each in found if isinstance(each, VideoUnit)]
    for number in range(pieces):
        from_us = (BEGIN_S + number * EVERY_S) * US
        info = SegmentInfo(site="36", stream_id=stream_id, carrier_id="B-70K3" if number == 2 else "")
        file = SegmentFile(root, info, units[0].format, from_us, 1)
        for place, unit in enumerate(units[number * GROUP : (number + 1) * GROUP]):
            at_us = from_us + place * US // 25
            file.picture(at_us, codec.picture(1, place, unit, at_us), key=unit.key)
        file.close()


@pytest_twisted.async_yield_fixture
async def recorded(tmp_path: Path) -> AsyncIterator[Cascade]:
    made = await cascade(tmp_path)
    video = made.site.site.video
    assert video is not None
    filmed(video.recordings.settings.root, made.stream_id, 7)
    await played("upstream_register", made.site, port=made.port)
    yield made
    await made.site.stop()


def local(seconds: int) -> str:
    """As the platform writes it."""
    at = FILMED + timedelta(seconds=seconds)
    return f"{at.astimezone(timezone(timedelta(hours=8))):%Y-%m-%dT%H:%M:%S}"


@pytest_twisted.ensureDeferred
async def test_what_was_recorded_is_told_in_pieces_and_what_another_carrier_filmed_is_not(
    recorded: Cascade,
) -> None:
    site, port = recorded.site, recorded.port
    await played("upstream_asks_records", site, port=port, begin=local(0), end=local(3600))
    said = [await played("upstream_hears_records", site, port=port) for _ in range(2)]
    assert all("<SumNum>6</SumNum>" in each for each in said)
    whole = "".join(said)  # the first may see the second message, too
    assert set(re.findall(r'<RecordList Num="(\d)">', whole)) == {"4", "2"}
    spans = set(re.findall(r"<StartTime>([^<]+)</StartTime><EndTime>([^<]+)</EndTime>", whole))
    assert spans == {(local(n * EVERY_S), local(n * EVERY_S + 1)) for n in (0, 1, 3, 4, 5, 6)}
    await played("upstream_asks_records", site, port=port, begin=local(3600), end=local(7200))
    assert "<SumNum>0</SumNum>" in await played("upstream_hears_records", site, port=port)
    await played(
        "upstream_asks_records",
        site,
        port=port,
        begin=local(0),
        end=local(3600),
        channel="36010000001310000099",
    )
    assert "<SumNum>0</SumNum>" in await played("upstream_hears_records", site, port=port)


@pytest_twisted.ensureDeferred
async def test_a_recording_is_sent_from_the_key_frame_before_written_down_and_its_end_is_told(
    recorded: Cascade,
) -> None:
    site, port = recorded.site, recorded.port
    begin, end = BEGIN_S + EVERY_S, BEGIN_S + 3 * EVERY_S + 1
    with socket(AF_INET, SOCK_DGRAM) as taking:
        taking.bind(("127.0.0.1", 0))
        how = {"media": taking.getsockname()[1], "begin": begin, "end": end}
        await played("upstream_replay", site, port=port, **how)
        packets = drain(taking)
    assert decoded(packets) == [*range(10, 20), *range(30, 40)]
    (replay,) = (await site.http("GET", "video/replays", role="auditor")).json["items"]
    assert (replay["who"], replay["role"], replay["stream_id"]) == (
        f"gb28181:{UPPER}",
        None,
        recorded.stream_id,
    )
    assert replay["purpose"] == f"级联回放 省平台 {CHANNEL}:0100000077,{UPPER}:0"
    assert replay["from"].startswith("2026-11-26T02:31:00")


@pytest_twisted.ensureDeferred
async def test_what_was_not_recorded_is_not_found_and_nothing_is_written_down(recorded: Cascade) -> None:
    site, port = recorded.site, recorded.port
    refusals = spoken(site).endpoint.counts
    for code, begin in (("NOTHING_RECORDED", BEGIN_S + 3600), ("NOTHING_RECORDED", BEGIN_S + 2 * EVERY_S)):
        how = {"session": "Playback", "begin": begin, "end": begin + 30}
        await played("upstream_refused", site, port=port, **how)
        assert refusals[code]
    await played(
        "upstream_refused", site, port=port, session="Playback", begin=BEGIN_S, end=BEGIN_S + 9, channel=UPPER
    )
    assert refusals["NOT_SHARED"] == 1
    assert (await site.http("GET", "video/replays", role="auditor")).json["items"] == []


@pytest_twisted.ensureDeferred
async def test_it_pauses_goes_on_elsewhere_and_ends_it_when_it_likes(recorded: Cascade) -> None:
    site, port = recorded.site, recorded.port
    with socket(AF_INET, SOCK_DGRAM) as taking:
        taking.bind(("127.0.0.1", 0))
        how = {"media": taking.getsockname()[1], "begin": BEGIN_S, "end": BEGIN_S + 6 * EVERY_S}
        await played("upstream_controls", site, port=port, **how)
        assert {int.from_bytes(each[8:12]) for each in drain(taking)} == {100_000_077}
    counts = spoken(site).endpoint.counts
    assert (counts["RTSP_SCALE"], counts["RTSP_METHOD"]) == (1, 1)
    now = site.site.clock()
    written = Period(kind="VideoReplayEnded", begin=now - timedelta(hours=1), end=now + timedelta(hours=1))
    rows: list[Any] = []
    for _ in range(400):
        if rows := await site.site.desk.own_rows(written, 2**63 - 1, 10):
            break
        await soon()
    assert [each.actor for each in rows] == ["site"]
