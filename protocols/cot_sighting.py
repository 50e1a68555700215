"""What a CoT event says of a thing that moves: CotEvent to Sighting.

Who: `cot:` and the uid. A 24-bit address only from the attribute that ADS-B gateways state it in, never from a uid or
a remark that looks like one. Where: the point, unless it is exactly 0, 0 (written by apps without a fix). How well:
CoT's `ce` is one standard deviation of a normal error (Event-PUBLIC.xsd); a radius of 95 % is 2.45 times that. It is
not believed of positions that a person entered, nor of `_aircot_` events, whose gateways write the NACp *category*
there. When: `time`, unless the event is already stale by its own word, by our clock or its device's (cot_clock.py).

An alarm (`b-a-o-*`) is about the device it is linked to and holds until it is taken back; only its position goes
stale. Events of things that do not move, or that a person put on a map, are passed over with a word for the count.
"""

import hashlib
import math
import re
from typing import NamedTuple
from urllib.parse import quote

from dispatch.kinds import AltitudeDatum, Emergency, SourceKind, ThingKind
from dispatch.sighting import Sighting
from protocols import cot_types
from protocols.cot_clock import DeviceClocks
from protocols.cot_event import CotEvent, Link
from protocols.cot_types import Sort

SIGMAS_95 = math.sqrt(-2 * math.log(0.05))  # 2.448: of a circular normal error, 95 % lie within so many sigma
KEY_LENGTH = 64  # of the part after `cot:`
FUTURE_S = 3.0  # a time so far ahead of ours is not the report's age (source_clock.py AHEAD_S)
STALE = "STALE"
ECHO = "ECHO"
_ALARM_SUFFIX = "-9-1-1"  # ATAK's alarms have the device's uid and this
_HIGHEST_M = 100_000.0
_LOWEST_M = -1_000.0
_FASTEST_MPS = 1_000.0
_HEX = re.compile(r"[0-9a-f]{6}")
_SQUAWK = re.compile(r"[0-7]{4}")
_CATEGORY = re.compile(r"[A-D][0-7]")
_NO_ADDRESS = frozenset(("000000", "ffffff"))  # ICAO Annex 10 Vol III §9.2.1: not to be used
_BY_HAND = "h"  # how: h-e estimated, h-g-i-g-o of unknown worth …; m-g is a satellite receiver
_SIMULATED = "m-s"
_EXERCISE = ("e-", "s-")  # opex: exercise, simulation


class Reading(NamedTuple):
    """What an event came to. `kind` is a word for the count; `refused` a code where a thing was not believed.

    `place` is where the thing of an alarm is: apart from the alarm itself, which must be heard also where its place
    is no news or cannot be believed.
    """

    sighting: Sighting | None
    kind: str
    refused: str = ""
    place: Sighting | None = None


