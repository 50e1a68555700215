"""A spot that somebody in the field puts on the map, as a report to be looked at: CotEvent to AlarmSource.

A spot marker (`b-m-p-s-m`) says where and, in its name and remarks, what. What kind of incident it may be is read from
its words, the first that fits; without any it is `other`, level Ⅳ. It is never more than an unverified report: nobody
vouches for a uid. `t-x-d-d` on its uid takes it back, which is said of the report and ends nothing.

What cannot be a place or has no words is refused by the field; whether it may be taken at all is the feed's affair.
"""

from datetime import UTC, datetime

from dispatch.errors import Malformed
from dispatch.geo import Position
from dispatch.kinds import AlarmFlag, AlarmKind, IncidentKind
from dispatch.records import AlarmSource
from protocols import cot_types
from protocols.cot_event import CotEvent
from protocols.cot_sighting import key_of

LEVEL = 4
MAX_TITLE = 120
# What people write, Chinese and English; in this order, so that 森林火 comes before 火.
_WORDS: tuple[tuple[IncidentKind, tuple[str, ...]], ...] = (
    (IncidentKind.BUILDING_FIRE, ("楼房起火", "房屋起火", "building fire", "house fire")),
    (IncidentKind.FOREST_FIRE, ("森林火", "林火", "山火", "火情", "起火", "火点", "fire", "smoke", "烟点")),
    (IncidentKind.FLOOD, ("洪", "内涝", "决口", "被淹", "flood")),
    (IncidentKind.LANDSLIDE, ("滑坡", "泥石流", "塌方", "landslide")),
    (IncidentKind.EARTHQUAKE, ("地震", "earthquake")),
    (IncidentKind.HAZMAT, ("泄漏", "危化", "hazmat")),
    (IncidentKind.MISSING_PERSON, ("失踪", "失联", "走失", "missing")),
    (IncidentKind.MEDICAL, ("伤员", "受伤", "急救", "casualty", "medevac", "injured")),
    (IncidentKind.TRANSPORT, ("车祸", "翻车", "坠机", "crash")),
)


def is_marker(event: CotEvent) -> bool:
    """Whether it is a spot marker."""
    return event.type == cot_types.MARKER


def taken_back(event: CotEvent) -> tuple[str, ...]:
    """The uids that an event deletes, `cot:` and percent-encoded as in `own_id`."""
    if event.type != cot_types.DELETE:
        return ()
    return tuple(key_of(link.uid) for link in event.detail.links if link.uid)


def report_of(event: CotEvent, *, source: str, simulated: bool, made_s: float | None) -> AlarmSource:
    """A report; `made_s` by our clock, None: not known. Raises Malformed with the field."""
    if event.lat_deg == 0.0 and event.lon_deg == 0.0:
        raise Malformed("point", "0, 0 is no place")
    title = " ".join(event.detail.callsign.split())[:MAX_TITLE]
    remarks = event.detail.remarks.strip()
    if not title and not remarks:
        raise Malformed("contact.callsign", "a spot without a name or remarks says nothing")
    exercise = simulated or event.how.startswith("m-s") or event.operation.startswith(("e-", "s-"))
    flags = (AlarmFlag.UNVERIFIED, *((AlarmFlag.EXERCISE,) if exercise else ()))
    return AlarmSource(
        kind=AlarmKind.FIELD_MARKER,
        source=source,
        own_id=key_of(event.uid),
        observed_at=None if made_s is None else datetime.fromtimestamp(made_s, UTC),
        position=Position(lon_deg=event.lon_deg, lat_deg=event.lat_deg),
        incident_kind=kind_of(f"{title}\n{remarks}"),
        level=LEVEL,
        title=title or remarks.splitlines()[0][:MAX_TITLE],
        text=remarks,
        flags=flags,
    )


def kind_of(words: str) -> IncidentKind:
    """What kind of incident words may mean."""
    lower = words.lower()
    return next((kind for kind, found in _WORDS if any(word in lower for word in found)), IncidentKind.OTHER)
