"""Video between two sites: who may ask, who answers, how long it holds, and what a partner cannot say."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatch import partner, video_share
from dispatch.consent_commands import LabelRecord, RevokeConsent
from dispatch.consent_kinds import DataLabel, LabelledTable, ObjectClass, WithheldField
from dispatch.errors import Forbidden, GanyingError, Malformed, Refused, Unknown
from dispatch.facts import Recorded
from dispatch.fold import fold
from dispatch.kinds import Role
from dispatch.video_commands import BeginViewing, EndViewing, RemoveVideoStream, SaveVideoStream
from dispatch.video_kinds import VideoCarrier, VideoSource
from dispatch.video_records import VideoTerms
from dispatch.video_share_commands import (
    AskVideo,
    GrantVideo,
    RefuseVideo,
    RevokeVideo,
    ShowVideo,
    WithdrawVideoRequest,
)
from dispatch.video_share_facts import PartnerViewingBegan, VideoAnswered, VideoRequested, VideoShown
from dispatch.video_share_kinds import VideoGrantAction, VideoGrantState
from dispatch.video_share_records import VideoGrant, VideoRequest
from tests.dispatch import consents
from tests.dispatch.scene import Scene

ORIGINS = {"36": "43", "43": "36"}


class Pair:
    """36 films, 43 wants to see. What leaves one is judged and folded by the other, each with its own clock."""

    def __init__(
        self,
        *classes: ObjectClass,
        withheld: tuple[WithheldField, ...] = (),
        for_s: float = 0.0,
        **more: Any,
    ) -> None:
        self.ours, self.theirs = Scene(), Scene("43")
        self.sent = {"36": 0, "43": 0}
        self.refused: list[str] = []
        terms = replace(consents.terms(*classes, withheld=withheld), video_for_s=for_s, **more)
        self.consent = consents.signed(self.ours, terms)
        self.stream_id = self.film("赣鹰01 吊舱", "21001")

    def film(self, name: str, port: str, **more: Any) -> str:
        """A stream of 36."""
        more = {"carrier": VideoCarrier.FIXED, **more}
        terms = VideoTerms(name=name, source=VideoSource.TS_UDP, address=port, **more)
        (saved,) = self.ours.ask(Role.DISPATCHER, SaveVideoStream(terms=terms))
        return str(saved.stream.id)  # type: ignore[union-attr]  # what it makes

    def run(self) -> None:
        """Both clocks do what is due, and everything that leaves arrives, until nothing is left."""
        for _ in range(4):
            for scene in (self.ours, self.theirs):
                for command in list(video_share.due(scene.world, scene.now)):
                    scene.ask(None, command)
                self._deliver(scene)

    def _deliver(self, scene: Scene) -> None:
        to = self.theirs if scene is self.ours else self.ours
        own = [each for each in scene.journal if each.origin == scene.site]
        for each in own[self.sent[scene.site] :]:
            form = partner.leaving(scene.world, each, to.site, scene.now)
            if form is not None:
                self.arrive(to, form, scene.site)
        self.sent[scene.site] = len(own)

    def arrive(self, to: Scene, fact: Any, origin: str) -> None:
        """One fact of a partner."""
        try:
            partner.check_received(to.world, fact, origin)
        except Refused as error:
            self.refused.append(error.code)
            return
        recorded = Recorded(
            seq=len(to.journal) + 1,
            at=to.now,
            origin=origin,
            origin_seq=len(to.journal) + 1,
            command_id=str(len(to.journal)),
            part=0,
            actor=origin,
            role=None,
            fact=fact,
        )
        to.journal.append(recorded)
        to.world = fold(to.world, recorded)

    def later(self, **span: float) -> None:
        """Both clocks go on."""
        for scene in (self.ours, self.theirs):
            scene.now += timedelta(**span)

    def ask(self, *, minutes: float = 60, stream_id: str = "") -> VideoRequest:
        """43 asks."""
        command = AskVideo(stream_id=stream_id or self.stream_id, purpose="边界火情", wanted_s=minutes * 60)
        (fact,) = self.theirs.ask(Role.DISPATCHER, command, actor="wang.fang")
        assert isinstance(fact, VideoRequested)
        self.run()
        return fact.request

    def grant(self, **more: Any) -> VideoGrant:
        """Asked and granted by the duty chief of 36."""
        request = self.ask()
        self.ours.ask(Role.DUTY_CHIEF, GrantVideo(request_id=request.id, **more), actor="li.na")
        self.run()
        return self.answer(request)

    def answer(self, request: VideoRequest, scene: Scene | None = None) -> VideoGrant:
        """As 43 has it."""
        found = video_share.grant_of((scene or self.theirs).world, request.id)
        assert found is not None
        return found

    def watch(self) -> str:
        """Somebody at 43 watches; the viewing's id."""
        _, told = self.theirs.ask(Role.DISPATCHER, BeginViewing(stream_id=self.stream_id), actor="wang.fang")
        assert isinstance(told, PartnerViewingBegan)
        self.run()
        return told.viewing.id


