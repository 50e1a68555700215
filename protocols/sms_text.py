"""What a tasking says in one SMS: at most 70 UTF-16 code units, what one part of a UCS-2 message holds.

(3GPP TS 23.038 §4 and 23.040 §9.2.3.24.1: 140 octets; a longer text is cut into parts of 67 that may come one by one.)

    GY-1126-03灭火12桶 靖安县三爪仑 312°48km 10:35起飞 回1 4827接受/2 4827拒绝
    number    what     where       from base   take-off  the answers that count

The number, the time and the code are never cut; what gives way is the place's name, then the course. A drill says so
first. A signature that the carrier wants (【赣鹰】) is counted with the rest. Words for a call have no such limit.
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.callout_kinds import ReplyResult
from dispatch.geo import Position, bearing_deg, distance_m
from dispatch.kinds import IncidentKind

MOST_UNITS = 70
MOST_SIGNATURE = 10  # units: with more there is no room for a place
DRILL = "演练 "
BEIJING = timedelta(hours=8)
CUT = "…"

_WORK: dict[IncidentKind, str] = {
    IncidentKind.FOREST_FIRE: "灭火",
    IncidentKind.WILDLAND_FIRE: "灭火",
    IncidentKind.BUILDING_FIRE: "灭火",
    IncidentKind.FLOOD: "抗洪",
    IncidentKind.EARTHQUAKE: "抗震",
    IncidentKind.LANDSLIDE: "抢险",
    IncidentKind.HAZMAT: "危化",
    IncidentKind.MINE: "矿难",
    IncidentKind.TAILINGS_DAM: "险库",
    IncidentKind.TRANSPORT: "救援",
    IncidentKind.MEDICAL: "救护",
    IncidentKind.MISSING_PERSON: "搜救",
    IncidentKind.PUBLIC_SAFETY: "巡查",
    IncidentKind.OTHER: "任务",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What of a tasking is told. `kind` and `base` None: not known here."""

    number: str
    kind: IncidentKind | None
    drops: int
    place: str
    position: Position
    base: Position | None
    take_off_at: datetime
    simulated: bool


def units(text: str) -> int:
    """UTF-16 code units: what a UCS-2 message counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clean(text: str) -> str:
    """One line without control, formatting and unpaired characters: nothing that a handset shows as something else."""
    kept = "".join(" " if letter.isspace() else letter for letter in text)
    kept = "".join(
        letter for letter in kept if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )
    return " ".join(kept.split())


def cut(text: str, most: int) -> str:
    """At most `most` units; what is cut ends in an ellipsis, and no letter is left without its accent's base."""
    if units(text) <= most:
        return text
    if most < 1:
        return ""
    kept = text
    while units(kept) > most - 1:
        kept = kept[:-1]
    while kept and unicodedata.combining(text[len(kept)]):
        kept = kept[:-1]
    return kept.rstrip() + CUT


def order(job: Job, code: str, signature: str = "") -> str:
    """A tasking that was ordered. `code` empty: it cannot be answered by text."""
    tail = f"回1 {code}接受/2 {code}拒绝" if code else "请上应答页或来电答复"
    return _fit(job, f"{_local(job.take_off_at)}起飞", tail, signature)


_TERMS = {
    "base_id": "基地",
    "water_point_id": "水源",
    "hospital_id": "医院",
    "incident_position": "目标",
    "take_off_at": "起飞",
    "on_scene_at": "到场",
    "land_at": "落地",
    "drops": "桶数",
    "remark": "备注",
    "turns": "航线",
}
TERMS_TOLD = 2  # by name; of more it says that there are more


def amended(job: Job, changed: tuple[str, ...], code: str, signature: str = "") -> str:
    """A change that waits for the crew: the tasking as it would be, and what of it is other than before."""
    tail = f"回1 {code}确认/2 {code}拒" if code else "请上应答页确认"
    named = [_TERMS[name] for name in changed if name in _TERMS]
    more = "等" if len(named) > TERMS_TOLD else ""
    what = f"变更:{'、'.join(named[:TERMS_TOLD])}{more}"
    at = f" {_local(job.take_off_at)}起飞" if "take_off_at" in changed else ""
    return _fit(job, f"{what}{at}", tail, signature)


def recalled(job: Job, code: str, in_the_air: bool, signature: str = "") -> str:
    """A tasking that was recalled."""
    tail = f"回1 {code}收到" if code else "请来电确认"
    return _fit(job, "召回,立即返航" if in_the_air else "召回,停止准备", tail, signature)


