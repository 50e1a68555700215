"""CoT 2.0 as XML text: one `<event>` read into a CotEvent, and one written.

Read with defusedxml: no document type, no entities, nothing fetched. A text is bounded before it comes here
(cot_stream.py), so nesting is bounded with it. Text is UTF-8; times are ISO-8601 with a zone; numbers are plain
ASCII decimals (NaN, which some apps write for an unknown height, is unknown). Whatever is not understood in the
detail is passed over; an attribute that is understood and cannot be read makes the event Malformed.
"""

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any
from xml.etree.ElementTree import ParseError  # the class alone; parsing is defusedxml's

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from dispatch.errors import Malformed
from protocols import cot_chat, cot_shape
from protocols.cot_event import (
    EVENT_BYTES,
    LINKS,
    REMARKS_LENGTH,
    TEXT_LENGTH,
    UNKNOWN_M,
    Aircraft,
    App,
    CotEvent,
    Detail,
    Link,
    known_m,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(
    r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,3})?", re.ASCII
)
_INTEGER = re.compile(r"[+-]?[0-9]{1,10}", re.ASCII)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")  # XML 1.0 §2.2
_TRUE = frozenset(("true", "1"))


def parse(text: bytes) -> CotEvent:
    """The event in a text. Raises Malformed."""
    event = _tree(text)
    if event.tag != "event":
        raise Malformed("event", f"the text is a <{_cut(event.tag, 40)}>")
    point = event.find("point")
    if point is None:
        raise Malformed("point", "is missing")
    found = event.find("detail")
    return CotEvent(
        uid=event.get("uid", ""),
        type=_text(event, "type"),
        how=_text(event, "how"),
        made_s=_time_s(event, "time"),
        start_s=_time_s(event, "start"),
        stale_s=_time_s(event, "stale"),
        lat_deg=_number(point, "lat"),
        lon_deg=_number(point, "lon"),
        hae_m=known_m(_number(point, "hae", UNKNOWN_M)),
        circular_error_m=known_m(_number(point, "ce", UNKNOWN_M)),
        linear_error_m=known_m(_number(point, "le", UNKNOWN_M)),
        access=_text(event, "access"),
        operation=_text(event, "opex"),
        detail=Detail() if found is None else detail_of(found),
    )


def parse_detail(children: str) -> Any:
    """The detail element around these children, which come as text. Raises Malformed."""
    return _tree(f"<detail>{children}</detail>".encode("utf-8", "surrogatepass"))


def _tree(text: bytes) -> Any:
    if len(text) > EVENT_BYTES:
        raise Malformed("event", f"is over {EVENT_BYTES} bytes")
    try:
        return fromstring(text, forbid_dtd=True)
    except ParseError as error:
        raise Malformed("event", f"is no XML: {error}") from None
    except DefusedXmlException as error:
        raise Malformed("event", f"is refused: {type(error).__name__}") from None
    except (ValueError, LookupError) as error:  # an encoding that Python does not know or that is none
        raise Malformed("event", f"is no text: {_cut(str(error), 80)}") from None


def detail_of(element: Any) -> Detail:
    """What is read of a detail element."""
    first: dict[str, Any] = {}
    for child in element:
        first.setdefault(child.tag, child)  # of two of a kind the first counts
    said: dict[str, Any] = {}
    for tag, read in _READ.items():
        if tag in first:
            said |= read(first[tag])
    return Detail(
        **said,
        links=tuple(_links(element)),
        archive="archive" in first,
        force_delete="__forcedelete" in first,
    )


def _contact(element: Any) -> dict[str, Any]:
    return {"callsign": _text(element, "callsign").strip(), "endpoint": _text(element, "endpoint")}


def _group(element: Any) -> dict[str, Any]:
    return {"group": _text(element, "name"), "role": _text(element, "role")}


def _precision(element: Any) -> dict[str, Any]:
    return {"point_source": _text(element, "geopointsrc"), "height_source": _text(element, "altsrc")}


def _status(element: Any) -> dict[str, Any]:
    text = _text(element, "battery").strip()
    percent = int(text) if _INTEGER.fullmatch(text) else -1  # <status readiness="true"/> has none
    return {"battery_percent": percent if 0 <= percent <= 100 else None}


