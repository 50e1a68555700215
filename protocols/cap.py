"""CAP 1.2 (OASIS Common Alerting Protocol): one `<alert>` in XML, read into at most one alarm.

An alert with several `<info>` blocks is one alarm: they are languages or parts of the same message, so Chinese text is
preferred, the highest level counts, and every area belongs to it. Coordinates are latitude before longitude (§3.2.4:
`lat,lon`), circles have their radius in kilometres. Without any coordinates the alarm is placed by a GB/T 2260 geocode,
else at the ground's middle; both are flagged. Level: Extreme 1, Severe 2, Moderate 3, Minor and Unknown 4.

Read with defusedxml in pieces: no document type, no entities, nothing fetched; size, depth, blocks, areas and points
are bounded while they arrive, so a hostile text costs no more than its bounds. Whatever the standard requires and is
missing, or a code that is in no list of it, makes the whole message Malformed with the path of its field, such as
`info[0].area[1].polygon[0]`. A well-formed message that raises no alarm (Ack, Error, System, Draft,
an alert without any info) is one rejected row.
"""

import re
from datetime import datetime
from typing import Any

from dispatch.area import Ground
from dispatch.errors import Malformed
from dispatch.event_codes import kind_of_code, looks_like_code
from dispatch.kinds import AlarmFlag, AlarmKind, IncidentKind
from dispatch.records import AlarmArea, AlarmSource
from protocols.alarm_errors import Read, Rejected, TooMuch
from protocols.cap_area import MAX_POINTS, read_circle, read_polygon, simplified, whole_of
from protocols.cap_xml import (
    MAX_ID,
    choice,
    name_of,
    one_of,
    pairs,
    read_time,
    required,
    text_of,
    tree,
)

MAX_INFOS = 64
MAX_AREAS = 256
MAX_TEXT = 2_000

STATUS = frozenset({"Actual", "Exercise", "System", "Test", "Draft"})
MESSAGE = frozenset({"Alert", "Update", "Cancel", "Ack", "Error"})
SCOPE = frozenset({"Public", "Restricted", "Private"})
CATEGORY = frozenset(
    (
        "Geo",
        "Met",
        "Safety",
        "Security",
        "Rescue",
        "Fire",
        "Health",
        "Env",
        "Transport",
        "Infra",
        "CBRNE",
        "Other",
    )
)
URGENCY = frozenset({"Immediate", "Expected", "Future", "Past", "Unknown"})
CERTAINTY = frozenset({"Observed", "Likely", "Possible", "Unlikely", "Unknown", "Very Likely"})
LEVELS = {"Extreme": 1, "Severe": 2, "Moderate": 3, "Minor": 4, "Unknown": 4}

# Words of an event or headline to a kind, the first that is found; our own list, Chinese and English.
WORDS = (
    (("森林火", "林火", "forest fire", "wildfire", "bushfire", "bush fire"), IncidentKind.FOREST_FIRE),
    (("草原火", "grass fire", "grassfire"), IncidentKind.WILDLAND_FIRE),
    (("structure fire", "building fire", "建筑火", "楼宇火"), IncidentKind.BUILDING_FIRE),
    (("尾矿", "tailings"), IncidentKind.TAILINGS_DAM),
    (("地震", "earthquake"), IncidentKind.EARTHQUAKE),
    (
        ("滑坡", "泥石流", "山体崩塌", "地质灾害", "landslide", "mudslide", "debris flow"),
        IncidentKind.LANDSLIDE,
    ),
    (("洪", "内涝", "溃坝", "溃堤", "泄洪", "洩洪", "flood", "dam break"), IncidentKind.FLOOD),
    (("危险化学", "危化", "化工", "泄漏", "chemical", "hazardous material"), IncidentKind.HAZMAT),
    (("矿难", "矿山", "煤矿", "mine "), IncidentKind.MINE),
    (("走失", "失踪", "missing person", "搜救"), IncidentKind.MISSING_PERSON),
    (("交通事故", "坠机", "沉船", "collision", "derail", "air crash"), IncidentKind.TRANSPORT),
)
CATEGORY_KINDS = {
    "Fire": IncidentKind.FOREST_FIRE,
    "Health": IncidentKind.MEDICAL,
    "Rescue": IncidentKind.MISSING_PERSON,
    "Transport": IncidentKind.TRANSPORT,
    "CBRNE": IncidentKind.HAZMAT,
    "Security": IncidentKind.PUBLIC_SAFETY,
}
_REFERENCE = re.compile(  # sender,identifier,sent
    r"[^,\s]+,([^,\s]+),[^,\s]+\Z"
)


