"""What an upper platform may see: a stream of ours that is enabled and whose aircraft no label keeps here; written down."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dispatch import video, video_above, video_recording
from dispatch.commands import Ask
from dispatch.errors import Forbidden, Malformed, Refused, Unknown
from dispatch.kinds import Role
from dispatch.video_commands import BeginReplay, BeginViewing, SaveVideoStream
from dispatch.video_facts import VideoReplayBegan, VideoStreamSaved, VideoViewingBegan
from dispatch.video_kinds import VideoCarrier, VideoSource
from dispatch.video_records import VideoTerms
from dispatch.world import World

NOW = datetime(2026, 11, 27, 3, 0, tzinfo=UTC)
UPPER = "36000000002000000001"
ADDRESS = "36010000001320000001/36010000001310000001"
TERMS = VideoTerms(name="吊舱", source=VideoSource.GB28181, address=ADDRESS, carrier=VideoCarrier.FIXED)


def with_stream(terms: VideoTerms = TERMS, site: str = "36") -> tuple[World, str]:
    world = World(site="36")
    asked = Ask(actor="a", role=Role.DISPATCHER, command_id="1", command=SaveVideoStream(terms=terms))
    (made,) = video.decide(world, asked, SaveVideoStream(terms=terms), NOW)
    assert isinstance(made, VideoStreamSaved)
    stream = replace(made.stream, site=site)
    return replace(world, video_streams=world.video_streams.set(stream.id, stream)), stream.id


def begin(
    world: World, stream_id: str, *, role: Role | None = None, platform: str = UPPER
) -> VideoViewingBegan:
    command = BeginViewing(stream_id=stream_id, purpose="p", platform=platform)
    asked = Ask(actor=f"gb28181:{UPPER}", role=role, command_id="2", command=command)
    (made,) = video.decide(world, asked, command, NOW)
    assert isinstance(made, VideoViewingBegan)
    return made


def test_a_platform_watches_by_the_sites_word_alone() -> None:
    world, stream_id = with_stream()
    assert begin(world, stream_id).viewing.platform == UPPER
    for role, platform in ((Role.DUTY_CHIEF, UPPER), (None, "")):
        with pytest.raises(Forbidden):
            begin(world, stream_id, role=role, platform=platform)


def replay(
    world: World, stream_id: str, *, role: Role | None = None, platform: str = UPPER
) -> VideoReplayBegan:
    command = BeginReplay(stream_id=stream_id, from_at=NOW, platform=platform)
    asked = Ask(actor=f"gb28181:{UPPER}", role=role, command_id="3", command=command)
    (made,) = video_recording.decide(world, asked, command, NOW)
    assert isinstance(made, VideoReplayBegan)
    return made


def test_so_it_does_with_recordings() -> None:
    world, stream_id = with_stream()
    assert replay(world, stream_id).replay.from_at == NOW
    for role, platform in ((Role.DUTY_CHIEF, UPPER), (None, "")):
        with pytest.raises(Forbidden):
            replay(world, stream_id, role=role, platform=platform)


@pytest.mark.parametrize(
    ("terms", "site", "code"),
    [
        (TERMS, "43", video_above.NO_STREAM),
        (replace(TERMS, enabled=False), "36", video_above.NOT_ENABLED),
    ],
)
def test_a_partners_stream_and_one_that_is_off_are_not_for_it(
    terms: VideoTerms, site: str, code: str
) -> None:
    world, stream_id = with_stream(terms, site)
    assert video_above.why_not(world, stream_id) == code
    for asking in (begin, replay):
        with pytest.raises(Unknown, match=code):
            asking(world, stream_id)


def test_a_labelled_aircrafts_stream_is_not_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    world, stream_id = with_stream()
    on_aircraft = replace(
        world.video_streams[stream_id],
        terms=replace(TERMS, carrier=VideoCarrier.AIRCRAFT, carrier_id="B-70K3"),
        operator_id="OP1",
    )
    labelled = replace(world, video_streams=world.video_streams.set(stream_id, on_aircraft))
    assert video_above.why_not(labelled, stream_id) == ""
    monkeypatch.setattr(
        "dispatch.consent_policy.aircraft_stays",
        lambda _, aircraft, operator: (aircraft, operator) == ("B-70K3", "OP1"),
    )
    assert video_above.why_not(labelled, stream_id) == video_above.LABELLED


@pytest.mark.parametrize("address", ["36010000001320000001", "x/y", ADDRESS + "1", "5060"])
def test_an_address_of_a_device_is_two_ids(address: str) -> None:
    with pytest.raises(Refused, match="20 digits"):
        video.checked(replace(TERMS, address=address))
    with pytest.raises((Refused, Malformed)):
        video.checked(replace(TERMS, login="x"))


def test_a_channel_is_registered_once() -> None:
    world, _ = with_stream()
    command = SaveVideoStream(terms=replace(TERMS, name="另一路"))
    asked = Ask(actor="a", role=Role.DISPATCHER, command_id="3", command=command)
    with pytest.raises(Refused, match="has this channel"):
        video.decide(world, asked, command, NOW)
