"""One Cursor-on-Target event as a value, whichever form it came in: XML text or TAK protocol version 1.

An event says what (`type`, cot_types.py), who (`uid`), where (a point with the errors of it) and for how long
(`stale_s`). What else is known hangs in its detail; here are the parts of it that Ganying reads or writes.

Positions are WGS-84 degrees, heights metres above the ellipsoid, times UTC seconds since 1970, angles degrees true.
Source of the base fields: MITRE, Cursor-on-Target Message Router User's Guide, appendix A (Event-PUBLIC.xsd).
"""

from dataclasses import dataclass, field

from dispatch.errors import Malformed
from protocols.cot_chat import Chat
from protocols.cot_shape import Shape

EVENT_BYTES = (
    64 * 1024
)  # as XML or protobuf; a position is under 2 KB, a drawn route of hundreds of points 30 KB
UNKNOWN_M = 9999999.0  # written where a height or an error is not known; older senders write 999999
UNKNOWN_FROM_M = 999999.0
UID_LENGTH = 256
TEXT_LENGTH = 256  # of attributes; longer ones are cut
REMARKS_LENGTH = 1024
LINKS = 16  # kept of an event; routes have hundreds, which are their course


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """This event's tie to another: `p-p` its producer or parent."""

    uid: str
    type: str = ""
    relation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aircraft:
    """What the ADS-B gateways (adsbcot and its kin) say in `_aircot_`."""

    icao24: str = ""  # as written
    registration: str = ""
    flight: str = ""
    squawk: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The program at the other end: sent by devices that report themselves, not by what they place on a map."""

    device: str = ""
    platform: str = ""
    os: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """The parts of an event's detail that are read. Empty and None: not said."""

    callsign: str = ""
    endpoint: str = ""
    group: str = ""
    role: str = ""
    point_source: str = ""
    height_source: str = ""
    battery_percent: int | None = None
    app: App | None = None
    speed_mps: float | None = None
    course_deg: float | None = None
    remarks: str = ""
    links: tuple[Link, ...] = ()
    aircraft: Aircraft | None = None
    emergency: str = ""  # its kind in words, 911 Alert
    emergency_over: bool = False
    colour: int | None = None  # of a marker, ARGB as a signed 32-bit number
    icon: str = ""  # of a marker: path in the receiver's icon sets
    archive: bool = False  # to be kept by receivers: something placed, not something that reports
    force_delete: bool = False
    chat: Chat | None = None
    receipt: Chat | None = None  # of a chat; read, never written
    shape: Shape | None = None  # written, never read
    dest_uid: str = ""  # to whom a server is to pass it on
    offers: tuple[int, ...] = ()  # TAK protocol versions that a server offers
    asks: int | None = None  # the version that a client asks for
    grants: bool | None = None  # the server's answer


@dataclass(frozen=True, slots=True, kw_only=True)
class CotEvent:
    """An event. Raises Malformed where the values cannot be one."""

    uid: str
    type: str
    how: str = ""
    made_s: float
    start_s: float
    stale_s: float
    lat_deg: float
    lon_deg: float
    hae_m: float | None = None
    circular_error_m: float | None = None
    linear_error_m: float | None = None
    access: str = ""
    operation: str = ""  # opex: e-NAME is an exercise, s-NAME a simulation
    detail: Detail = field(default_factory=Detail)

    def __post_init__(self) -> None:
        if not self.uid.strip() or len(self.uid) > UID_LENGTH:
            raise Malformed("uid", "is empty" if not self.uid.strip() else f"is over {UID_LENGTH} characters")
        if not self.type:
            raise Malformed("type", "is empty")
        if not -90.0 <= self.lat_deg <= 90.0:  # also false for NaN
            raise Malformed("point.lat", f"{self.lat_deg:g} is outside 90")
        if not -180.0 <= self.lon_deg <= 180.0:
            raise Malformed("point.lon", f"{self.lon_deg:g} is outside 180")


def known_m(value: float) -> float | None:
    """A height or an error; None where the sender says it does not know."""
    return value if abs(value) < UNKNOWN_FROM_M else None  # NaN is unknown too
