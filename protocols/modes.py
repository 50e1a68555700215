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
from typing import Any, NamedTuple

from pyModeS import Message as Raw

from dispatch.kinds import SourceKind
from dispatch.motion import LIMIT_MPS, ROTORCRAFT_LIMIT_MPS, MotionGate, span_m
from dispatch.sighting import Sighting
from dispatch.tracks import ROTORCRAFT
from protocols import cpr, modes_fields
from protocols.frames import LONG_BYTES, MODE_AC_BYTES, SHORT_BYTES, BadFrame, Frame, ReceiverStatus
from protocols.receiver_clock import ReceiverClock

KNOWN_S = 60.0  # dump1090 keeps an address as long; an aircraft squitters its own every second
LOCAL_S = (
    60.0  # the age at which a position no longer serves to place a single frame (a lost track, DESIGN §4)
)
RANGE_M = (
    555_600.0  # 300 NM, beyond the radio horizon of 50,000 ft: farther from a known receiver is a false pair
)
SQUITTER_S = 0.5  # positions are sent every 0.4 to 0.6 s, ICAO Annex 10 Vol IV §3.1.2.8.6.4.2
AIRCRAFT_LIMIT = 4096  # addresses remembered per connection; the one unheard longest is forgotten
REPEAT_LIMIT = 1024  # frames remembered to know a repeat; one recording here repeats up to 99 frames later
PARITY_ADDRESS = frozenset((0, 4, 5, 16, 20, 21))  # downlink formats whose parity is laid over the address
_INTERROGATOR_BITS = (
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
    position_by: str = ""  # BY_PAIR, BY_LAST, BY_RECEIVER or REFUSED; empty without a position
    sighting: Sighting | None = None
    fields: Mapping[str, Any]


CRC, UNVERIFIED, UNSUPPORTED, LENGTH = "CRC", "UNVERIFIED", "UNSUPPORTED", "LENGTH"
BY_PAIR = "pair"  # globally, from an even and an odd frame
BY_LAST = "last"  # near the aircraft's last believed position
BY_RECEIVER = "receiver"  # near the receiver: soft until a pair confirms it
REFUSED = "refused"  # read, but it could not have flown there or the receiver could not have heard it

Item = Frame | ReceiverStatus | BadFrame  # what the deframers of beast.py and avr.py yield

_NO_FIELDS: Mapping[str, Any] = {}


class _Placed(NamedTuple):
    lon_deg: float
    lat_deg: float
    by: str


class _Aircraft:
    """What is remembered of one address."""

    __slots__ = ("category", "even", "gate", "heard_s", "named", "odd", "positions", "simulated", "surface")

    def __init__(self, *, simulated: bool) -> None:
        self.simulated = simulated
        self.heard_s: float | None = None
        self.category: str | None = None
        self.named = False  # it has told its callsign itself
        self.even: tuple[cpr.Cpr, float] | None = None
        self.odd: tuple[cpr.Cpr, float] | None = None
        self.surface = False
        self.positions = 0
        self.gate = MotionGate()

    def forget_places(self) -> None:
        self.even = self.odd = None
        self.gate = MotionGate()


def _never(_icao24: str) -> bool:
    return False


class Decoder:
    """One receiver's frames in, messages out. Memory is bounded by AIRCRAFT_LIMIT and REPEAT_LIMIT; never raises."""

    def __init__(
        self,
        *,
        source: str = "",
        reference_position: cpr.LonLat | None = None,
        simulated: Callable[[str], bool] = _never,
        gps_clock: bool = False,
        clock_id: str = "",
    ) -> None:
        self._source = source
        self._reference = reference_position
        self._simulated = simulated
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
            aircraft.forget_places()
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
        if raw.df != 11 or raw.crc > _INTERROGATOR_BITS:
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
        placed = self._place(aircraft, fields, at_s) if "cpr_format" in fields else None
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
        said: modes_fields.Measured,
        receiver_s: float | None,
        placed: _Placed | None,
    ) -> Sighting:
        callsign = said.callsign
        if callsign and df in (17, 18):
            aircraft.named = True
        elif aircraft.named:
            callsign = None  # a register read on request is the weaker word
        if said.emitter_category:
            aircraft.category = said.emitter_category
        seen = placed if placed is not None and placed.by != REFUSED else None
        return Sighting(
            source=self._source,
            source_kind=SourceKind.ADSB,
            icao24=icao24,
            clock_id=self._clock_id,
            receiver_s=receiver_s,
            lon_deg=None if seen is None else seen.lon_deg,
            lat_deg=None if seen is None else seen.lat_deg,
            soft=seen is not None and seen.by == BY_RECEIVER,
            altitude_m=said.altitude_m,
            altitude_datum=said.altitude_datum,
            ground_speed_mps=said.ground_speed_mps,
            track_deg=said.track_deg,
            vertical_rate_mps=said.vertical_rate_mps,
            callsign=callsign,
            squawk=said.squawk,
            emitter_category=said.emitter_category,
            on_ground=said.on_ground,
            simulated=aircraft.simulated,
        )

    def _remember(self, icao24: str, at_s: float | None, *, vouched: bool) -> _Aircraft:
        aircraft = self._aircraft.get(icao24)
        if aircraft is None:
            aircraft = self._aircraft[icao24] = _Aircraft(simulated=self._simulated(icao24))
            if len(self._aircraft) > AIRCRAFT_LIMIT:
                self._aircraft.popitem(last=False)
        else:
            self._aircraft.move_to_end(icao24)
        if vouched:
            aircraft.heard_s = at_s
        return aircraft

    def _place(self, aircraft: _Aircraft, fields: Mapping[str, Any], at_s: float | None) -> _Placed | None:
        """The position of a position frame, once it is unambiguous and could have been flown to."""
        aircraft.positions += 1
        timed = at_s is not None
        time_s = at_s if at_s is not None else aircraft.positions * SQUITTER_S
        surface = fields["bds"] == "0,6"
        if surface != aircraft.surface:
            aircraft.surface = surface
            aircraft.even = aircraft.odd = None
        frame = cpr.Cpr(bool(fields["cpr_format"]), fields["cpr_lat"], fields["cpr_lon"])
        if frame.odd:
            aircraft.odd = (frame, time_s)
        else:
            aircraft.even = (frame, time_s)
        found = self._resolve(aircraft, frame, time_s)
        if found is None or found.by == REFUSED:
            return found
        limit_mps = ROTORCRAFT_LIMIT_MPS if aircraft.category == ROTORCRAFT else LIMIT_MPS
        admitted = aircraft.gate.admit(
            found.lon_deg, found.lat_deg, time_s, limit_mps=limit_mps, soft=found.by == BY_RECEIVER
        )
        # without any clock a pause cannot be told from a jump
        return found if admitted or not timed else found._replace(by=REFUSED)

    def _resolve(self, aircraft: _Aircraft, frame: cpr.Cpr, time_s: float) -> _Placed | None:
        gate = aircraft.gate
        last = None
        if not gate.soft and abs(time_s - gate.at_s) <= LOCAL_S:
            last = (gate.lon_deg, gate.lat_deg)
        place = self._from_pair(aircraft, frame, last)
        if place is not None:
            return self._in_range(place, BY_PAIR)
        near = cpr.surface_near if aircraft.surface else cpr.near
        if last is not None:
            place = near(frame, last)
            return None if place is None else self._in_range(place, BY_LAST)
        if self._reference is None:
            return None
        place = near(frame, self._reference)
        return None if place is None else self._in_range(place, BY_RECEIVER)

    def _from_pair(self, aircraft: _Aircraft, frame: cpr.Cpr, last: cpr.LonLat | None) -> cpr.LonLat | None:
        if aircraft.even is None or aircraft.odd is None:
            return None
        (even, even_s), (odd, odd_s) = aircraft.even, aircraft.odd
        if not aircraft.surface:
            if abs(even_s - odd_s) > cpr.PAIR_WINDOW_S:
                return None
            return cpr.pair(even, odd, newest_is_even=not frame.odd)
        reference = last or self._reference
        if reference is None or abs(even_s - odd_s) > cpr.SURFACE_PAIR_WINDOW_S:
            return None
        return cpr.surface_pair(even, odd, reference, newest_is_even=not frame.odd)

    def _in_range(self, place: cpr.LonLat, by: str) -> _Placed:
        reference = self._reference
        if reference is not None and span_m(*place, *reference) > RANGE_M:
            by = REFUSED
        return _Placed(place[0], place[1], by)


def _bad(frame: Frame, df: int, icao24: str | None, problem: str, receiver_s: float | None) -> Message:
    return Message(
        frame=frame, df=df, icao24=icao24, problem=problem, receiver_s=receiver_s, fields=_NO_FIELDS
    )