def _app(element: Any) -> dict[str, Any]:
    names = ("device", "platform", "os", "version")
    return {"app": App(**{name: _text(element, name) for name in names})}


def _motion(element: Any) -> dict[str, Any]:
    return {"speed_mps": _optional(element, "speed"), "course_deg": _optional(element, "course")}


def _remarks(element: Any) -> dict[str, Any]:
    return {"remarks": _cut("".join(element.itertext()).strip(), REMARKS_LENGTH)}


def _aircot(element: Any) -> dict[str, Any]:
    return {
        "aircraft": Aircraft(
            icao24=_text(element, "icao").strip(),
            registration=_text(element, "reg").strip(),
            flight=_text(element, "flight").strip(),
            squawk=_text(element, "squawk").strip(),
            category=_text(element, "cat").strip(),
        )
    }


def _emergency(element: Any) -> dict[str, Any]:
    return {"emergency": _text(element, "type"), "emergency_over": _text(element, "cancel").lower() in _TRUE}


def _colour(element: Any) -> dict[str, Any]:
    text = _text(element, "argb").strip()
    return {"colour": int(text) if _INTEGER.fullmatch(text) else None}


def _icon(element: Any) -> dict[str, Any]:
    return {"icon": _text(element, "iconsetpath")}


def _takp(element: Any) -> dict[str, Any]:
    offered = (_version(each, "version") for each in element.findall("TakProtocolSupport")[:8])
    said: dict[str, Any] = {"offers": tuple(version for version in offered if version is not None)}
    asked, answered = element.find("TakRequest"), element.find("TakResponse")
    if asked is not None:
        said["asks"] = _version(asked, "version")
    if answered is not None:
        said["grants"] = _text(answered, "status").lower() in _TRUE
    return said


def _chat(element: Any) -> dict[str, Any]:
    return {"chat": cot_chat.read(element)}


def _receipt(element: Any) -> dict[str, Any]:
    return {"receipt": cot_chat.read(element)}


# element of the detail -> what is read of it
_READ = {
    "contact": _contact,
    "__group": _group,
    "precisionlocation": _precision,
    "status": _status,
    "takv": _app,
    "track": _motion,
    "remarks": _remarks,
    "_aircot_": _aircot,
    "emergency": _emergency,
    "color": _colour,
    "usericon": _icon,
    "TakControl": _takp,
    "__chat": _chat,
    "__chatreceipt": _receipt,
}


def _links(element: Any) -> Iterator[Link]:
    for child in element.findall("link")[:LINKS]:
        uid = child.get("uid", "")
        if uid:
            yield Link(
                uid=_cut(uid, TEXT_LENGTH), type=_text(child, "type"), relation=_text(child, "relation")
            )


def _text(element: Any, name: str) -> str:
    return _cut(element.get(name, ""), TEXT_LENGTH)


def _cut(text: str, length: int) -> str:
    return text[:length]


def _version(element: Any, name: str) -> int | None:
    text = _text(element, name).strip()
    return int(text) if _INTEGER.fullmatch(text) else None


def _number(element: Any, name: str, missing: float | None = None) -> float:
    text = element.get(name)
    if text is None:
        if missing is None:
            raise Malformed(f"{element.tag}.{name}", "is missing")
        return missing
    text = text.strip(" \t\r\n")
    if _NUMBER.fullmatch(text):
        return float(text)
    if text.lower() == "nan" and missing is not None:
        return missing
    raise Malformed(f"{element.tag}.{name}", f"{_cut(text, 40)!r} is no number")


def _optional(element: Any, name: str) -> float | None:
    value = _number(element, name, math.nan)
    return None if math.isnan(value) else value


def _time_s(element: Any, name: str) -> float:
    text = _text(element, name).strip()
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise Malformed(name, f"{_cut(text, 40)!r} has no zone")
        return (at - _EPOCH).total_seconds()
    except (ValueError, OverflowError):
        raise Malformed(name, f"{_cut(text, 40)!r} is no time" if text else "is missing") from None


