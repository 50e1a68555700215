"""Recordings on a real disk: written, cut off, found again, searched, replayed, exported; with real clips and no site."""

import errno
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import msgspec
import pytest
from stanag4609.transport.demux import PESStreamEvent, StreamKind, TransportDemuxer

from adapters.video.recording import clips, parts, places, stills
from adapters.video.recording.catalogue import Catalogue, Sought
from adapters.video.recording.house import Bound, keep
from adapters.video.recording.parts import Wanted
from adapters.video.recording.recorder import Recorder, RecordingReport, RecordOrder
from adapters.video.recording.settings import RecordingSettings
from dispatch.errors import Refused, Unknown
from dispatch.terrain import Terrain
from protocols.codec import video as codec
from protocols.gen import video_pb2
from protocols.video_segment import US, SegmentInfo
from protocols.video_ts import KlvPacket, TsVideo
from protocols.video_units import VideoUnit
from tests.clips import clip, number_of, numbers
from tests.klv_sent import AT, coded, packet

SLOT = 3
STREAM = "36-VID-AAAA"
INFO = SegmentInfo(site="36", stream_id=STREAM, name="吊舱", carrier="aircraft", carrier_id="B-70K3")
BEGIN_US = 1_795_775_400 * US  # 2026-11-27 10:30 UTC
DAY_US = 86_400 * US
EVERYWHERE = Sought(from_us=0, to_us=BEGIN_US * 2, streams=(STREAM,))


def settings(folder: Path, **more: Any) -> RecordingSettings:
    stated: dict[str, Any] = {
        "folder": str(folder / "recordings"),
        "clips": str(folder / "clips"),
        "segment_s": 2.0,
        "days": 30,
        "max_bytes": 0,
        "keep_free_bytes": 0,
        "incident_days": 365,
    }
    return RecordingSettings(**stated | more)


def units_of(film: bytes, first_epoch: int = 1) -> list[VideoUnit | KlvPacket]:
    source = TsVideo(first_epoch=first_epoch)
    return [*source.feed(film), *source.reconnected()]


def record(told: RecordingSettings, arriving: list[tuple[int, VideoUnit | KlvPacket]]) -> RecordingReport:
    """Through a recorder, as a video process would, and stopped."""
    recorder = Recorder()
    recorder.start()
    recorder.follow(told, (RecordOrder(slot=SLOT, info=INFO),))
    put(recorder, arriving)
    recorder.stop()
    return recorder.report()


def put(recorder: Recorder, arriving: list[tuple[int, VideoUnit | KlvPacket]]) -> None:
    for number, (at_us, each) in enumerate(arriving, 1):
        if isinstance(each, KlvPacket):
            recorder.klv(SLOT, at_us, codec.klv(SLOT, each, at_us), epoch=each.epoch)
        else:
            body = codec.picture(SLOT, number, each, at_us)
            recorder.picture(SLOT, at_us, body, key=each.key, epoch=each.epoch, made=each.format)


def each_40_ms(units: list[VideoUnit | KlvPacket], begin_us: int = BEGIN_US) -> list[tuple[int, Any]]:
    return [(begin_us + number * 40_000, each) for number, each in enumerate(units)]


def told_of(body: bytes) -> list[Any]:
    wire = video_pb2.VideoRecorded.FromString(body)
    return [video_pb2.VideoTold.FromString(each) for each in wire.told]


def shown(body: bytes) -> list[int]:
    return numbers([each.picture.data for each in told_of(body) if each.WhichOneof("body") == "picture"])


def part(told: RecordingSettings, begin_s: float, end_s: float, **how: Any) -> bytes:
    wanted = Wanted(
        stream_id=STREAM,
        from_us=BEGIN_US + round(begin_s * US),
        to_us=BEGIN_US + round(end_s * US),
        **how,
    )
    return parts.read(told.root, wanted, Terrain()).body


FILM = units_of(clip(150, group=25))  # 6 s


