"""What a desk may offer to the conference system, and what ends it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatch import conference
from dispatch.conference_commands import BeginPull, EndPull, OfferSources, TakeBackSources
from dispatch.conference_facts import ConferencePullBegan, ConferencePullEnded, ConferenceSourcesOffered
from dispatch.conference_records import MAP, ConferenceCall
from dispatch.errors import Forbidden, GanyingError, Refused
from dispatch.kinds import Role
from dispatch.room_commands import CloseRoom, OpenRoom
from dispatch.video_commands import RemoveVideoStream, SaveVideoStream
from dispatch.video_facts import VideoViewingBegan, VideoViewingEnded
from dispatch.video_kinds import VideoCarrier, VideoSource
from dispatch.video_records import VideoTerms
from tests.dispatch.scene import Scene
from tests.dispatch.test_partner import confirmed

TERMS = VideoTerms(name="赣鹰01 吊舱", source=VideoSource.TS_UDP, address="21000", carrier=VideoCarrier.FIXED)
CHIEF = Role.DUTY_CHIEF


def do(scene: Scene, command: Any, role: Role | None) -> tuple[Any, ...]:
    """The facts that it makes."""
    return scene.ask(role, command)


def furnished() -> tuple[Scene, str, str]:
    """A scene with an open room and a stream."""
    scene = Scene()
    opened = do(scene, OpenRoom(incident_id=confirmed(scene), title="会商"), CHIEF)
    saved = do(scene, SaveVideoStream(terms=TERMS), Role.DISPATCHER)
    return scene, opened[0].room.id, saved[0].stream.id


def offered(scene: Scene, room: str, stream: str, **more: Any) -> ConferenceCall:
    command = OfferSources(
        **{"room_id": room, "streams": (stream,), "with_map": True, "valid_s": 3_600.0} | more
    )
    (fact,) = do(scene, command, CHIEF)
    assert isinstance(fact, ConferenceSourcesOffered)
    return fact.call


def why_not(scene: Scene, call: ConferenceCall, source: str, **later: float) -> str:
    return conference.why_not(scene.world, call.id, source, scene.now + timedelta(**later))


def test_a_pull_is_a_viewing_for_its_call_until_it_is_over() -> None:
    scene, room, stream = furnished()
    call = offered(scene, room, stream)
    assert [(each.id, each.name) for each in call.sources] == [(stream, "赣鹰01 吊舱"), (MAP, "会商 态势图")]
    viewing, began = do(scene, BeginPull(call_id=call.id, source_id=stream, address="10.1.1.9"), None)
    assert isinstance(viewing, VideoViewingBegan)
    assert isinstance(began, ConferencePullBegan)
    assert (viewing.viewing.id, viewing.viewing.stream_id, viewing.viewing.address) == (
        began.pull.id,
        stream,
        "10.1.1.9",
    )
    assert call.id in viewing.viewing.purpose
    (only,) = do(scene, BeginPull(call_id=call.id, source_id=MAP, address="10.1.1.9"), None)
    assert isinstance(only, ConferencePullBegan)  # the map is no stream
    ended = do(scene, EndPull(call_id=call.id, pull_id=began.pull.id, lasted_s=2.0, sent=50), None)
    assert [type(each) for each in ended] == [VideoViewingEnded, ConferencePullEnded]
    with pytest.raises(Refused, match="ALREADY"):
        do(scene, EndPull(call_id=call.id, pull_id=began.pull.id), None)


def test_each_end_is_named_and_refuses_the_next_pull() -> None:
    scene, room, stream = furnished()
    call = offered(scene, room, stream)
    assert why_not(scene, call, stream) == why_not(scene, call, MAP) == ""
    assert why_not(scene, call, stream, hours=1) == "EXPIRED"
    assert why_not(scene, call, "36-VID-0000000000") == "NOT_OFFERED"
    do(scene, TakeBackSources(call_id=call.id, source_id=MAP, reason="画面涉密"), Role.DISPATCHER)
    assert (why_not(scene, call, MAP), why_not(scene, call, stream)) == ("TAKEN_BACK", "")
    do(scene, RemoveVideoStream(stream_id=stream, version_seen=1, reason="拆除"), Role.DISPATCHER)
    assert why_not(scene, call, stream) == "NO_STREAM"
    do(scene, CloseRoom(room_id=room, summary="完"), CHIEF)
    assert why_not(scene, call, stream) == "ENDED"
    with pytest.raises(Refused, match="ENDED"):
        do(scene, BeginPull(call_id=call.id, source_id=stream, address=""), None)


def test_who_may_not_and_what_cannot_be_offered() -> None:
    scene, room, stream = furnished()
    for role in (Role.OBSERVER, Role.ATC, Role.SYSADMIN, Role.OPERATOR):
        with pytest.raises(Forbidden):
            do(scene, OfferSources(room_id=room, streams=(stream,), valid_s=600.0), role)
    for wrong, code in (
        ({"streams": (), "with_map": False}, "SOURCES"),
        ({"streams": (stream, stream)}, "SOURCES"),
        ({"valid_s": 10.0}, "MALFORMED"),
        ({"valid_s": 90_000.0}, "MALFORMED"),
        ({"streams": ("36-VID-0000000000",)}, "UNKNOWN_ID"),
        ({"room_id": "36-ROM-0000000000"}, "UNKNOWN_ID"),
    ):
        with pytest.raises(GanyingError) as caught:
            offered(scene, room, stream, **wrong)
        assert caught.value.code == code
    off = replace(TERMS, enabled=False)
    do(scene, SaveVideoStream(terms=off, stream_id=stream, version_seen=1), Role.DISPATCHER)
    with pytest.raises(Refused, match="NOT_ENABLED"):
        offered(scene, room, stream)
    assert conference.offerable(scene.world, scene.now) == ()