def parse(body: bytes, ground: Ground) -> Read:
    """The alarm of a message. Raises Malformed (field `alert` for what is no such XML at all) or TooMuch."""
    alert = tree(body)
    status = choice(alert, "status", STATUS)
    message = choice(alert, "msgType", MESSAGE)
    choice(alert, "scope", SCOPE)
    own_id, sender = name_of(alert, "identifier"), name_of(alert, "sender")
    sent = read_time(required(alert, "sent"), "sent")
    follows = _references(alert, message)
    infos = alert.findall("info")
    if len(infos) > MAX_INFOS:
        raise TooMuch("info", f"{len(infos)} blocks, at most {MAX_INFOS}")
    read = [_Info(info, f"info[{i}]") for i, info in enumerate(infos)]
    _bound_points(read)
    if message in ("Ack", "Error"):
        return _none("NOT_AN_ALARM", "msgType", f"{message} answers another message")
    if status in ("System", "Draft"):
        return _none("NOT_AN_ALARM", "status", f"{status} is for machines or authors, not for action")
    if not read and message != "Cancel":
        return _none("NO_INFO", "info", "an alert without info says neither what nor where")
    return Read(alarms=(_alarm(alert, read, ground, own_id=own_id, sender=sender, sent=sent, follows=follows,
                               status=status, message=message),))  # fmt: skip


def _none(code: str, field: str, detail: str) -> Read:
    return Read(rejected=(Rejected(code=code, field=field, detail=detail),))


class _Info:
    """One `<info>`, checked. Raises Malformed."""

    def __init__(self, info: Any, at: str) -> None:
        self.language = (text_of(info, "language") or "en-US").lower()
        self.categories = [one_of(each, CATEGORY, f"{at}.category") for each in info.findall("category")]
        if not self.categories:
            raise Malformed(f"{at}.category", "is missing")
        self.event = required(info, "event", at)
        choice(info, "urgency", URGENCY, at)
        self.level = LEVELS[choice(info, "severity", frozenset(LEVELS), at)]
        self.certainty = choice(info, "certainty", CERTAINTY, at)
        times = {
            name: read_time(text, f"{at}.{name}")
            for name in ("effective", "onset", "expires")
            if (text := text_of(info, name))
        }
        self.expires = times.get("expires")
        self.headline, self.description = text_of(info, "headline"), text_of(info, "description")
        self.sender = text_of(info, "senderName")
        self.codes = pairs(info, "eventCode", at)
        areas = info.findall("area")
        if len(areas) > MAX_AREAS:
            raise TooMuch(f"{at}.area", f"{len(areas)} areas, at most {MAX_AREAS}")
        self.places: list[str] = []
        self.geocodes: list[str] = []
        self.areas: list[AlarmArea] = []
        for i, area in enumerate(areas):
            self._area(area, f"{at}.area[{i}]")

    def _area(self, area: Any, at: str) -> None:
        self.places.append(required(area, "areaDesc", at))
        self.geocodes += [value for _, value in pairs(area, "geocode", at)]
        for i, each in enumerate(area.findall("polygon")):
            self.areas.append(read_polygon(each.text or "", f"{at}.polygon[{i}]"))
        for i, each in enumerate(area.findall("circle")):
            self.areas.append(read_circle(each.text or "", f"{at}.circle[{i}]"))