def _fit(job: Job, what: str, tail: str, signature: str) -> str:
    """Number, place, course, `what`, `tail`; the place and then the course give way."""
    head = f"{clean(signature)[:MOST_SIGNATURE]}{DRILL if job.simulated else ''}{cut(clean(job.number), 16)}{_work(job)}"
    place, course = clean(job.place), _course(job)
    for kept in (course, ""):
        fixed = " ".join(part for part in (head, kept, what, tail) if part)
        room = MOST_UNITS - units(fixed) - 1
        if place and room >= (4 if kept else 1):
            return " ".join(part for part in (head, cut(place, room), kept, what, tail) if part)
        if not place and room >= -1:
            return fixed
    return f"{head} {what} {tail}"


def _work(job: Job) -> str:
    work = _WORK.get(job.kind, "任务") if job.kind is not None else "任务"
    return f"{work}{job.drops}桶" if 0 < job.drops < 1000 else work


def _course(job: Job) -> str:
    """From the base where it is known and near enough to mean something, else the coordinates."""
    if job.base is not None:
        away_km = round(distance_m(job.base, job.position) / 1000)
        if 1 <= away_km < 1000:
            return f"{round(bearing_deg(job.base, job.position)) % 360:03d}°{away_km}km"
    lon, lat = job.position.lon_deg, job.position.lat_deg
    return f"{abs(lat):.2f}{'N' if lat >= 0 else 'S'}{abs(lon):.2f}{'E' if lon >= 0 else 'W'}"


def _local(at: datetime) -> str:
    return f"{at + BEIJING:%H:%M}"


def spoken(job: Job, answers: bool, change: bool = False) -> str:
    """What a call says of a tasking that nobody has answered, or of a change of it that nobody has acknowledged."""
    number = "".join(letter for letter in job.number if letter.isdigit() or letter == "-").strip("-")
    where = cut(clean(job.place), 40)
    local = job.take_off_at + BEIJING
    drill = "这是演练。" if job.simulated else ""
    ask = (
        f"{'确认' if change else '接受'}请按1，拒绝请按2，然后按原因：1天气，2机件，3机组，4油料，5机型，6航线。"
        if answers
        else "请立即登录应答页或来电答复。"
    )
    return (
        f"{drill}航空救援调度。任务单 {number} {'的变更尚未确认' if change else '尚未应答'}。{_work(job)}，{where}，"
        f"计划{local.hour}点{local.minute:02d}分起飞。{ask}"
    )


def urged(job: Job, code: str, signature: str = "", *, change: bool = False) -> str:
    """An order, or a change of one, that nobody has answered in time, where no call can be made."""
    if change:
        tail = f"回1 {code}确认/2 {code}拒" if code else "请立即来电确认"
        return _fit(job, "变更未确认!", tail, signature)
    tail = f"回1 {code}接受/2 {code}拒绝" if code else "请立即来电答复"
    return _fit(job, "未应答!", tail, signature)


_ANSWERS: dict[ReplyResult, str] = {
    ReplyResult.ACCEPTED: "已接受，请按时准备",
    ReplyResult.REFUSED: "已记拒绝",
    ReplyResult.ACKNOWLEDGED: "已记收到",
    ReplyResult.UNREADABLE: "看不懂您的短信。请只回：1加回复码接受，2加回复码加原因数字拒绝",
    ReplyResult.AMBIGUOUS: "短信里既有接受又有拒绝，未处理。请只回一种",
    ReplyResult.REASON_MISSING: "拒绝请加原因数字：1天气2机件3机组4油料5机型6航线，如 2 回复码 1",
    ReplyResult.WRONG_CODE: "回复码不对，未处理。请核对后重发或来电",
    ReplyResult.WRONG_NUMBER: "这个回复码不属于您的号码，未处理。请来电",
    ReplyResult.EXPIRED: "回复码已过期，未处理。请来电答复",
    ReplyResult.REPEATED: "已答复过，本次不再处理。如要更改请来电",
    ReplyResult.STALE: "任务已变或已由他人答复，本次未处理。请看最新短信或来电",
    ReplyResult.NOT_ALLOWED: "未能受理，请来电答复",
    ReplyResult.LOCKED: "回复码错误过多，暂停受理15分钟，请来电",
}


def answer(result: ReplyResult, number: str, simulated: bool, signature: str = "") -> str:
    """What goes back to a reply. `number`: of the tasking, where it is known."""
    head = f"{clean(signature)[:MOST_SIGNATURE]}{DRILL if simulated else ''}"
    named = f"{cut(clean(number), 16)} " if number else ""
    return cut(f"{head}{named}{_ANSWERS[result]}", MOST_UNITS)