def test_a_partner_sees_what_it_may_ask_for_and_no_address() -> None:
    pair = Pair()
    pair.run()
    shown = pair.theirs.world.shown_videos[pair.stream_id]
    assert (shown.name, shown.site, shown.gone) == ("赣鹰01 吊舱", "36", False)
    told = next(each.fact for each in pair.theirs.journal if isinstance(each.fact, VideoShown))
    assert "21001" not in repr(told)


def test_without_the_class_nothing_is_shown_and_a_request_is_refused_by_name() -> None:
    pair = Pair(ObjectClass.INCIDENTS)
    pair.run()
    assert not pair.theirs.world.shown_videos
    request = VideoRequest(
        id="43-VRQ-1",
        site="43",
        partner="36",
        stream_id=pair.stream_id,
        stream_name="",
        purpose="边界火情",
        wanted_s=600,
        state=video_share.VideoRequestState.ASKED,
        requested_at=pair.ours.now,
        requested_by="43",
        requested_as=Role.DISPATCHER,
    )
    pair.arrive(pair.ours, VideoRequested(request=request), "43")
    with pytest.raises(Refused, match="NO_CONSENT"):
        pair.ours.ask(Role.DUTY_CHIEF, GrantVideo(request_id=request.id))
    for command in list(video_share.due(pair.ours.world, pair.ours.now)):
        pair.ours.ask(None, command)
    assert pair.answer(request, pair.ours).code == "NO_CONSENT"
    unknown = replace(request, id="43-VRQ-2", stream_id="36-VID-NONE")
    pair.arrive(pair.ours, VideoRequested(request=unknown), "43")


def test_an_unknown_stream_is_refused_by_name() -> None:
    pair = Pair()
    pair.run()
    with pytest.raises(Unknown):
        pair.theirs.ask(Role.DISPATCHER, AskVideo(stream_id="36-VID-NONE", purpose="看看", wanted_s=600))
    request = pair.ask()
    pair.arrive(
        pair.ours,
        VideoRequested(request=replace(request, id="43-VRQ-2", stream_id="36-VID-NONE", requested_by="43")),
        "43",
    )
    (command,) = video_share.due(pair.ours.world, pair.ours.now)
    (fact,) = pair.ours.ask(None, command)
    assert isinstance(fact, VideoAnswered)
    assert fact.grant.code == "NO_STREAM"


def test_a_grant_is_at_both_sites_without_names_and_ends_by_the_clock() -> None:
    pair = Pair()
    pair.run()
    grant = pair.grant(for_s=1800)
    assert (grant.state, grant.decided_by) == (VideoGrantState.GRANTED, "36")
    assert grant.until == pair.ours.now + timedelta(minutes=30)
    assert video_share.held(pair.theirs.world, pair.stream_id, "43", pair.theirs.now) is not None
    pair.later(minutes=31)
    # before the owner's word has come it holds no longer here either
    assert video_share.held(pair.theirs.world, pair.stream_id, "43", pair.theirs.now) is None
    with pytest.raises(Refused, match="EXPIRED"):
        pair.theirs.ask(Role.DISPATCHER, BeginViewing(stream_id=pair.stream_id))
    pair.run()
    for scene in (pair.ours, pair.theirs):
        assert scene.world.video_grants[grant.id].state is VideoGrantState.EXPIRED


def test_each_viewing_is_in_both_journals_by_role_and_by_name_at_home_alone() -> None:
    pair = Pair()
    pair.run()
    grant = pair.grant()
    first, second = pair.watch(), pair.watch()
    assert first != second
    for scene in (pair.ours, pair.theirs):
        counted = scene.world.video_grants[grant.id]
        assert (counted.watching, counted.viewed) == (2, 2)
    assert "wang.fang" not in repr([each for each in pair.ours.journal if each.origin == "43"])
    ended = EndViewing(viewing_id=first, stream_id=pair.stream_id, lasted_s=5, sent=9, left_out=1)
    pair.theirs.ask(None, ended)
    pair.run()
    assert pair.ours.world.video_grants[grant.id].watching == 1
    assert pair.refused == []