def _alarm(
    alert: Any,
    infos: list[_Info],
    ground: Ground,
    *,
    own_id: str,
    sender: str,
    sent: datetime,
    follows: tuple[str, ...],
    status: str,
    message: str,
) -> AlarmSource:
    told = next((info for info in infos if info.language.startswith("zh")), infos[0] if infos else None)
    areas = tuple(dict.fromkeys(area for info in infos for area in info.areas))
    position, radius_m, located = _place(areas, [code for info in infos for code in info.geocodes], ground)
    kind, code, known = _kind(infos)
    expires = [info.expires for info in infos if info.expires is not None]
    flags = {
        AlarmFlag.NO_POSITION: not located,
        AlarmFlag.UNKNOWN_CODE: not known,
        AlarmFlag.EXERCISE: status in ("Exercise", "Test"),
        AlarmFlag.CANCELLED: message == "Cancel",
        AlarmFlag.LOW_CONFIDENCE: bool(infos)
        and all(info.certainty in ("Unlikely", "Unknown") for info in infos),
    }
    title = (told.headline or told.event) if told else f"{message} {own_id}"
    return AlarmSource(
        kind=AlarmKind.CAP,
        source=sender,
        own_id=own_id,
        observed_at=sent,
        expires_at=max(expires) if len(expires) == len(infos) and expires else None,
        position=position,
        radius_m=radius_m,
        areas=simplified(areas),
        incident_kind=kind,
        level=min((info.level for info in infos), default=4),
        code=code,
        title=title[:120],
        place="、".join(dict.fromkeys(place for info in infos for place in info.places))[:120],
        text="\n".join(
            part for part in ((told.sender, told.description) if told else (text_of(alert, "note"),)) if part
        )[:MAX_TEXT],
        flags=tuple(flag for flag, on in flags.items() if on),
        follows=follows,
    )


def _place(areas: tuple[AlarmArea, ...], geocodes: list[str], ground: Ground) -> tuple[Any, float, bool]:
    """A point in what the alert covers, how far it reaches from there, and whether coordinates say so."""
    if areas:
        position, radius_m = whole_of(areas)
        return position, radius_m, True
    divisions = [found for code in geocodes if (found := ground.division(code)) is not None]
    if divisions:
        finest = min(divisions, key=lambda each: each.radius_m)
        return finest.position, finest.radius_m, False
    return ground.centre, 0.0, False


def _kind(infos: list[_Info]) -> tuple[IncidentKind, str, bool]:
    """What kind of incident, the event code as it came, and whether no code of our standard's form is unknown."""
    codes = [value for info in infos for _, value in info.codes]
    own = [code for code in codes if looks_like_code(code)]
    for code in own:
        kind = kind_of_code(code)
        if kind is not None:
            return (_by_words(infos, kind), code, True)
    guessed = _by_words(infos, None)
    first = (own or codes or [""])[0][:32]
    return guessed, first, not codes


def _by_words(infos: list[_Info], coded: IncidentKind | None) -> IncidentKind:
    if coded not in (None, IncidentKind.OTHER):
        return coded or IncidentKind.OTHER
    text = " ".join(f"{info.event} {info.headline}" for info in infos).lower() + " "
    for words, kind in WORDS:
        if any(word in text for word in words):
            return kind
    if coded is not None:
        return coded
    return next(
        (CATEGORY_KINDS[each] for info in infos for each in info.categories if each in CATEGORY_KINDS),
        IncidentKind.OTHER,
    )


def _bound_points(infos: list[_Info]) -> None:
    points = sum(len(area.points) for info in infos for area in info.areas)
    if points > MAX_POINTS:
        raise TooMuch("info.area.polygon", f"{points} points, at most {MAX_POINTS}")


def _references(alert: Any, message: str) -> tuple[str, ...]:
    """Identifiers of earlier messages. An update or cancel that names none says nothing of what it changes."""
    text = text_of(alert, "references")
    parts = text.split()
    if len(parts) > 64:  # a year of weekly updates
        raise TooMuch("references", f"{len(parts)} references, at most 64")
    found = []
    for part in parts:
        match = _REFERENCE.match(part)
        if match is None:
            raise Malformed("references", f"{part[:80]!r} is not sender,identifier,sent")
        found.append(match[1][:MAX_ID])
    if message in ("Update", "Cancel") and not found:
        raise Malformed("references", f"{message} names no earlier message")
    return tuple(dict.fromkeys(found))
