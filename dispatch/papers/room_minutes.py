"""会商纪要: the minutes of a consultation, from the world as the journal tells it: who was there, what was put in, what
was decided and by whom. Names of our own people are ours to print; of partners' people there are site and role.
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.papers import words
from dispatch.papers.form import Cell, Form, Grid, Table
from dispatch.room import counted
from dispatch.room_kinds import RoomEntryKind, RoomSymbol, StrokeKind
from dispatch.room_records import Room, RoomEntry, RoomPerson, Stroke, place
from dispatch.world import World

ENTRY = {
    RoomEntryKind.SAID: "发言",
    RoomEntryKind.DRAWN: "标绘",
    RoomEntryKind.VOTE: "提请表决",
    RoomEntryKind.VOICE: "表态",
    RoomEntryKind.DECISION: "决定",
}
STROKE = {
    StrokeKind.LINE: "线",
    StrokeKind.AREA: "面",
    StrokeKind.ARROW: "箭头",
    StrokeKind.TEXT: "文字",
    StrokeKind.SYMBOL: "符号",
}
SYMBOL = {
    RoomSymbol.FIRE_POINT: "火点",
    RoomSymbol.DANGER: "危险源",
    RoomSymbol.COMMAND_POST: "现场指挥部",
    RoomSymbol.ASSEMBLY_POINT: "集结点",
    RoomSymbol.RESCUE_TEAM: "救援队伍",
    RoomSymbol.WATER_SOURCE: "水源",
    RoomSymbol.LANDING_POINT: "临时起降点",
    RoomSymbol.MEDICAL_POINT: "医疗救护点",
    RoomSymbol.SHELTER: "避难安置点",
    RoomSymbol.ROAD_BLOCK: "道路中断",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Minutes:
    """The room, who was in it (ours by display name) and its entries in their order."""

    room: Room
    people: tuple[RoomPerson, ...]
    entries: tuple[RoomEntry, ...]
    votes: tuple[tuple[str, tuple[int, ...]], ...]  # vote -> answers by option, each person's last
    through: int  # journal row up to which this holds


def minutes(world: World, room_id: str) -> Minutes | None:
    """The minutes as things are now; None where there is no such room."""
    room = world.rooms.get(room_id)
    if room is None or world.site not in room.sites:
        return None

    def named(person: RoomPerson) -> RoomPerson:
        account = world.accounts.get(person.name) if person.name else None
        name = person.name if account is None else account.display_name or account.name
        return RoomPerson(
            id=person.id,
            room_id=person.room_id,
            site=person.site,
            role=person.role,
            came_at=person.came_at,
            name=name,
            read_at=person.read_at,
            read_origin=person.read_origin,
            read_origin_seq=person.read_origin_seq,
        )

    people = [
        each for each in world.room_people.values() if each.room_id == room_id and each.site in room.sites
    ]
    entries = [
        each for each in world.room_entries.values() if each.room_id == room_id and each.site in room.sites
    ]
    entries.sort(key=place)
    votes = []
    for entry in entries:
        if entry.ballot is not None:
            voices = list(counted(world, room_id, entry.id).values())
            votes.append((entry.id, tuple(voices.count(at) for at in range(len(entry.ballot.options)))))
    return Minutes(
        room=room,
        people=tuple(named(each) for each in sorted(people, key=lambda one: (one.came_at, one.id))),
        entries=tuple(entries),
        votes=tuple(votes),
        through=world.seq,
    )


def form(told: Minutes) -> Form:
    """The form to print."""
    room = told.room
    by_id = {each.id: each for each in told.people}
    entries = {each.id: each for each in told.entries}
    votes = dict(told.votes)
    sections: list[Grid | Table] = [_head(told)]
    sections.append(
        Table(
            title="参加人员",
            heads=("单位", "席位", "姓名", "进入", "已读至"),
            rows=tuple(
                (
                    each.site,
                    words.ROLE[each.role],
                    each.name or "—",
                    words.clock(each.came_at),
                    _moment(each.read_at),
                )
                for each in told.people
            ),
            widths=(0.14, 0.2, 0.26, 0.2, 0.2),
        )
    )
    decisions = [each for each in told.entries if each.decision is not None]
    sections.append(
        Table(
            title="决定",
            heads=("时间", "决定", "同意"),
            rows=tuple(
                (words.clock(each.at), each.decision.text, _agreed(each, by_id))
                for each in decisions
                if each.decision is not None
            ),
            widths=(0.17, 0.5, 0.33),
        )
    )
    sections.append(
        Table(
            title="会商记录",
            heads=("时间", "单位 席位", "类别", "内容"),
            rows=tuple(
                (
                    _second(each.at) + ("\n迟到" if each.late_s else ""),
                    _who(each, by_id),
                    ENTRY[each.kind],
                    _what(each, entries, votes),
                )
                for each in told.entries
            ),
            widths=(0.17, 0.18, 0.12, 0.53),
        )
    )
    return Form(
        title="协同会商纪要",
        sections=tuple(sections),
        notes=(
            "各条由日志事实生成，按发生时间、单位排列；“迟到”指链路中断后补到。外单位人员只列单位和席位。",
        ),
        drill=room.simulated,
    )


def _head(told: Minutes) -> Grid:
    room = told.room
    return Grid(
        title="概况",
        cells=(
            Cell(key="title", label="议题", text=room.title, wide=True),
            Cell(key="incident", label="事件", text=room.incident_id),
            Cell(key="sites", label="参加单位", text="、".join(room.sites)),
            Cell(key="opened_at", label="开始", text=words.moment(room.opened_at)),
            Cell(
                key="closed_at",
                label="结束",
                text="进行中" if room.closed_at is None else words.moment(room.closed_at),
            ),
            Cell(key="summary", label="结论", text=room.summary or "无", wide=True),
        ),
    )


def _second(at: datetime) -> str:
    """Day and time to the second: several entries lie in one minute."""
    return f"{at + words.BEIJING:%m-%d %H:%M:%S}"


def _moment(at: datetime | None) -> str:
    return "—" if at is None else words.clock(at)


def _who(entry: RoomEntry, by_id: dict[str, RoomPerson]) -> str:
    person = by_id.get(entry.person_id)
    if person is None:
        return entry.site
    return f"{entry.site} {words.ROLE[person.role]}\n{person.name}".strip()


def _agreed(entry: RoomEntry, by_id: dict[str, RoomPerson]) -> str:
    if entry.decision is None or not entry.decision.vote_id:
        return "未经表决"
    lines = []
    for each in entry.decision.agreed:
        person = by_id.get(each.person_id)
        name = person.name if person is not None else ""
        lines.append(f"{each.site} {words.ROLE[each.role]} {name}".strip())
    return "\n".join(lines) or "无"


def _what(entry: RoomEntry, entries: dict[str, RoomEntry], votes: dict[str, tuple[int, ...]]) -> str:
    if entry.said is not None:
        named = (
            f"\n附件：{entry.said.file.name}（{entry.said.file.size} 字节）"
            if entry.said.file is not None
            else ""
        )
        return f"{entry.said.text}{named}".strip()
    if entry.stroke is not None:
        return _stroke(entry.stroke) + (
            "" if entry.undone_at is None else f"（{words.clock(entry.undone_at)} 撤销）"
        )
    if entry.ballot is not None:
        tally = votes.get(entry.id, ())
        answers = zip(entry.ballot.options, tally, strict=False)
        return entry.ballot.question + "\n" + "；".join(f"{option} {count}" for option, count in answers)
    if entry.voice is not None:
        asked = entries.get(entry.voice.vote_id)
        if asked is None or asked.ballot is None or entry.voice.option >= len(asked.ballot.options):
            return entry.voice.vote_id
        return f"{asked.ballot.question} — {asked.ballot.options[entry.voice.option]}"
    return entry.decision.text if entry.decision is not None else ""


def _stroke(drawn: Stroke) -> str:
    what = STROKE[drawn.kind] if drawn.symbol is None else SYMBOL[drawn.symbol]
    where = words.place(drawn.points[0])
    more = "" if len(drawn.points) == 1 else f" 等 {len(drawn.points)} 点"
    return f"{what} {drawn.text}　{where}{more}".replace("  ", " ")