def test_the_owner_takes_it_back_at_once_and_says_why() -> None:
    pair = Pair()
    pair.run()
    grant = pair.grant()
    pair.ours.ask(Role.DISPATCHER, RevokeVideo(grant_id=grant.id, version_seen=1, reason="拍到营区"))
    pair.run()
    there = pair.theirs.world.video_grants[grant.id]
    assert (there.state, there.reason) == (VideoGrantState.REVOKED, "拍到营区")
    with pytest.raises(Refused, match="REVOKED"):
        pair.theirs.ask(Role.DISPATCHER, BeginViewing(stream_id=pair.stream_id))
    assert pair.ask().id != grant.request_id  # may be asked for anew


def test_what_ended_a_month_ago_leaves_memory_at_both_with_the_next_request_and_stays_in_the_journal() -> (
    None
):
    pair = Pair(valid_until=None)
    second, third = pair.film("第二路", "21002"), pair.film("第三路", "21003")
    pair.run()
    refused = pair.ask()
    pair.ours.ask(Role.DUTY_CHIEF, RefuseVideo(request_id=refused.id, reason="任务敏感"))
    pair.run()
    held, told = pair.grant(), pair.watch()
    withdrawn = pair.ask(stream_id=second)
    pair.theirs.ask(Role.DISPATCHER, WithdrawVideoRequest(request_id=withdrawn.id, version_seen=1))
    pair.later(hours=2)
    pair.run()  # its time is over
    pair.later(days=31)
    assert len(pair.theirs.world.video_requests) == 3
    newest = pair.ask(stream_id=third)
    for scene in (pair.ours, pair.theirs):  # under it somebody is still said to watch
        assert set(scene.world.video_requests) == {held.request_id, newest.id}
        assert set(scene.world.video_grants) == {held.id}
    ended = EndViewing(viewing_id=told, stream_id=pair.stream_id, lasted_s=5, sent=9, left_out=1)
    pair.theirs.ask(None, ended)
    pair.run()
    pair.ours.ask(Role.DUTY_CHIEF, GrantVideo(request_id=newest.id))
    pair.run()
    for scene in (pair.ours, pair.theirs):
        assert set(scene.world.video_requests) == set(scene.world.video_answers) == {newest.id}
        (grant,) = scene.world.video_grants.values()
        assert grant.request_id == newest.id
        shown = {key for table, key in scene.world.changed if table in ("video_requests", "video_grants")}
        assert shown == {newest.id, grant.id}
        said = [each.fact.request.id for each in scene.journal if isinstance(each.fact, VideoRequested)]
        assert {refused.id, held.request_id, withdrawn.id} < set(said)
    assert pair.refused == []
    assert pair.ask().state is video_share.VideoRequestState.ASKED  # the same stream may be asked for anew


def test_a_refusal_arrives_with_its_reason() -> None:
    pair = Pair()
    pair.run()
    request = pair.ask()
    pair.ours.ask(Role.DUTY_CHIEF, RefuseVideo(request_id=request.id, reason="任务敏感"))
    pair.run()
    assert (pair.answer(request).state, pair.answer(request).reason) == (VideoGrantState.REFUSED, "任务敏感")
    with pytest.raises(Refused, match="NOT_NOW"):
        pair.ours.ask(Role.DUTY_CHIEF, GrantVideo(request_id=request.id))


def test_a_consent_that_says_so_answers_by_itself_for_its_time_at_most() -> None:
    pair = Pair(for_s=900)
    pair.run()
    granted = pair.answer(pair.ask(minutes=60))
    assert (granted.state, granted.decided_as) == (VideoGrantState.GRANTED, None)
    assert granted.until == pair.ours.now + timedelta(minutes=15)
    assert not granted.reshare


def test_the_end_of_the_consent_ends_the_grant_and_what_was_asked_stays_on_record() -> None:
    pair = Pair()
    pair.run()
    grant = pair.grant()
    revoke = RevokeConsent(consent_id=pair.consent.id, version_seen=pair.consent.version, reason="演练结束")
    pair.ours.ask(Role.DUTY_CHIEF, revoke)
    pair.run()
    there = pair.theirs.world.video_grants[grant.id]
    assert (there.state, there.code) == (VideoGrantState.REVOKED, "NO_CONSENT")
    assert not pair.theirs.world.shown_videos
    assert pair.theirs.world.video_requests


def test_a_removed_stream_and_a_labelled_aircraft_are_shown_no_more() -> None:
    pair = Pair()
    flown = pair.film("机载", "21002", carrier=VideoCarrier.AIRCRAFT, carrier_id="B-7001")
    pair.run()
    assert pair.theirs.world.shown_videos[flown].icao24 == "78f001"
    grant = pair.grant()
    pair.ours.ask(Role.DISPATCHER, RemoveVideoStream(stream_id=pair.stream_id, version_seen=1, reason="拆下"))
    label = LabelRecord(
        table=LabelledTable.AIRCRAFT, record_id="B-7001", label=DataLabel.MILITARY, reason="军用"
    )
    pair.ours.ask(Role.DUTY_CHIEF, label)
    pair.run()
    assert all(each.gone for each in pair.theirs.world.shown_videos.values())
    assert pair.theirs.world.video_grants[grant.id].code == "NO_STREAM"


