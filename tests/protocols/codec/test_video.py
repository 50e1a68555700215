"""What viewers are told, made once for many."""

from datetime import UTC, datetime

from dispatch.video_kinds import VideoState
from protocols.codec.video import Standings, VideoStanding
from protocols.gen import video_pb2
from protocols.video_sets import PictureFormat


def standing(slot: int) -> VideoStanding:
    return VideoStanding(
        stream_id=f"stream-{slot}",
        slot=slot,
        state=VideoState.LIVE,
        since=datetime(2026, 11, 27, tzinfo=UTC),
        viewers=slot,
        format=PictureFormat(codec="avc1.42c01f", width=1280, height=720),
        counts={"gaps": slot},
    )


def test_viewers_of_one_moment_are_told_the_same_but_for_what_each_watches() -> None:
    """Made once for all, and yet nobody is told what another watches or was left out of."""
    standings, seen = Standings(), [standing(1), standing(2)]
    for left_out in ({1: 7}, {}, {2: 0}, {1: 3, 2: 4}):
        told = video_pb2.VideoTold.FromString(standings.message(seen, left_out)).standings.streams
        assert [each.stream_id for each in told] == ["stream-1", "stream-2"]
        assert {each.slot: each.left_out for each in told if each.watched} == left_out
        assert [each.counts[0].count for each in told] == [1, 2]
    nobody = video_pb2.VideoTold.FromString(standings.message([], {}))
    assert nobody.WhichOneof("body") == "standings"