class Decoder:
    """Reads the events of one line. `own` begins the uids that we send ourselves."""

    def __init__(self, *, source: str = "", simulated: bool = False, own: str = "") -> None:
        self.clocks = DeviceClocks()
        self._source = source
        self._simulated = simulated
        self._own = own

    def read(self, event: CotEvent, now: float | None = None) -> Reading:
        """An event that came at `now`. Without it (a file) every time counts as stated and nothing is stale."""
        sort = cot_types.sort_of(event.type)
        if sort is Sort.CONTROL or sort is Sort.OTHER:
            return Reading(None, cot_types.name_of(event.type))
        if self._own and event.uid.startswith(self._own):
            return Reading(None, str(sort), ECHO)
        if sort is Sort.THING:
            return self._thing(event, now)
        return self._alarm(event, now, over=sort is Sort.SOS_OVER)

    def _thing(self, event: CotEvent, now: float | None) -> Reading:
        if _is_placed(event):
            return Reading(None, "marker")
        observed_at_s, fresh = self._time(event, event.uid, now)
        if not fresh:
            return Reading(None, str(Sort.THING), STALE)
        detail = event.detail
        kind = cot_types.thing_of(event.type)
        aircraft = detail.aircraft
        name = _shown(detail.callsign)
        flight = _shown(aircraft.flight) if aircraft else ""
        course_deg, speed_mps = detail.course_deg, detail.speed_mps
        sighting = self._sighting(
            event,
            event.uid,
            kind,
            observed_at_s,
            placed=True,
            icao24=_address(aircraft.icao24) if aircraft else "",
            registration=(_shown(aircraft.registration) if aircraft else "") or None,
            callsign=(flight or name or None) if cot_types.is_air(kind) else None,
            name=name or None,
            squawk=aircraft.squawk if aircraft and _SQUAWK.fullmatch(aircraft.squawk) else None,
            emitter_category=aircraft.category
            if aircraft and _CATEGORY.fullmatch(aircraft.category)
            else None,
            ground_speed_mps=speed_mps
            if speed_mps is not None and 0.0 <= speed_mps <= _FASTEST_MPS
            else None,
            track_deg=course_deg % 360.0 if course_deg is not None and 0.0 <= course_deg <= 360.0 else None,
        )
        return Reading(sighting, str(Sort.THING))

    def _alarm(self, event: CotEvent, now: float | None, *, over: bool) -> Reading:
        link = next((link for link in event.detail.links if link.relation == "p-p"), Link(uid=""))
        uid = link.uid or event.uid.removesuffix(_ALARM_SUFFIX)
        if self._own and uid.startswith(self._own):
            return Reading(None, str(Sort.SOS), ECHO)
        observed_at_s, fresh = self._time(event, uid, now)
        sighting = self._sighting(
            event,
            uid,
            cot_types.thing_of(link.type) if link.type else None,
            None,
            placed=False,
            emergency=None if over else Emergency.SOS,
            calm=over,
        )
        placed = (
            self._sighting(event, uid, sighting.thing_kind, observed_at_s, placed=True) if fresh else None
        )
        if placed is not None and placed.lon_deg is None:
            placed = None
        return Reading(sighting, str(Sort.SOS_OVER if over else Sort.SOS), place=placed)

    def _time(self, event: CotEvent, uid: str, now: float | None) -> tuple[float | None, bool]:
        """When it was made, by our clock, where that is known; and whether it is still good."""
        if now is None:
            return event.made_s, True
        off_s = self.clocks.hear(uid, event.made_s, now)
        made_s = event.made_s + off_s
        return (None if made_s > now + FUTURE_S else made_s), event.stale_s + off_s >= now

    def _sighting(
        self,
        event: CotEvent,
        uid: str,
        kind: ThingKind | None,
        observed_at_s: float | None,
        *,
        placed: bool,
        icao24: str = "",
        registration: str | None = None,
        callsign: str | None = None,
        name: str | None = None,
        squawk: str | None = None,
        emitter_category: str | None = None,
        ground_speed_mps: float | None = None,
        track_deg: float | None = None,
        emergency: Emergency | None = None,
        calm: bool = False,
    ) -> Sighting:
        known = placed and not (event.lat_deg == 0.0 and event.lon_deg == 0.0)
        height_m = event.hae_m if known and event.hae_m is not None else None
        if height_m is not None and not _LOWEST_M <= height_m <= _HIGHEST_M:
            height_m = None
        return Sighting(
            source=self._source,
            source_kind=SourceKind.COT,
            icao24=icao24,
            own_key="" if icao24 else key_of(uid),
            observed_at_s=observed_at_s,
            lon_deg=event.lon_deg if known else None,
            lat_deg=event.lat_deg if known else None,
            accuracy_m=_accuracy_m(event) if known else None,
            altitude_m=height_m,
            altitude_datum=None if height_m is None else AltitudeDatum.ELLIPSOID,
            ground_speed_mps=ground_speed_mps,
            track_deg=track_deg,
            callsign=callsign,
            registration=registration,
            name=name,
            thing_kind=kind,
            squawk=squawk,
            emitter_category=emitter_category,
            emergency=emergency,
            calm=calm,
            simulated=self._simulated
            or event.how.startswith(_SIMULATED)
            or event.operation.startswith(_EXERCISE),
        )


def key_of(uid: str) -> str:
    """The key of a uid: percent-encoded, and cut with a digest where it would be too long."""
    text = quote(uid, safe=":@")
    if len(text) > KEY_LENGTH:
        digest = hashlib.blake2b(uid.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()
        text = f"{text[: KEY_LENGTH - len(digest) - 1]}~{digest}"
    return f"cot:{text}"


def _is_placed(event: CotEvent) -> bool:
    """Whether a person put it on a map: entered by hand, and none of what a device says of itself."""
    detail = event.detail
    return event.how.startswith(_BY_HAND) and detail.app is None and not detail.group


def _accuracy_m(event: CotEvent) -> float | None:
    sigma_m = event.circular_error_m
    if sigma_m is None or sigma_m <= 0.0:  # 0 is written for unknown: nothing is measured that well
        return None
    if event.how.startswith(_BY_HAND) or event.detail.aircraft is not None:
        return None
    return sigma_m * SIGMAS_95


def _address(text: str) -> str:
    found = text.lower()
    return found if _HEX.fullmatch(found) and found not in _NO_ADDRESS else ""


def _shown(text: str) -> str:
    """Without what no screen shows."""
    return "".join(letter for letter in text if letter.isprintable()).strip()