def test_where_it_looks_leaves_only_where_positions_may() -> None:
    for withheld, looks in (((), True), ((WithheldField.POSITION,), False)):
        pair = Pair(withheld=withheld)
        pair.run()
        assert pair.grant().looks is looks


def test_who_may_not_and_what_cannot_be() -> None:
    pair = Pair()
    pair.run()
    asking = AskVideo(stream_id=pair.stream_id, purpose="看", wanted_s=600)
    wrong: list[tuple[Scene, Role | None, Any, type[GanyingError]]] = [
        (pair.theirs, Role.OPERATOR, asking, Forbidden),
        (pair.theirs, Role.DISPATCHER, replace(asking, purpose=" "), Malformed),
        (pair.theirs, Role.DISPATCHER, replace(asking, wanted_s=1), Malformed),
        (pair.theirs, Role.DISPATCHER, replace(asking, wanted_s=1e6), Malformed),
        (pair.theirs, Role.DISPATCHER, BeginViewing(stream_id=pair.stream_id), Refused),
        (pair.ours, Role.DISPATCHER, ShowVideo(partner="43", streams=()), Forbidden),
        (pair.ours, Role.DISPATCHER, GrantVideo(request_id="43-VRQ-9"), Unknown),
    ]
    for scene, role, command, error in wrong:
        with pytest.raises(error):
            scene.ask(role, command)
    request = pair.ask()
    with pytest.raises(Refused, match="VIDEO_ASKED"):
        pair.theirs.ask(Role.DISPATCHER, asking)
    pair.theirs.ask(Role.DISPATCHER, WithdrawVideoRequest(request_id=request.id, version_seen=1))
    pair.run()
    with pytest.raises(Refused, match="NOT_NOW"):
        pair.ours.ask(Role.DISPATCHER, GrantVideo(request_id=request.id))


def test_what_a_partner_cannot_say_is_refused_by_name() -> None:
    pair = Pair()
    pair.run()
    grant = pair.grant()
    pair.watch()
    shown = pair.theirs.world.shown_videos[pair.stream_id]
    viewing = next(iter(pair.ours.world.video_viewings.values()))
    now = pair.ours.now
    said: list[tuple[Scene, str, Any, str]] = [
        # a stream of ours, or of a third; to somebody else
        (
            pair.theirs,
            "36",
            VideoShown(partner="43", consent_id="", told_at=now, streams=(replace(shown, site="42"),)),
            "NOT_OWNER",
        ),
        (pair.theirs, "36", VideoShown(partner="42", consent_id="", told_at=now), "NOT_FOR_US"),
        # an answer that nobody asked for, to another stream, without an end, in another's name
        (
            pair.theirs,
            "36",
            VideoAnswered(
                grant=replace(grant, id="36-VGR-X", request_id="43-VRQ-X"), action=VideoGrantAction.GRANT
            ),
            "NOT_OWNER",
        ),
        (
            pair.theirs,
            "36",
            VideoAnswered(grant=replace(grant, stream_id="36-VID-X"), action=VideoGrantAction.GRANT),
            "NOT_PLAUSIBLE",
        ),
        (
            pair.theirs,
            "36",
            VideoAnswered(grant=replace(grant, until=None), action=VideoGrantAction.GRANT),
            "NOT_PLAUSIBLE",
        ),
        (pair.ours, "43", VideoAnswered(grant=grant, action=VideoGrantAction.GRANT), "NOT_OWNER"),
        # a viewing under no grant, of another stream, in another's name
        (
            pair.ours,
            "43",
            PartnerViewingBegan(viewing=replace(viewing, id="43-VIW-X", grant_id="36-VGR-X")),
            "NOT_OWNER",
        ),
        (
            pair.ours,
            "43",
            PartnerViewingBegan(viewing=replace(viewing, id="43-VIW-X", stream_id="36-VID-X")),
            "NOT_PLAUSIBLE",
        ),
        (pair.ours, "43", PartnerViewingBegan(viewing=replace(viewing, id="42-VIW-X")), "NOT_OWNER"),
    ]
    for to, origin, fact, code in said:
        pair.refused.clear()
        pair.arrive(to, fact, origin)
        assert pair.refused == [code], fact