def test_what_came_in_is_cut_at_key_frames_found_and_replayed_frame_by_frame(tmp_path: Path) -> None:
    told = settings(tmp_path)
    report = record(told, each_40_ms(FILM))
    assert (report.state, report.units, report.dropped) == ("ok", 150, 0)
    found = Catalogue(told.root).search(EVERYWHERE)
    (one,) = found.items
    assert (one.units, one.width, one.height, one.carrier_id) == (150, 320, 240, "B-70K3")
    assert one.spans == [(BEGIN_US, BEGIN_US + 149 * 40_000)]
    held = list(places.reaching(told.root, STREAM, BEGIN_US, BEGIN_US + 60 * US))
    assert [len(index.keys) for _, index in held] == [2, 2, 2]
    assert shown(part(told, 2.4, 3.0, begin=True)) == list(range(50, 75))  # from the key frame before
    assert shown(part(told, 1.8, 2.2, begin=True)) == list(range(25, 55))  # over a cut
    middle = [each.picture.seq - 1 for each in told_of(part(told, 1.0, 1.2))]
    assert middle == [25, 26, 27, 28, 29]
    assert shown(part(told, 1.4, 6.0, begin=True, keys=True)) == [25, 50, 75, 100, 125]


def test_a_long_part_is_answered_in_pieces_that_join(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = settings(tmp_path)
    record(told, each_40_ms(FILM))
    monkeypatch.setattr(parts, "MOST_BYTES", 20_000)
    seqs: list[int] = []
    from_us, end_us = BEGIN_US, BEGIN_US + 6 * US
    for _ in range(100):
        wanted = Wanted(stream_id=STREAM, from_us=from_us, to_us=end_us)
        wire = video_pb2.VideoRecorded.FromString(parts.read(told.root, wanted, Terrain()).body)
        seqs += [video_pb2.VideoTold.FromString(each).picture.seq for each in wire.told]
        from_us = wire.through_us
        if from_us >= end_us:
            break
    assert seqs == list(range(1, 151))
    hole = video_pb2.VideoRecorded.FromString(part(told, -60, -50))
    assert (list(hole.told), hole.next_us) == ([], BEGIN_US)


def test_a_segment_that_was_cut_off_anywhere_loses_its_tail_alone(tmp_path: Path) -> None:
    told = settings(tmp_path, segment_s=60.0)
    record(told, each_40_ms(FILM))
    ((path, whole),) = places.reaching(told.root, STREAM, 0, BEGIN_US * 2)
    data = path.read_bytes()
    for cut in (len(data) - 1, whole.keys[3].offset + 7, whole.keys[2].offset, whole.keys[1].offset - 1):
        path.write_bytes(data[:cut])
        places.put_index(path, msgspec.structs.replace(whole, open=True, keys=whole.keys[:1], units=1))
        report = keep(told, (), BEGIN_US + DAY_US)
        assert (report.settled, report.removed) == (1, 0)
        ((_, index),) = places.reaching(told.root, STREAM, 0, BEGIN_US * 2)
        assert not index.open
        assert index.keys == tuple(each for each in whole.keys if each.offset < cut - 100)
        assert path.stat().st_size == index.size <= cut
        assert shown(part(told, 0, 60)) == list(range(index.units))
    path.write_bytes(data[: whole.keys[0].offset + 30])
    places.index_path(path).unlink()
    keep(told, (), BEGIN_US + DAY_US)  # no whole picture: it goes
    assert list(places.reaching(told.root, STREAM, 0, BEGIN_US * 2)) == []


KILLED = """
import os, sys, signal
from pathlib import Path
from tests.adapters.video.test_recording import *
told = settings(Path(sys.argv[1]), segment_s=60.0)
recorder = Recorder(); recorder.start()
recorder.follow(told, (RecordOrder(slot=SLOT, info=INFO),))
put(recorder, each_40_ms(FILM))
while recorder.report().units < 150: pass
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_after_kill_9_all_that_was_written_is_there(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert ended.returncode == -9
    told = settings(tmp_path)
    assert keep(told, (), BEGIN_US + DAY_US).settled == 1
    assert shown(part(told, 0, 60)) == list(range(150))


def test_another_size_another_connection_and_a_clock_that_leaps_begin_another_segment(tmp_path: Path) -> None:
    told = settings(tmp_path, segment_s=600.0)
    smaller = units_of(clip(10, size=(160, 128)), first_epoch=2)
    again = units_of(clip(10), first_epoch=3)
    later = each_40_ms(units_of(clip(60, group=25), first_epoch=3)[25:], BEGIN_US + 3600 * US)
    back = each_40_ms(units_of(clip(10), first_epoch=4), BEGIN_US + 2 * US)
    report = record(
        told,
        [
            *each_40_ms(FILM[:30]),
            *each_40_ms(smaller, BEGIN_US + 30 * 40_000),
            *each_40_ms(again, BEGIN_US + 40 * 40_000),
            *later,  # the site's clock was put forward an hour, and back
            *back,
        ],
    )
    held = list(places.reaching(told.root, STREAM, 0, BEGIN_US * 2))
    sizes = [(index.width, index.units) for _, index in held]
    assert sizes == [(320, 30), (160, 10), (320, 10), (320, 10), (320, 35)]
    assert report.dropped == 0
    with pytest.raises(Refused, match="FORMAT_CHANGED"):
        clips.make(told.root, STREAM, (BEGIN_US, BEGIN_US + 2 * US), tmp_path / "a.mp4", {})
    assert list(tmp_path.glob("a.mp4*")) == []


def test_nothing_is_written_before_a_key_frame(tmp_path: Path) -> None:
    told = settings(tmp_path)
    report = record(told, each_40_ms(FILM[10:60]))
    (one,) = Catalogue(told.root).search(EVERYWHERE).items
    assert (one.units, report.units) == (35, 35)
    assert shown(part(told, 0, 60)) == list(range(25, 60))


class Room:
    """How much is free on the disk."""

    def __init__(self) -> None:
        self.free = 0

    def __call__(self, _: Path) -> int:
        return self.free


def until(probe: Callable[[], bool]) -> None:
    for _ in range(2_000):
        if probe():
            return
        os.sched_yield()
        subprocess.run(["sleep", "0.005"], check=True)
    raise AssertionError("it never came")


def test_a_full_disk_stops_recording_by_name_and_it_goes_on_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.video.recording.recorder.RETRY_S", 0.05)
    monkeypatch.setattr("adapters.video.recording.recorder.ROOM_EVERY_S", 0.0)
    told, room = settings(tmp_path, keep_free_bytes=1_000), Room()
    recorder = Recorder(room)
    recorder.start()
    recorder.follow(told, (RecordOrder(slot=SLOT, info=INFO),))
    put(recorder, each_40_ms(FILM[:50]))
    until(lambda: recorder.report().dropped == 50)
    assert recorder.report().state == "full"
    room.free = 2_000
    begin_us = BEGIN_US + 10 * US

    def goes_on() -> bool:
        nonlocal begin_us
        put(recorder, each_40_ms(FILM[:25], begin_us))
        begin_us += US
        return recorder.report().state == "ok"

    until(goes_on)
    recorder.stop()
    assert Catalogue(told.root).search(EVERYWHERE).items[0].units > 0


def test_a_write_that_fails_in_the_middle_leaves_whole_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, write = [15_000], os.write

    def scarce(descriptor: int, data: Any) -> int:
        if len(data) > left[0]:
            if not left[0]:
                raise OSError(errno.ENOSPC, "No space left on device")
            data = data[: left[0]]
        left[0] -= len(data)
        return write(descriptor, data)

    monkeypatch.setattr("adapters.video.recording.segment_file.os.write", scarce)
    told = settings(tmp_path, segment_s=60.0)
    report = record(told, each_40_ms(FILM))
    assert report.state == "full"
    assert report.units + report.dropped == 150
    assert shown(part(told, 0, 60)) == list(range(report.units))


def test_a_queue_that_is_full_loses_up_to_the_next_key_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = [len(codec.picture(SLOT, 1, each, BEGIN_US)) for each in FILM if isinstance(each, VideoUnit)]
    monkeypatch.setattr("adapters.video.recording.recorder.QUEUE_BYTES", sum(sizes[:40]) + 10)
    told = settings(tmp_path)
    recorder = Recorder()
    recorder.follow(told, (RecordOrder(slot=SLOT, info=INFO),))
    put(recorder, each_40_ms(FILM))  # before anybody writes: the queue fills
    recorder.start()
    until(lambda: recorder.report().lag_bytes == 0)
    put(recorder, each_40_ms(FILM[25:45], BEGIN_US + 7 * US))
    recorder.stop()
    report = recorder.report()
    assert report.dropped == 110
    assert report.units == 60


def test_oldest_recordings_go_first_and_those_of_an_incident_stay(tmp_path: Path) -> None:
    told = settings(tmp_path, segment_s=600.0)
    for day in range(4):
        record(told, each_40_ms(FILM[:25], BEGIN_US + day * DAY_US))
    held = list(places.reaching(told.root, STREAM, 0, BEGIN_US * 2))
    one = held[0][1].size
    flown = (Bound("B-70K3", BEGIN_US - US, BEGIN_US + 60 * US),)  # the first day's
    now_us = BEGIN_US + 4 * DAY_US
    report = keep(settings(tmp_path, max_bytes=2 * one + 100), flown, now_us)
    assert (report.removed, report.segments, report.over) == (2, 2, False)
    kept = [index.from_us for _, index in places.reaching(told.root, STREAM, 0, BEGIN_US * 2)]
    assert kept == [BEGIN_US, BEGIN_US + 3 * DAY_US]
    report = keep(settings(tmp_path, days=1, max_bytes=one // 2), flown, now_us + DAY_US)
    assert (report.segments, report.over) == (1, True)
    report = keep(settings(tmp_path, days=1, incident_days=3), flown, now_us + DAY_US)
    assert (report.segments, report.over, report.oldest_us) == (0, False, None)
    assert Catalogue(told.root).search(EVERYWHERE).items == []


def test_a_clip_is_an_mp4_of_the_same_pictures_with_its_hash(tmp_path: Path) -> None:
    film = units_of(clip(75, group=25, between=2))
    told = settings(tmp_path)
    record(told, each_40_ms(film))
    path = tmp_path / "clips" / "36-CLP-A.mp4"
    made = clips.make(
        told.root, STREAM, (BEGIN_US + 1_400_000, BEGIN_US + 4 * US), path, {"comment": "36-CLP-A"}
    )
    written = path.with_name(path.name + clips.PART)
    assert (made.pictures, made.gaps, made.width) == (50, 0, 320)
    assert made.sha256 == clips.digest_of(written)
    assert made.size_bytes == written.stat().st_size
    with av.open(BytesIO(written.read_bytes()), "r") as file:
        assert file.metadata["comment"] == "36-CLP-A"
        track = file.streams.video[0]
        assert float((track.duration or 0) * (track.time_base or 0)) == pytest.approx(2.0, abs=0.1)
        frames = [number_of(frame.to_ndarray(format="gray")) for frame in file.decode(track)]
    assert frames == list(range(25, 75))  # B-frames and all
    with pytest.raises(Unknown):
        clips.make(told.root, STREAM, (BEGIN_US + 60 * US, BEGIN_US + 70 * US), path, {})


def test_a_clip_with_klv_has_each_packet_at_its_picture_and_both_sizes(tmp_path: Path) -> None:
    """A transport stream that another demuxer reads; the same in an MP4 is refused."""
    arriving: list[tuple[int, VideoUnit | KlvPacket]] = []
    sizes = [units_of(clip(25, group=25)), units_of(clip(25, group=25, size=(160, 128)), first_epoch=2)]
    for number, unit in enumerate(each for film in sizes for each in film):
        assert isinstance(unit, VideoUnit)
        at_us = BEGIN_US + number * 40_000
        sent = packet([(2, coded(2, AT + timedelta(milliseconds=40 * number)))])
        arriving += [
            (at_us, unit),
            (at_us, KlvPacket(epoch=unit.epoch, pts_us=unit.pts_us, data=sent)),
        ]
    told = settings(tmp_path)
    record(told, arriving)
    path = tmp_path / "clips" / "36-CLP-B.ts"
    path.parent.mkdir()
    span = (BEGIN_US, BEGIN_US + 4 * US)
    with pytest.raises(Refused, match="FORMAT_CHANGED"):
        clips.make(told.root, STREAM, span, path, {})
    made = clips.make(told.root, STREAM, span, path, {}, with_klv=True)
    assert (made.pictures, made.klv) == (50, 50)
    written = path.with_name(path.name + clips.PART).read_bytes()
    assert made.sha256 == hashlib.sha256(written).hexdigest()
    demuxer = TransportDemuxer()
    events = [*demuxer.feed(written), *demuxer.finish()]
    streams = [each for each in events if isinstance(each, PESStreamEvent)]
    klv, video = (
        [each.pes for each in streams if each.kind is kind] for kind in (StreamKind.KLV, StreamKind.VIDEO)
    )
    assert [each.payload for each in klv] == [
        each.data for _, each in arriving if isinstance(each, KlvPacket)
    ]
    assert [each.pts for each in klv] == [each.pts for each in video]
    with av.open(BytesIO(written), "r") as file:
        shown_sizes = [(frame.width, frame.height) for frame in file.decode(video=0)]
    assert shown_sizes == [(320, 240)] * 25 + [(160, 128)] * 25


def test_what_was_recorded_on_others_aircraft_is_left_out(tmp_path: Path) -> None:
    told = settings(tmp_path)
    record(told, each_40_ms(FILM))
    assert shown(part(told, 0, 6, carriers=("B-70K3",))) == list(range(150))
    assert told_of(part(told, 0, 6, carriers=("B-OTHER",))) == []
    assert told_of(part(told, 0, 6, carriers=(), keys=True, begin=True)) == []
    with pytest.raises(Unknown):
        stills.still_at(told.root, STREAM, BEGIN_US, ("B-OTHER",))


def test_a_clip_needs_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = settings(tmp_path)
    record(told, each_40_ms(FILM))
    monkeypatch.setattr(clips, "free_bytes", lambda _: clips.KEPT_FREE_BYTES)
    with pytest.raises(Refused, match="DISK_FULL"):
        clips.make(told.root, STREAM, (BEGIN_US, BEGIN_US + 2 * US), tmp_path / "a.mp4", {})


def test_a_search_finds_by_carrier_in_a_span_and_goes_on_page_by_page(tmp_path: Path) -> None:
    told = settings(tmp_path)
    for hour in range(3):
        record(told, each_40_ms(FILM[:25], BEGIN_US + hour * 3600 * US))
    catalogue = Catalogue(told.root)

    def hours(**more: Any) -> list[int]:
        found = catalogue.search(msgspec.structs.replace(EVERYWHERE, **more))
        return [(each.from_us - BEGIN_US) // (3600 * US) for each in found.items]

    assert hours() == [2, 1, 0]
    assert hours(from_us=BEGIN_US + 1800 * US) == [2, 1]
    assert hours(carried=(("B-70K3", BEGIN_US + 3590 * US, BEGIN_US + 3700 * US),)) == [1]
    assert hours(carried=(("B-OTHER", 0, BEGIN_US * 2),)) == []
    assert hours(carried=()) == []
    assert hours(streams=("36-VID-OTHER",)) == []
    assert hours(box=(-180.0, -90.0, 180.0, 90.0)) == []  # without KLV it looked nowhere
    first = catalogue.search(msgspec.structs.replace(EVERYWHERE, limit=2))
    assert first.next is not None
    second = catalogue.search(msgspec.structs.replace(EVERYWHERE, limit=2, before=first.next))
    assert [len(first.items), len(second.items), second.next] == [2, 1, None]
    catalogue.close()
    (told.root / places.CATALOGUE).write_bytes(b"torn" * 2_000)
    assert len(Catalogue(told.root).search(EVERYWHERE).items) == 3  # it is made anew


def test_a_small_picture_is_of_the_nearest_key_frame(tmp_path: Path) -> None:
    told = settings(tmp_path)
    record(told, each_40_ms(FILM))
    jpeg = stills.still_at(told.root, STREAM, BEGIN_US + 1_900_000)
    with av.open(BytesIO(jpeg), "r") as file:
        frame = next(file.decode(video=0))
    assert (frame.width, frame.height) == (320, 240)
    assert number_of(frame.to_ndarray(format="gray")) == 50
    with pytest.raises(Unknown):
        stills.still_at(told.root, STREAM, BEGIN_US + 600 * US)
