"""Messages to the field: who sends what to whom, how far they come, what comes back, and what is refused by its code."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatch import uplink
from dispatch.errors import Forbidden, GanyingError, Refused, Unknown
from dispatch.geo import Position
from dispatch.incident_commands import ActOnIncident
from dispatch.kinds import IncidentAction, Role, TaskingAction
from dispatch.papers.log_uplinks import LINES
from dispatch.records import Tasking
from dispatch.room_kinds import StrokeKind
from dispatch.room_records import Stroke
from dispatch.tasking_commands import ActOnTasking
from dispatch.uplink_commands import AnswerUplink, NoteUplink, SendUplink, UplinkAddress
from dispatch.uplink_kinds import UplinkAnswer, UplinkState, UplinkTo
from dispatch.uplink_records import Uplink, UplinkPicture
from dispatch.video_commands import SaveVideoStream
from dispatch.video_kinds import VideoCarrier, VideoSource
from dispatch.video_records import VideoTerms
from dispatch.views import Viewer, relate, visible
from protocols.codec import facts as codec
from protocols.codec.client_fragments import record_fragment
from tests.dispatch.scene import Scene
from tests.dispatch.test_partner import act, adopt, confirmed
from tests.dispatch.test_video_share import Pair

TEAM = "cot:ANDROID-1"
ARROW = Stroke(
    kind=StrokeKind.ARROW,
    points=(Position(lon_deg=115.1, lat_deg=28.9), Position(lon_deg=115.11, lat_deg=28.91)),
    text="从此进入",
)
_S, _A = UplinkState, UplinkAnswer


class Field(Scene):
    """A fire with an aircraft on an ordered tasking."""

    def __init__(self) -> None:
        super().__init__()
        self.incident_id = confirmed(self)
        self.tasking: Tasking = act(self, adopt(self, self.incident_id), TaskingAction.ORDER, Role.DUTY_CHIEF)
        self.crew = self.tasking.operator_id

    def send(self, role: Role | None = Role.DISPATCHER, **said: Any) -> list[Uplink]:
        """To the aircraft unless something else is said."""
        said = {"incident_id": self.incident_id, "to": (self.aircraft,), "text": "东侧有电线"} | said
        made = self.ask(role, SendUplink(**said))
        return [self.world.uplinks[each.uplink.id] for each in made]  # type: ignore[union-attr]  # all are sent

    @property
    def aircraft(self) -> UplinkAddress:
        """Whom it is for."""
        return UplinkAddress(tasking_id=self.tasking.id)

    def refused(self, **said: Any) -> str:
        """With what code."""
        with pytest.raises(GanyingError) as caught:
            self.send(**said)
        return caught.value.code

    def note(self, one: Uplink, state: UplinkState, operator: str | None = None) -> Uplink:
        """The crew's page says so."""
        operator = self.crew if operator is None else operator
        self.ask(Role.OPERATOR, NoteUplink(uplink_id=one.id, state=state), operator_id=operator)
        return self.world.uplinks[one.id]

    def answer(self, one: Uplink, answer: UplinkAnswer, text: str = "") -> Uplink:
        """The crew says so."""
        command = AnswerUplink(uplink_id=one.id, answer=answer, text=text, tasking_id=one.tasking_id)
        self.ask(Role.OPERATOR, command, actor="jizhang", operator_id=self.crew)
        return self.world.uplinks[one.id]


def picture(**more: Any) -> UplinkPicture:
    values: dict[str, Any] = {"sha256": "a" * 64, "size": 100_000, "width_px": 640, "height_px": 480}
    return UplinkPicture(**{"shown_at": Scene().now} | values | more)


def test_one_message_to_an_aircraft_and_a_team_has_two_records_with_receipts_of_their_own() -> None:
    field = Field()
    to = (field.aircraft, UplinkAddress(thing_key=TEAM, name="一分队"))
    crew, team = field.send(to=to, marks=(ARROW,), picture=picture())
    assert (crew.to, team.to) == (UplinkTo.TASKING, UplinkTo.TEAM)
    assert crew.message_id == team.message_id
    assert (crew.state, crew.marks, team.name) == (_S.SENT, (ARROW,), "一分队")
    assert uplink.for_teams(field.world, field.now) == {TEAM: [team]}
    field.now += timedelta(seconds=2)
    delivered = field.note(crew, _S.DELIVERED)
    assert (delivered.state, delivered.delivered_at) == (_S.DELIVERED, field.now)
    field.now += timedelta(seconds=3)
    shown = field.note(crew, _S.SHOWN)
    answered = field.answer(shown, _A.CANNOT, "能见度不足")
    assert (answered.state, answered.answer, answered.answer_text) == (_S.READ, _A.CANNOT, "能见度不足")
    assert answered.answered_by == "jizhang"
    assert answered.delivered_at == delivered.delivered_at
    assert field.world.uplinks[team.id].state is _S.SENT


