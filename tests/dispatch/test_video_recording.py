"""Who may watch recordings and take parts away, and which incident an aircraft flew for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dispatch import video_recording
from dispatch.commands import Ask
from dispatch.errors import Forbidden, Malformed, Refused, Unknown
from dispatch.kinds import Role
from dispatch.records import Step
from dispatch.video_commands import BeginReplay, EndReplay, ExportClip, VideoRecordingCommand
from dispatch.video_facts import VideoClipExported, VideoReplayBegan
from dispatch.video_kinds import VideoAudience, VideoCarrier, VideoSource
from dispatch.video_records import VideoStream, VideoTerms
from dispatch.world import World

NOW = datetime(2026, 11, 27, 3, 0, tzinfo=UTC)
STREAM = VideoStream(
    id="36-VID-A",
    site="36",
    terms=VideoTerms(
        name="吊舱",
        source=VideoSource.TS_UDP,
        address="21000",
        carrier=VideoCarrier.AIRCRAFT,
        carrier_id="B-70K3",
        audience=VideoAudience.OPERATION,
    ),
    operator_id="OP",
    saved_at=NOW,
    saved_by="d",
)
REMOVED = replace(STREAM, removed_at=NOW)
DESK_ONLY = replace(STREAM, terms=replace(STREAM.terms, audience=VideoAudience.DESK))
BEGIN = BeginReplay(stream_id=STREAM.id, from_at=NOW)


def world(stream: VideoStream = STREAM) -> World:
    empty = World(site="36")
    return replace(empty, video_streams=empty.video_streams.set(stream.id, stream))


def ask(role: Role | None, command: VideoRecordingCommand, operator_id: str = "") -> Ask:
    return Ask(actor="x", role=role, command_id="k", command=command, operator_id=operator_id)


@pytest.mark.parametrize(
    ("role", "operator_id", "shown"),
    [
        (Role.DISPATCHER, "", "all"),
        (Role.DUTY_CHIEF, "", "all"),
        (Role.OBSERVER, "", "operation"),
        (Role.BASE, "", "operation"),
        (Role.OPERATOR, "OP", "operation"),
        (Role.OPERATOR, "OTHER", "none"),
        (Role.OPERATOR, "", "none"),
        (Role.ATC, "", "none"),
        (Role.SYSADMIN, "", "none"),
        (Role.AUDITOR, "", "none"),
    ],
)
def test_recordings_are_for_those_who_may_watch_live_and_of_removed_streams_for_the_desk(
    role: Role, operator_id: str, shown: str
) -> None:
    seen = [video_recording.may_replay(role, operator_id, each) for each in (STREAM, DESK_ONLY, REMOVED)]
    assert seen == {"all": [True] * 3, "operation": [True, False, False], "none": [False] * 3}[shown]


def test_a_replay_is_written_down_and_only_the_site_ends_it() -> None:
    (fact,) = video_recording.decide(world(), ask(Role.OBSERVER, BEGIN), BEGIN, NOW)
    assert isinstance(fact, VideoReplayBegan)
    with pytest.raises(Unknown):
        video_recording.decide(world(), ask(Role.ATC, BEGIN), BEGIN, NOW)
    ended = EndReplay(replay_id="r", stream_id="s", lasted_s=1, first_at=NOW, last_at=NOW, sent=1)
    with pytest.raises(Forbidden):
        video_recording.decide(world(), ask(Role.DISPATCHER, ended), ended, NOW)
    taken = replace(BEGIN, clip_id="36-CLP-A")
    with pytest.raises(Forbidden):
        video_recording.decide(world(), ask(Role.OBSERVER, taken), taken, NOW)
    with pytest.raises(Unknown):
        video_recording.decide(world(), ask(Role.DISPATCHER, taken), taken, NOW)


def test_a_clip_is_exported_by_the_desk_with_a_reason_and_once() -> None:
    command = ExportClip(
        clip_id="36-CLP-A",
        stream_id=STREAM.id,
        from_at=NOW,
        to_at=NOW + timedelta(minutes=1),
        reason="事故调查",
        sha256="ab" * 32,
        size_bytes=1,
        pictures=1,
        gaps=0,
        codec="avc1.640015",
        width=640,
        height=272,
        stream_name="吊舱",
        carrier=VideoCarrier.AIRCRAFT,
        carrier_id="B-70K3",
    )
    (fact,) = video_recording.decide(world(), ask(Role.DISPATCHER, command), command, NOW)
    assert isinstance(fact, VideoClipExported)
    assert (fact.clip.exported_by, fact.clip.exported_at, fact.clip.carrier_id) == ("x", NOW, "B-70K3")
    there = world()
    there = replace(there, video_clips=there.video_clips.set(command.clip_id, fact.clip))
    for role, asked, where, error in (
        (Role.OBSERVER, command, world(), Forbidden),
        (Role.DUTY_CHIEF, replace(command, reason=" "), world(), Malformed),
        (Role.DUTY_CHIEF, replace(command, incident_id="36-INC-NONE"), world(), Unknown),
        (Role.DUTY_CHIEF, command, there, Refused),
    ):
        with pytest.raises(error):
            video_recording.decide(where, ask(role, asked), asked, NOW)


def test_what_is_asked_for_is_looked_at_before_a_file_is_written() -> None:
    def check(minutes: float, role: Role = Role.DISPATCHER, reason: str = "r") -> None:
        span = NOW, NOW + timedelta(minutes=minutes)
        video_recording.check_export(world(), ask(role, BEGIN), STREAM.id, span, reason)

    check(30)
    with pytest.raises(Refused, match="CLIP_TOO_LONG"):
        check(30.1)
    with pytest.raises(Refused, match="CLIP_EMPTY"):
        check(0)
    with pytest.raises(Malformed):
        check(1, reason="")
    with pytest.raises(Forbidden):
        check(1, role=Role.AUDITOR)


def step(minute: int, state: str) -> Step:
    return Step(at=NOW + timedelta(minutes=minute), actor="x", role=None, action="a", state=state)


def test_an_aircraft_is_with_an_incident_from_the_order_to_the_landing_each_sortie() -> None:
    history = (
        step(0, "draft"),
        step(1, "pending"),
        step(2, "ordered"),
        step(3, "accepted"),
        step(10, "airborne"),
        step(60, "landed"),
        step(70, "preparing"),
        step(75, "airborne"),
    )
    first, second = video_recording.of_history("B-70K3", "36-INC-A", history)
    assert (first.since, first.until) == (NOW + timedelta(minutes=2), NOW + timedelta(minutes=60))
    assert (second.since, second.until) == (NOW + timedelta(minutes=70), None)
    assert first.meets(NOW + timedelta(minutes=59), NOW + timedelta(minutes=65))
    assert not first.meets(NOW + timedelta(minutes=61), NOW + timedelta(minutes=65))
    assert second.meets(NOW + timedelta(days=1), NOW + timedelta(days=2))
    assert list(video_recording.of_history("B-70K3", "36-INC-A", history[:2])) == []