def write(event: CotEvent) -> bytes:
    """The text of an event, without an XML declaration."""
    head = {
        "version": "2.0",
        "uid": event.uid,
        "type": event.type,
        "how": event.how,
        "time": iso(event.made_s),
        "start": iso(event.start_s),
        "stale": iso(event.stale_s),
        "access": event.access,
        "opex": event.operation,
    }
    point = {
        "lat": _decimal(event.lat_deg, 7),
        "lon": _decimal(event.lon_deg, 7),
        "hae": _metres(event.hae_m),
        "ce": _metres(event.circular_error_m),
        "le": _metres(event.linear_error_m),
    }
    open_event = _tag("event", head)[:-2] + ">"
    inside = "".join(children(event.detail))
    return f"{open_event}{_tag('point', point)}<detail>{inside}</detail></event>".encode()


def children(detail: Detail, *, leave_out: frozenset[str] = frozenset()) -> Iterator[str]:
    """The texts of the elements of a detail, without those of these names."""
    for name, attributes in _elements(detail):
        if name not in leave_out and attributes is not None:
            yield _tag(name, attributes)
    for link in detail.links:
        yield _tag("link", {"uid": link.uid, "type": link.type, "relation": link.relation})
    if detail.chat is not None:
        yield cot_chat.element_of(detail.chat)
        yield cot_chat.remarks_of(detail.chat, _escaped(detail.remarks))
    elif detail.remarks:
        yield f"<remarks>{_escaped(detail.remarks)}</remarks>"
    if detail.shape is not None:
        yield from cot_shape.elements(detail.shape)
    if detail.dest_uid:
        yield f"<marti>{_tag('dest', {'uid': detail.dest_uid})}</marti>"
    if detail.emergency_over:
        yield '<emergency cancel="true"/>'
    elif detail.emergency:
        yield _tag("emergency", {"type": detail.emergency})
    if detail.archive:
        yield "<archive/>"
    if detail.force_delete:
        yield "<__forcedelete/>"
    yield from _control(detail)


def _elements(detail: Detail) -> Iterator[tuple[str, dict[str, str] | None]]:
    aircraft, app = detail.aircraft, detail.app
    yield "contact", _said({"callsign": detail.callsign, "endpoint": detail.endpoint})
    yield "__group", _said({"name": detail.group, "role": detail.role})
    yield "precisionlocation", _said({"geopointsrc": detail.point_source, "altsrc": detail.height_source})
    yield "status", None if detail.battery_percent is None else {"battery": str(detail.battery_percent)}
    if app is not None:
        yield "takv", {"device": app.device, "platform": app.platform, "os": app.os, "version": app.version}
    speed, course = detail.speed_mps, detail.course_deg
    yield (
        "track",
        _said(
            {
                "speed": "" if speed is None else _decimal(speed, 3),
                "course": "" if course is None else _decimal(course, 3),
            }
        ),
    )
    if aircraft is not None:
        yield (
            "_aircot_",
            _said(
                {
                    "icao": aircraft.icao24,
                    "reg": aircraft.registration,
                    "flight": aircraft.flight,
                    "squawk": aircraft.squawk,
                    "cat": aircraft.category,
                }
            ),
        )
    yield "color", None if detail.colour is None else {"argb": str(detail.colour)}
    yield "usericon", _said({"iconsetpath": detail.icon})


def _control(detail: Detail) -> Iterator[str]:
    said = "".join(_tag("TakProtocolSupport", {"version": str(version)}) for version in detail.offers)
    if detail.asks is not None:
        said += _tag("TakRequest", {"version": str(detail.asks)})
    if detail.grants is not None:
        said += _tag("TakResponse", {"status": "true" if detail.grants else "false"})
    if said:
        yield f"<TakControl>{said}</TakControl>"


def iso(at_s: float) -> str:
    """ISO-8601 UTC in milliseconds, rounded."""
    at = _EPOCH + timedelta(milliseconds=round(at_s * 1000))
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _said(attributes: dict[str, str]) -> dict[str, str] | None:
    """The attributes that are not empty; None where all are."""
    return {name: text for name, text in attributes.items() if text} or None


def _tag(name: str, attributes: dict[str, str]) -> str:
    inside = "".join(f' {key}="{_escaped(text)}"' for key, text in attributes.items() if text)
    return f"<{name}{inside}/>"


def _escaped(text: str) -> str:
    return (
        escape(_UNPRINTABLE.sub("", text)).replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;")
    )


def _metres(value: float | None) -> str:
    return _decimal(UNKNOWN_M if value is None else value, 3)


def _decimal(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}".rstrip("0")
    return text + "0" if text.endswith(".") else text
