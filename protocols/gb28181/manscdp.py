"""MANSCDP: what devices and platforms say to each other in MESSAGE bodies, as XML (GB/T 28181-2016 annex A, 2022).

Bodies come as GB2312, GBK, GB18030 or UTF-8, as their declaration says or not; ours are GB18030, which holds them all.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from protocols.gb28181.errors import BadGb
from protocols.gb28181.ids import check_id

CONTENT_TYPE = "Application/MANSCDP+xml"
MOST_BYTES = 60_000
MOST_ITEMS = 100  # of one message: a device sends some three
MOST_NAME = 60
_DECLARATION = re.compile(rb"^\s*<\?xml[^>]{0,200}\?>")
_ENCODING = re.compile(rb"encoding\s{0,4}=\s{0,4}[\"']([A-Za-z0-9_-]{1,20})[\"']")
_ROOTS = frozenset({"Notify", "Query", "Response", "Control"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Manscdp:
    """One body. `device_id`: whom it is about."""

    root: str
    command: str
    sn: int
    device_id: str
    element: Element


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One line of a catalogue."""

    id: str
    name: str
    parent: str = ""
    online: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class GbPosition:
    """Of MobilePosition; WGS-84 as the 2022 edition asks (2016 does not say)."""

    device_id: str
    lon_deg: float
    lat_deg: float


def _bad(field: str, detail: str) -> BadGb:
    return BadGb("BAD_XML", field, detail)


def _decoded(body: bytes) -> str:
    declared = _DECLARATION.match(body)
    named = _ENCODING.search(declared[0]) if declared else None
    name = named[1].decode().upper() if named else ""
    rest = body[declared.end() :] if declared else body.removeprefix(b"\xef\xbb\xbf")
    if not name:
        try:
            return rest.decode()
        except UnicodeDecodeError:
            name = "GB18030"
    if name not in ("GB2312", "GBK", "GB18030", "UTF-8", "UTF8"):
        raise _bad("encoding", f"{name} is not spoken here")
    try:
        return rest.decode("utf-8" if name.startswith("UTF") else "gb18030")
    except UnicodeDecodeError:
        raise _bad("encoding", f"is not {name}") from None


def read(body: bytes) -> Manscdp:
    """Raises BadGb(BAD_XML, BAD_ID)."""
    if len(body) > MOST_BYTES:
        raise _bad("body", f"has {len(body)} bytes")
    try:
        root = fromstring(_decoded(body), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        if isinstance(error, BadGb):
            raise
        raise _bad("body", "is no XML") from None
    command = _said(root, "CmdType")
    if root.tag not in _ROOTS or not re.fullmatch(r"[A-Za-z]{1,40}", command):
        raise _bad("CmdType", "is missing")
    sn = _said(root, "SN")
    if not re.fullmatch(r"[0-9]{1,10}", sn):
        raise _bad("SN", "is no number")
    return Manscdp(
        root=root.tag,
        command=command,
        sn=int(sn),
        device_id=check_id(_said(root, "DeviceID")),
        element=root,
    )


def _said(element: Element, name: str) -> str:
    found = element.find(name)
    return "" if found is None or found.text is None else found.text.strip()


def text_of(message: Manscdp, name: str) -> str:
    """What one element says; empty: nothing."""
    return _said(message.element, name)[:200]


def channels_of(message: Manscdp) -> tuple[int, tuple[Channel, ...]]:
    """Of a catalogue's answer: how many there are in all, and those in this message. Raises BadGb."""
    total = _said(message.element, "SumNum")
    if not re.fullmatch(r"[0-9]{1,6}", total):
        raise _bad("SumNum", "is no number")
    items = message.element.findall("DeviceList/Item")
    if len(items) > MOST_ITEMS:
        raise _bad("DeviceList", f"has {len(items)} items")
    made = []
    for item in items:
        parent = _said(item, "ParentID")
        made.append(
            Channel(
                id=check_id(_said(item, "DeviceID"), "Item.DeviceID"),
                name=_said(item, "Name")[:MOST_NAME],
                parent=parent[:60],
                online=_said(item, "Status").upper() not in ("OFF", "OFFLINE"),
            )
        )
    return int(total), tuple(made)


def position_of(message: Manscdp) -> GbPosition:
    """Of MobilePosition. Raises BadGb."""
    values = []
    for name, most in (("Longitude", 180.0), ("Latitude", 90.0)):
        text = _said(message.element, name)
        try:
            value = float(text)
        except ValueError:
            raise _bad(name, "is no number") from None
        if not math.isfinite(value) or abs(value) > most:
            raise _bad(name, f"{text[:20]} is beyond {most:g}")
        values.append(value)
    return GbPosition(device_id=message.device_id, lon_deg=values[0], lat_deg=values[1])


def body_of(root: str, fields: Iterable[tuple[str, object]], inner: str = "") -> bytes:
    """A body as it goes out; `inner` is XML already."""
    lines = [f"<{name}>{escape(str(value))}</{name}>" for name, value in fields]
    text = f'<?xml version="1.0" encoding="GB18030"?>\r\n<{root}>\r\n' + "\r\n".join(lines)
    return (text + inner + f"\r\n</{root}>\r\n").encode("gb18030")


def keepalive(device_id: str, sn: int) -> bytes:
    """We are here."""
    return body_of(
        "Notify", [("CmdType", "Keepalive"), ("SN", sn), ("DeviceID", device_id), ("Status", "OK")]
    )


def query(command: str, device_id: str, sn: int) -> bytes:
    """Ask for the catalogue, or another thing."""
    return body_of("Query", [("CmdType", command), ("SN", sn), ("DeviceID", device_id)])


def catalogue(
    platform_id: str, sn: int, total: int, channels: Iterable[Channel], *, civil_code: str
) -> bytes:
    """Our answer to a query: a few of `total`."""
    items = ""
    shown = tuple(channels)
    for each in shown:
        fields: list[tuple[str, object]] = [
            ("DeviceID", each.id),
            ("Name", each.name),
            ("Manufacturer", "Ganying"),
            ("Model", "relay"),
            ("CivilCode", civil_code),
            ("Address", ""),
            ("Parental", 0),
            ("ParentID", platform_id),
            ("RegisterWay", 1),
            ("Secrecy", 0),
            ("Status", "ON" if each.online else "OFF"),
        ]
        items += (
            "\r\n<Item>"
            + "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in fields)
            + "</Item>"
        )
    return body_of(
        "Response",
        [("CmdType", "Catalog"), ("SN", sn), ("DeviceID", platform_id), ("SumNum", total)],
        f'\r\n<DeviceList Num="{len(shown)}">{items}\r\n</DeviceList>',
    )


def device_info(platform_id: str, sn: int, name: str, channels: int) -> bytes:
    """Our answer to DeviceInfo."""
    return body_of(
        "Response",
        [
            ("CmdType", "DeviceInfo"),
            ("SN", sn),
            ("DeviceID", platform_id),
            ("DeviceName", name),
            ("Result", "OK"),
            ("Manufacturer", "Ganying"),
            ("Model", "relay"),
            ("Firmware", "1"),
            ("Channel", channels),
        ],
    )


def device_status(platform_id: str, sn: int) -> bytes:
    """Our answer to DeviceStatus."""
    return body_of(
        "Response",
        [
            ("CmdType", "DeviceStatus"),
            ("SN", sn),
            ("DeviceID", platform_id),
            ("Result", "OK"),
            ("Online", "ONLINE"),
            ("Status", "OK"),
        ],
    )
