"""Mode S frames to sightings: parity, addresses, positions. One decoder per connection.

Fields are read with pyModeS; what a stateless reader cannot know is here: which addresses are real, which two
position frames belong together, and whether an aircraft could have flown there. Time is the receiver's counter
(receiver_clock.py), so the same bytes decode the same at any speed; the arrival time is used only where a frame has
no counter, and where there is neither, the aircraft's own rhythm of two positions a second stands in.

Nothing is repaired: a frame whose parity is wrong is a counted CRC error and no more. Formats whose parity is laid
over the address (DF0, 4, 5, 16, 20, 21) are believed only for addresses that a good DF11, 17 or 18 named within
KNOWN_S. Deframing is beast.py and avr.py; who is simulated and what a source is called is the caller's word.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pyModeS import Message as Raw

from dispatch.kinds import SourceKind
from dispatch.motion import LIMIT_MPS, ROTORCRAFT, ROTORCRAFT_LIMIT_MPS
from dispatch.sighting import Sighting
from protocols import cpr, modes_accuracy, modes_fields
from protocols.frames import LONG_BYTES, MODE_AC_BYTES, SHORT_BYTES, BadFrame, Frame, ReceiverStatus
from protocols.modes_places import (
    BY_LAST,
    BY_PAIR,
    BY_RECEIVER,
    OUT_OF_RANGE,
    REFUSED,
    Placed,
    Places,
)
from protocols.receiver_clock import ReceiverClock

__all__ = [
    "BY_LAST",
    "BY_PAIR",
    "BY_RECEIVER",
    "CRC",
    "LENGTH",
    "NOT_BELIEVED",
    "OUT_OF_RANGE",
    "REFUSED",
    "UNSUPPORTED",
    "UNVERIFIED",
    "Decoder",
    "Item",
    "Message",
]

NOT_BELIEVED = frozenset((REFUSED, OUT_OF_RANGE))
KNOWN_S = 60.0  # dump1090 keeps an address as long; an aircraft squitters its own every second
AIRCRAFT_LIMIT = 4096  # addresses remembered per connection; the one unheard longest is forgotten
REPEAT_LIMIT = 1024  # frames remembered to know a repeat; one recording here repeats up to 99 frames later
PARITY_ADDRESS = frozenset((0, 4, 5, 16, 20, 21))  # downlink formats whose parity is laid over the address
INTERROGATOR_BITS = (
    0x7F  # DF11: the interrogator's code lies over the last 7 bits of parity, Annex 10 §3.1.2.3.3.2
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One frame, read. `problem` is empty when the frame is believed, else a stable code:

    CRC (parity wrong), UNVERIFIED (address known from nowhere else), UNSUPPORTED (no such downlink format),
    LENGTH (its format is longer or shorter). `sighting` is None for those, for Mode A/C, and for addresses that
    are not ICAO's (DF18). `repeat`: the same frame with the same counter came before.
    """

    frame: Frame
    df: int | None
    icao24: str | None
    problem: str = ""
    typecode: int | None = None
    receiver_s: float | None = None
    repeat: bool = False
    position_by: str = ""  # BY_PAIR, BY_LAST, BY_RECEIVER, REFUSED or OUT_OF_RANGE; empty without a position
    sighting: Sighting | None = None
    fields: Mapping[str, Any]


CRC, UNVERIFIED, UNSUPPORTED, LENGTH = "CRC", "UNVERIFIED", "UNSUPPORTED", "LENGTH"
Item = Frame | ReceiverStatus | BadFrame  # what the deframers of beast.py and avr.py yield

_NO_FIELDS: Mapping[str, Any] = {}


class _Aircraft:
    """What is remembered of one address."""

    __slots__ = ("category", "heard_s", "nacp", "named", "places", "simulated")

    def __init__(self, *, simulated: bool) -> None:
        self.simulated = simulated
        self.heard_s: float | None = None
        self.category: str | None = None
        self.named = False  # it has told its callsign itself
        self.nacp: int | None = None  # how good it says its positions are
        self.places = Places()


def _never(_icao24: str) -> bool:
    return False