def test_receipts_go_forward_only_and_what_was_said_is_known() -> None:
    field = Field()
    (one,) = field.send()
    shown = field.note(one, _S.SHOWN)
    assert shown.delivered_at is not None
    for state, code in ((_S.DELIVERED, "ALREADY_RECORDED"), (_S.READ, "NOT_NOW"), (_S.HANDED, "NOT_NOW")):
        with pytest.raises(Refused) as caught:
            field.note(one, state)
        assert caught.value.code == code
    field.answer(one, _A.COMPLY)
    for answer in (_A.COMPLY, _A.READ):
        with pytest.raises(Refused) as caught:
            field.answer(one, answer)
        assert caught.value.code == "ALREADY_RECORDED"
    assert field.answer(one, _A.CANNOT, "油量不足").answer is _A.CANNOT
    with pytest.raises(Refused):
        field.answer(one, _A.TEXT)  # says nothing


def test_a_team_is_answered_for_by_the_site_alone() -> None:
    field = Field()
    (team,) = field.send(to=(UplinkAddress(thing_key=TEAM, name="一分队"),))
    field.ask(None, NoteUplink(uplink_id=team.id, state=_S.HANDED))
    assert uplink.for_teams(field.world, field.now) == {TEAM: [field.world.uplinks[team.id]]}
    with pytest.raises(Unknown):
        field.note(team, _S.DELIVERED)
    field.ask(None, NoteUplink(uplink_id=team.id, state=_S.DELIVERED))
    assert uplink.for_teams(field.world, field.now) == {}
    field.ask(None, AnswerUplink(uplink_id=team.id, answer=_A.TEXT, text="收到，十分钟到"))
    assert field.world.uplinks[team.id].answer_text == "收到，十分钟到"
    (crew,) = field.send()
    with pytest.raises(Forbidden):  # nobody answers for a crew
        field.ask(None, NoteUplink(uplink_id=crew.id, state=_S.DELIVERED))


def test_an_undelivered_message_to_a_team_is_given_up_after_half_a_day() -> None:
    field = Field()
    field.send(to=(UplinkAddress(thing_key=TEAM, name="一分队"),))
    assert uplink.for_teams(field.world, field.now + uplink.TEAM_WAITS) == {}


def test_the_desk_sends_the_addressed_company_reads_and_others_see_nothing() -> None:
    field = Field()
    for role in (Role.OPERATOR, Role.ATC, Role.OBSERVER, Role.BASE, Role.AUDITOR, Role.SYSADMIN, None):
        with pytest.raises(Forbidden):
            field.send(role)
    (one,) = field.send(Role.DUTY_CHIEF)
    sees = relate(field.world)
    viewers = {role: visible(sees, Viewer(role=role, operator_id="OTHER"), "uplinks", one) for role in Role}
    assert {role for role, seen in viewers.items() if seen} == {
        Role.DISPATCHER,
        Role.DUTY_CHIEF,
        Role.AUDITOR,
    }
    assert visible(sees, Viewer(role=Role.OPERATOR, operator_id=field.crew), "uplinks", one)
    assert not visible(sees, Viewer(role=Role.OPERATOR), "uplinks", replace(one, operator_id=""))
    with pytest.raises(Unknown):
        field.note(one, _S.DELIVERED, "OTHER")


