"""下传引接记录: what the desk sent to crews and teams of an incident, how far each came, and what conference systems pulled of it.

Written when the incident is contained or closed, if there was any of it; a receipt that comes later makes a revision, where there are
more than REVISED_LINES messages with the incident's next step. A picture
is named by its hash: the bytes are under data/uplinks. Of each call the newest pulls (conference_fold.MOST_PULLS).
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.papers import words
from dispatch.papers.case import Case, Person
from dispatch.papers.fire_report import WRITTEN_IN
from dispatch.papers.form import Cell, Form, Grid, Table
from dispatch.uplink_kinds import UplinkAnswer
from dispatch.uplink_records import Uplink

REVISED_LINES = 100  # a proposed figure; an incident has at most a thousand
ANSWER = {
    UplinkAnswer.READ: "已阅",
    UplinkAnswer.COMPLY: "照办",
    UplinkAnswer.CANNOT: "无法执行",
    UplinkAnswer.TEXT: "回复",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SentLine:
    """One message to one recipient. `picture`: its SHA-256. Times: None where nothing was told."""

    recipient: str
    tasking_number: str  # empty: a team
    text: str
    marks: int
    picture: str
    picture_of: str  # the stream's name
    picture_at: datetime | None
    sent_by: Person
    handed_at: datetime | None
    delivered_at: datetime | None
    shown_at: datetime | None
    read_at: datetime | None
    answer: UplinkAnswer | None
    answer_text: str
    answered_by: str  # by name; of a team: as its line says
    answered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PulledLine:
    """One pull of one source by the conference system at `address`, under a call that `called_by` made."""

    room: str
    source: str
    called_by: Person
    address: str
    began_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRecord:
    """The record, each part in the order of time."""

    incident_id: str
    incident_title: str
    sent: tuple[SentLine, ...]
    pulled: tuple[PulledLine, ...]
    simulated: bool


def derive(case: Case) -> FieldRecord | None:
    """The record as the case now stands; None while the incident goes on, and where nothing was sent or pulled."""
    incident = case.incident
    if incident is None or incident.state not in WRITTEN_IN:
        return None
    own = [each for each in case.world.uplinks.values() if each.incident_id == incident.id]
    sent = tuple(_sent(case, each) for each in sorted(own, key=lambda each: (each.sent_at, each.id)))
    pulled = _pulled(case)
    if not sent and not pulled:
        return None
    return FieldRecord(
        incident_id=incident.id,
        incident_title=incident.title,
        sent=sent,
        pulled=pulled,
        simulated=incident.simulated,
    )


def _sent(case: Case, one: Uplink) -> SentLine:
    tasking, picture = case.world.taskings.get(one.tasking_id), one.picture
    return SentLine(
        recipient=one.name,
        tasking_number="" if tasking is None else tasking.number,
        text=one.text,
        marks=len(one.marks),
        picture="" if picture is None else picture.sha256,
        picture_of="" if picture is None else picture.stream_name,
        picture_at=None if picture is None else picture.shown_at,
        sent_by=_person(case, one.sent_by, words.ROLE[one.sent_as], one.sent_at),
        handed_at=one.handed_at,
        delivered_at=one.delivered_at,
        shown_at=one.shown_at,
        read_at=one.read_at,
        answer=one.answer,
        answer_text=one.answer_text,
        answered_by=case.names.get(one.answered_by, one.answered_by),
        answered_at=one.answered_at,
    )


def _pulled(case: Case) -> tuple[PulledLine, ...]:
    found = []
    for call in case.world.conference_calls.values():
        room = case.world.rooms.get(call.room_id)
        if room is None or room.incident_id != case.incident_id:
            continue
        names = {each.id: each.name for each in call.sources}
        by = _person(case, call.called_by, words.ROLE[call.called_as], call.called_at)
        for pull in call.pulls:
            line = PulledLine(
                room=room.title,
                source=names.get(pull.source_id, pull.source_id),
                called_by=by,
                address=pull.address,
                began_at=pull.began_at,
                ended_at=pull.ended_at,
            )
            found.append((pull.began_at, pull.id, line))
    return tuple(line for _, _, line in sorted(found, key=lambda each: each[:2]))


def _person(case: Case, account: str, role: str, at: datetime) -> Person:
    return Person(account=account, name=case.names.get(account, account), role=role, at=at)


def form(paper: FieldRecord) -> Form:
    """The form to print."""
    what = (
        Cell(key="incident_title", label="事件", text=paper.incident_title, wide=True),
        Cell(key="incident_id", label="事件编号", text=paper.incident_id, wide=True),
        Cell(key="sent", label="下传", text=f"{len(paper.sent)} 条"),
        Cell(key="pulled", label="会议系统引接", text=f"{len(paper.pulled)} 次"),
    )
    sections: list[Grid | Table] = [Grid(title="事件", cells=what)]
    if paper.sent:
        sections.append(
            Table(
                title="下传",
                heads=("发出", "收件", "内容", "回执", "答复"),
                rows=tuple(
                    (
                        f"{_second(each.sent_by.at)}\n{each.sent_by.told}",
                        f"{each.recipient}\n{each.tasking_number}".strip(),
                        _content(each),
                        _receipts(each),
                        _answer(each),
                    )
                    for each in paper.sent
                ),
                widths=(0.17, 0.15, 0.36, 0.15, 0.17),
            )
        )
    if paper.pulled:
        sections.append(
            Table(
                title="会议系统引接",
                heads=("开始", "结束", "画面", "会商", "引接人", "设备地址"),
                rows=tuple(
                    (
                        _second(each.began_at),
                        _second(each.ended_at),
                        each.source,
                        each.room,
                        each.called_by.told,
                        each.address,
                    )
                    for each in paper.pulled
                ),
                widths=(0.17, 0.17, 0.18, 0.16, 0.17, 0.15),
            )
        )
    return Form(
        title="下传引接记录",
        sections=tuple(sections),
        notes=("截图以 SHA-256 为凭，原图存于本单位数据目录；未列的回执，本单位没有收到。",),
        drill=paper.simulated,
    )


def _content(each: SentLine) -> str:
    parts = [each.text, f"标绘 {each.marks} 项" if each.marks else ""]
    if each.picture:
        half = len(each.picture) // 2  # a cell is not as wide as a hash
        parts.append(f"截图 {each.picture_of} {_second(each.picture_at)}".replace("  ", " "))
        parts.append(f"{each.picture[:half]}\n{each.picture[half:]}")
    return "\n".join(part for part in parts if part)


def _receipts(each: SentLine) -> str:
    told = (
        ("已交线路", each.handed_at),
        ("送达", each.delivered_at),
        ("显示", each.shown_at),
        ("已阅", each.read_at),
    )
    return "\n".join(f"{name} {_after(at, each)}" for name, at in told if at is not None) or "无回执"


def _answer(each: SentLine) -> str:
    if each.answer is None:
        return "未答复"
    said = f"：{each.answer_text}" if each.answer_text else ""
    return f"{ANSWER[each.answer]}{said}\n{each.answered_by}\n{_after(each.answered_at, each)}".strip()


def _second(at: datetime | None) -> str:
    """Day and time to the second."""
    return "—" if at is None else f"{at + words.BEIJING:%m-%d %H:%M:%S}"


def _after(at: datetime | None, each: SentLine) -> str:
    """The time of a receipt, with its day where that is not the message's."""
    same = at is not None and (at + words.BEIJING).date() == (each.sent_by.at + words.BEIJING).date()
    return words.second(at) if same else _second(at)