class Decoder:
    """One receiver's frames in, messages out. Memory is bounded by `aircraft_limit` and REPEAT_LIMIT; never raises."""

    def __init__(
        self,
        *,
        source: str = "",
        reference_position: cpr.LonLat | None = None,
        simulated: Callable[[str], bool] = _never,
        gps_clock: bool = False,
        clock_id: str = "",
        aircraft_limit: int = AIRCRAFT_LIMIT,
    ) -> None:
        self._source = source
        self._reference = reference_position
        self._simulated = simulated
        self._limit = aircraft_limit
        self._clock = ReceiverClock(gps=gps_clock)
        self._clock_name = clock_id or source
        self._epoch = 0
        self._clock_id = f"{self._clock_name}.0"
        self._aircraft: OrderedDict[str, _Aircraft] = OrderedDict()
        self._recent: OrderedDict[tuple[int, bytes], Message] = OrderedDict()

    def status(self, status: ReceiverStatus) -> None:
        """The receiver told how its counter runs."""
        if status.gps_clock is not None:
            self._clock.use_gps(status.gps_clock)

    def decode(self, frame: Frame, arrived_s: float | None = None) -> Message:
        """Read one frame. `arrived_s` (any steady clock) is used only if the frame has no counter of its own."""
        reading = self._clock.read(frame.ticks)
        if reading is None or frame.ticks is None:
            return self._read(frame, None, arrived_s)
        if reading.epoch != self._epoch:
            self._restart(reading.epoch)
        key = (frame.ticks, frame.payload)
        before = self._recent.get(key)
        if before is not None:
            return replace(before, repeat=True)
        message = self._read(frame, reading.at_s, reading.at_s)
        self._recent[key] = message
        if len(self._recent) > REPEAT_LIMIT:
            self._recent.popitem(last=False)
        return message

    def _restart(self, epoch: int) -> None:
        """The counter began anew: nothing from before can be timed against what follows."""
        self._epoch = epoch
        self._clock_id = f"{self._clock_name}.{epoch}"
        self._recent.clear()
        for aircraft in self._aircraft.values():
            aircraft.places.forget()
            aircraft.heard_s = None

    def _read(self, frame: Frame, receiver_s: float | None, at_s: float | None) -> Message:
        payload = frame.payload
        size = len(payload)
        if size == MODE_AC_BYTES:
            return Message(frame=frame, df=None, icao24=None, receiver_s=receiver_s, fields=_NO_FIELDS)
        df = min(24, payload[0] >> 3)  # Comm-D: two bits of format only
        if size != (LONG_BYTES if df >= 16 else SHORT_BYTES):
            return _bad(frame, df, None, LENGTH, receiver_s)
        raw = modes_fields.header(payload)
        if df in (11, 17, 18):
            problem = self._parity_problem(raw, at_s)
            icao24 = payload[1:4].hex()
        elif df in PARITY_ADDRESS:
            icao24 = f"{raw.crc:06x}"
            problem = "" if self._known(icao24, at_s) else UNVERIFIED
        else:
            icao24 = None
            problem = UNVERIFIED if df in (19, 24) else UNSUPPORTED
        if problem or icao24 is None:
            return _bad(frame, df, icao24, problem, receiver_s)
        return self._believed(frame, raw, icao24, receiver_s, at_s)

    def _parity_problem(self, raw: Raw, at_s: float | None) -> str:
        if raw.crc == 0:
            return ""
        if raw.df != 11 or raw.crc > INTERROGATOR_BITS:
            return CRC
        return "" if self._known(raw.icao.lower(), at_s) else UNVERIFIED

    def _known(self, icao24: str, at_s: float | None) -> bool:
        aircraft = self._aircraft.get(icao24)
        if aircraft is None:
            return False
        if at_s is None or aircraft.heard_s is None:
            return at_s is None
        return at_s - aircraft.heard_s <= KNOWN_S

    def _believed(
        self, frame: Frame, raw: Raw, icao24: str, receiver_s: float | None, at_s: float | None
    ) -> Message:
        df = raw.df
        if df == 18 and frame.payload[0] & 7 not in (0, 2, 6):
            # control field: anonymous, TIS-B and management formats name no ICAO address (DO-260B §2.2.3.2.1.2)
            typecode = frame.payload[4] >> 3
            return Message(
                frame=frame,
                df=df,
                icao24=None,
                typecode=typecode,
                receiver_s=receiver_s,
                fields={"address": icao24},
            )
        aircraft = self._remember(icao24, at_s, vouched=raw.crc == 0 and df in (11, 17, 18))
        fields, said = modes_fields.content(frame.payload)
        placed = None
        if "cpr_format" in fields:
            placed = self._place(aircraft, fields, at_s, clocked=receiver_s is not None)
        return Message(
            frame=frame,
            df=df,
            icao24=icao24,
            typecode=fields.get("typecode"),
            receiver_s=receiver_s,
            position_by="" if placed is None else placed.by,
            sighting=self._sighting(
                icao24,
                aircraft,
                df=df,
                typecode=fields.get("typecode", 0),
                said=said,
                receiver_s=receiver_s,
                placed=placed,
            ),
            fields=fields,
        )

    def _sighting(
        self,
        icao24: str,
        aircraft: _Aircraft,
        *,
        df: int,
        typecode: int,
        said: modes_fields.Measured,
        receiver_s: float | None,
        placed: Placed | None,
    ) -> Sighting:
        callsign = said.callsign
        if callsign and df in (17, 18):
            aircraft.named = True
        elif aircraft.named:
            callsign = None  # a register read on request is the weaker word
        if said.emitter_category:
            aircraft.category = said.emitter_category
        if said.nacp is not None:
            aircraft.nacp = said.nacp
        # a refused place goes on: two aircraft may share the address, and the picture (gate.py) judges it again
        seen = placed if placed is not None and placed.by != OUT_OF_RANGE else None
        return Sighting(
            source=self._source,
            source_kind=SourceKind.ADSB,
            icao24=icao24,
            clock_id=self._clock_id,
            receiver_s=receiver_s,
            lon_deg=None if seen is None else seen.lon_deg,
            lat_deg=None if seen is None else seen.lat_deg,
            soft=seen is not None and seen.by == BY_RECEIVER,
            accuracy_m=None if seen is None else modes_accuracy.accuracy_m(aircraft.nacp, typecode),
            altitude_m=said.altitude_m,
            altitude_datum=said.altitude_datum,
            ground_speed_mps=said.ground_speed_mps,
            track_deg=said.track_deg,
            vertical_rate_mps=said.vertical_rate_mps,
            callsign=callsign,
            squawk=said.squawk,
            emergency=said.emergency,
            emitter_category=said.emitter_category,
            on_ground=said.on_ground,
            simulated=aircraft.simulated,
        )

    def _remember(self, icao24: str, at_s: float | None, *, vouched: bool) -> _Aircraft:
        aircraft = self._aircraft.get(icao24)
        if aircraft is None:
            aircraft = self._aircraft[icao24] = _Aircraft(simulated=self._simulated(icao24))
            if len(self._aircraft) > self._limit:
                self._aircraft.popitem(last=False)
        else:
            self._aircraft.move_to_end(icao24)
        if vouched:
            aircraft.heard_s = at_s
        return aircraft

    def _place(
        self, aircraft: _Aircraft, fields: Mapping[str, Any], at_s: float | None, *, clocked: bool
    ) -> Placed | None:
        return aircraft.places.place(
            cpr.Cpr(bool(fields["cpr_format"]), fields["cpr_lat"], fields["cpr_lon"]),
            surface=fields["bds"] == "0,6",
            at_s=at_s,
            clocked=clocked,
            limit_mps=ROTORCRAFT_LIMIT_MPS if aircraft.category == ROTORCRAFT else LIMIT_MPS,
            reference=self._reference,
        )


def _bad(frame: Frame, df: int, icao24: str | None, problem: str, receiver_s: float | None) -> Message:
    return Message(
        frame=frame, df=df, icao24=icao24, problem=problem, receiver_s=receiver_s, fields=_NO_FIELDS
    )