def test_what_is_out_of_bounds_is_refused_by_its_code() -> None:
    field = Field()
    many = Stroke(kind=StrokeKind.LINE, points=ARROW.points * 51)
    assert field.refused(text="长" * 301) == "TEXT"
    assert field.refused(text="响\x07") == "TEXT"
    assert field.refused(text=" ") == "NOTHING_TO_SEND"
    assert field.refused(marks=(many, many)) == "SKETCH_TOO_LARGE"
    assert field.refused(marks=(ARROW,) * 21) == "SKETCH_TOO_LARGE"
    assert field.refused(marks=(replace(ARROW, points=ARROW.points[:1]),)) == "MARK"
    for wrong in ({"size": 204_801}, {"sha256": "A" * 64}, {"width_px": 0}):
        assert field.refused(picture=picture(**wrong)) == "PICTURE"
    assert field.refused(picture=picture(shown_at=field.now + timedelta(hours=1))) == "PICTURE"
    assert field.refused(picture=picture(stream_id="36-VID-NONE")) == "UNKNOWN_ID"
    assert field.refused(to=()) == "RECIPIENT"
    assert field.refused(to=(field.aircraft, field.aircraft)) == "RECIPIENT"
    assert field.refused(to=(UplinkAddress(),)) == "RECIPIENT"
    assert field.refused(to=(UplinkAddress(thing_key="phone:li", name="李"),)) == "RECIPIENT"
    assert field.refused(to=(UplinkAddress(tasking_id="36-TSK-NONE"),)) == "UNKNOWN_ID"
    assert field.world.uplinks.get("") is None


def test_a_tasking_that_is_over_and_an_incident_that_is_over_take_nothing() -> None:
    field = Field()
    recall = ActOnTasking(
        tasking_id=field.tasking.id,
        action=TaskingAction.RECALL,
        version_seen=field.tasking.version,
        reason="火已灭",
    )
    field.ask(Role.DUTY_CHIEF, recall)
    assert field.refused() == "NOT_NOW"
    version = field.world.incidents[field.incident_id].version
    stood = ActOnIncident(
        incident_id=field.incident_id, action=IncidentAction.STAND_DOWN, version_seen=version, reason="完"
    )
    field.ask(Role.DISPATCHER, stood)
    assert field.refused(to=(UplinkAddress(thing_key=TEAM, name="队"),)) == "NOT_NOW"


def test_one_person_sends_so_many_in_five_minutes() -> None:
    field = Field()
    to = (field.aircraft, UplinkAddress(thing_key=TEAM, name="队"))  # one message, two records
    for _ in range(uplink.MOST_IN_A_WINDOW):
        field.send(to=to)
    assert field.refused() == "TOO_OFTEN"
    field.now += uplink.WINDOW
    field.send()


def test_a_still_of_a_partners_stream_goes_on_only_where_its_grant_says_so() -> None:
    for reshare in (False, True):
        pair = Pair()
        pair.run()
        pair.grant(reshare=reshare)
        now = pair.theirs.now
        if reshare:
            uplink.check_stream(pair.theirs.world, pair.stream_id, now)
            pair.later(hours=13)  # over
        with pytest.raises(Refused) as caught:
            uplink.check_stream(pair.theirs.world, pair.stream_id, pair.theirs.now)
        assert caught.value.code == "NOT_RESHARED"


def test_a_still_of_our_own_stream_goes() -> None:
    field = Field()
    terms = VideoTerms(name="吊舱", source=VideoSource.TS_UDP, address="21001", carrier=VideoCarrier.FIXED)
    (saved,) = field.ask(Role.DISPATCHER, SaveVideoStream(terms=terms))
    (one,) = field.send(picture=picture(stream_id=saved.stream.id), text="")  # type: ignore[union-attr]
    assert one.picture is not None
    assert uplink.pictures_named(field.world) == {"a" * 64}


def test_a_drill_is_marked_and_every_fact_goes_through_the_journal_and_into_the_logbook() -> None:
    field = Field()
    incidents = field.world.incidents
    drill = replace(incidents[field.incident_id], simulated=True)
    field.world = replace(field.world, incidents=incidents.set(drill.id, drill))
    (one,) = field.send(marks=(ARROW,), picture=picture())
    assert one.simulated
    field.note(one, _S.SHOWN)
    field.answer(one, _A.TEXT, "看到了")
    told = []
    for recorded in field.journal[-3:]:
        assert codec.decode(*codec.encode(recorded.fact)) == recorded.fact
        row = LINES[type(recorded.fact)](field.world, recorded, recorded.fact)
        assert row is not None
        assert (row.incident_id, row.tasking_id) == (field.incident_id, field.tasking.id)
        told.append(row.zh)
    assert told[0].startswith("演练 下传 赣鹰01")
    assert told[0].endswith("标绘 1 项、截图：东侧有电线")
    assert told[1].endswith("已显示")
    assert told[2].endswith("回复：看到了")
    assert record_fragment("uplinks", field.world.uplinks[one.id])
