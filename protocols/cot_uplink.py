"""A message of the desk to a team as CoT: its text as GeoChat, its sketch as drawings and spots. Pure.

    text            b-t-f     to the team's own uid; its receipts say how far it came
    line, arrow     u-d-f     an arrow ends in a head
    area            u-d-f     closed
    text, symbol    b-m-p-s-m

The still does not go over CoT (it would need a server for data packages); the text says that there is one. Uids are
made of the message's own id: sent twice, it is there once.
"""

import math
from collections.abc import Iterator
from urllib.parse import unquote

from dispatch.geo import Position
from dispatch.room_kinds import StrokeKind
from dispatch.room_records import Stroke
from dispatch.uplink_records import Uplink
from protocols import cot_chat, cot_types, cot_words
from protocols.cot_chat import Chat
from protocols.cot_event import CotEvent, Detail, Link
from protocols.cot_picture import OUR_UIDS
from protocols.cot_shape import FREE_FORM, Shape
from protocols.cot_xml import iso

VALID_S = 12 * 3600.0
COLOUR = -256  # yellow: of no level, and seen on forest and on snow
_BY_HAND, _SIMULATED = "h-g-i-g-o", "m-s"
_HEAD, _HEAD_HALF = 0.22, 0.35  # of an arrow's last leg; half its width, of its length
_KIND = {StrokeKind.LINE: "线", StrokeKind.AREA: "区域", StrokeKind.ARROW: "箭头"}


def desk_uid(site: str) -> str:
    """Who speaks, and whom a team answers."""
    return f"{OUR_UIDS}{site}"


def events_of(uplink: Uplink, place: Position, now: float) -> tuple[CotEvent, ...]:
    """All of it, the text first. `place`: of its incident, where a chat is said to be."""
    marks = (_drawn(uplink, number, stroke, now) for number, stroke in enumerate(uplink.marks, start=1))
    return (_chat(uplink, place, now), *marks)


def _chat(uplink: Uplink, place: Position, now: float) -> CotEvent:
    team, desk = unquote(uplink.thing_key.removeprefix("cot:")), desk_uid(uplink.site)
    chat = Chat(
        message_id=uplink.id,
        from_uid=desk,
        from_name=cot_words.DESK,
        to_uid=team,
        to_name=uplink.name,
        at=iso(uplink.sent_at.timestamp()),
    )
    detail = Detail(
        chat=chat,
        links=(Link(uid=desk, type="a-f-G-I", relation="p-p"),),
        remarks=words_of(uplink),
        dest_uid=team,
    )
    uid = f"GeoChat.{desk}.{team}.{uplink.id}"
    return _event(uplink, uid[:256], cot_chat.CHAT, place=place, detail=detail, now=now)


def words_of(uplink: Uplink) -> str:
    """What the team reads."""
    said = [cot_words.SIMULATED] if uplink.simulated else []
    if uplink.text:
        said.append(uplink.text)
    if uplink.marks:
        labels = "、".join(each.text for each in uplink.marks if each.text)
        said.append(f"［标绘 {len(uplink.marks)} 项{'：' + labels if labels else ''}］")
    if uplink.picture is not None:
        said.append("［另有截图，未经此线路发送］")
    return " ".join(said)


def _drawn(uplink: Uplink, number: int, stroke: Stroke, now: float) -> CotEvent:
    name = stroke.text or (
        cot_words.ROOM_SYMBOLS[stroke.symbol] if stroke.symbol else _KIND.get(stroke.kind, "")
    )
    name = f"{cot_words.SIMULATED} {name}" if uplink.simulated else name
    uid = f"{desk_uid(uplink.site)}.{uplink.id}.{number}"
    if stroke.kind in (StrokeKind.TEXT, StrokeKind.SYMBOL):
        spot = Detail(callsign=name, remarks=words_of(uplink), colour=COLOUR, archive=True)
        return _event(uplink, uid, cot_types.MARKER, place=stroke.points[0], detail=spot, now=now)
    points = tuple(_arrow(stroke.points)) if stroke.kind is StrokeKind.ARROW else stroke.points
    shape = Shape(points=points, closed=stroke.kind is StrokeKind.AREA, colour=COLOUR)
    drawn = Detail(callsign=name, remarks=words_of(uplink), shape=shape, archive=True)
    middle = stroke.points[len(stroke.points) // 2]
    return _event(uplink, uid, FREE_FORM, place=middle, detail=drawn, now=now)


def _arrow(points: tuple[Position, ...]) -> Iterator[Position]:
    """The line, then its head drawn without lifting the pen."""
    yield from points
    before, tip = points[-2], points[-1]
    squeeze = math.cos(math.radians(tip.lat_deg)) or 1.0
    east = (tip.lon_deg - before.lon_deg) * squeeze * _HEAD
    north = (tip.lat_deg - before.lat_deg) * _HEAD
    for side in (1, -1):
        yield Position(
            lon_deg=tip.lon_deg - (east + side * north * _HEAD_HALF) / squeeze,
            lat_deg=tip.lat_deg - north + side * east * _HEAD_HALF,
        )
        if side == 1:
            yield tip


def _event(uplink: Uplink, uid: str, code: str, *, place: Position, detail: Detail, now: float) -> CotEvent:
    return CotEvent(
        uid=uid,
        type=code,
        how=_SIMULATED if uplink.simulated else _BY_HAND,
        made_s=now,
        start_s=uplink.sent_at.timestamp(),
        stale_s=now + VALID_S,
        lat_deg=place.lat_deg,
        lon_deg=place.lon_deg,
        detail=detail,
    )
