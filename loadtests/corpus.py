"""Mode S traffic made up for measuring and for tests: many aircraft, every kind of message, a receiver's counter.

    corpus = made(aircraft=20_000, seconds=4.0)        corpus.beast() -> bytes

An aircraft flies straight on at its speed; it sends what RATES_HZ says, each kind with a phase of its own. The same
arguments give the same bytes. Layouts: RTCA DO-260B §2.2.3.2 (squitters), ICAO Annex 10 Vol IV §3.1.2 (replies),
ICAO Doc 9871 (registers). Reading them is protocols/modes_batch.py; adsb_encode.py writes the same singly.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dispatch.motion import DEGREE_M, KNOT_MPS
from protocols import cpr_batch, modes_parity

HZ = 12_000_000
# Messages a second of one aircraft: squitters by DO-260B §2.2.3.3; replies as in the recording of tests/data/adsb
RATES_HZ: Mapping[str, float] = {
    "position": 2.0,
    "velocity": 2.0,
    "identity": 0.2,
    "operation": 0.4,
    "target": 0.4,
    "all_call": 1.0,
    "height": 0.2,
    "squawk": 0.1,
    "register_height": 0.2,
    "register_squawk": 0.1,
    "air_air": 0.2,
}
FOOT_M = 0.3048
GROUND_RADIUS_M = 40_000.0
_FIRST_ADDRESS = 0x780000  # of China's block, ICAO Annex 10 Vol III
_STATES = 190  # blocks of addresses that aircraft are spread over
_CROWD_EMERGENCY = 0.0005  # share that squawks 7700

Words = npt.NDArray[np.integer[Any]]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Frames in the order of their counters. `payload` has 14 bytes a row, of which short frames use 7."""

    ticks: Ints
    long: Bools
    payload: Bytes

    def __len__(self) -> int:
        return len(self.ticks)

    def at(self, places: Ints | Bools | slice) -> "Corpus":
        """Some of them, in that order."""
        return Corpus(ticks=self.ticks[places], long=self.long[places], payload=self.payload[places])

    def beast(self) -> bytes:
        """As a receiver sends them."""
        count = len(self)
        row = np.zeros((count, 23), np.uint8)
        row[:, 0] = 0x1A
        row[:, 1] = np.where(self.long, 0x33, 0x32)
        row[:, 2:8] = self.ticks.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 2:]
        row[:, 8] = 0x40
        row[:, 9:] = self.payload
        used = np.ones((count, 23), np.bool_)
        used[:, 16:] = self.long[:, np.newaxis]
        twice = row == 0x1A
        twice[:, 0] = False
        return np.repeat(row[used], 1 + twice[used]).tobytes()

    def hexes(self) -> list[str]:
        """Payloads as text, one each."""
        text = self.payload.tobytes().hex()
        return [
            text[at : at + (28 if long else 14)]
            for at, long in zip(range(0, len(text), 28), self.long.tolist(), strict=True)
        ]

    def seconds(self) -> list[float]:
        """Counters as seconds."""
        seconds: list[float] = (self.ticks / HZ).tolist()
        return seconds


class _Fleet(NamedTuple):
    """Aircraft at second 0; [aircraft] each."""

    address: Words
    lon_deg: Floats
    lat_deg: Floats
    speed_mps: Floats
    track_rad: Floats
    altitude_ft: Floats
    climb_ft_min: Floats
    on_ground: Bools
    squawk_code: Words
    callsign: Words  # eight times six bits
    category: Words


class _Sent(NamedTuple):
    """Frames of one kind, without parity."""

    at_s: Floats
    head: Words  # the first byte
    middle: Words  # the three after it: an address, or what a reply says
    message: Words  # the 56 bits of a long frame after that
    overlay: Words  # what lies over the parity
    long: bool


def made(
    *,
    aircraft: int,
    seconds: float,
    seed: int = 1,
    centre: tuple[float, float] = (115.9, 28.7),
    radius_m: float = 400_000.0,
    on_ground: float = 0.02,
    rates_hz: Mapping[str, float] = RATES_HZ,
    first_tick: int = 1_000_000,
) -> Corpus:
    """Traffic around a place (lon, lat)."""
    chance = np.random.default_rng(seed)
    fleet = _fleet(chance, aircraft, centre, radius_m, on_ground)
    makers = {
        "position": _positions,
        "velocity": _velocities,
        "identity": _identities,
        "operation": _operations,
        "target": _targets,
        "status": _statuses,
        "all_call": _all_calls,
        "height": _heights,
        "squawk": _squawks,
        "register_height": _register_heights,
        "register_squawk": _register_squawks,
        "air_air": _air_airs,
    }
    sent = []
    for kind, rate_hz in rates_hz.items():
        who, number, at_s = _schedule(chance, aircraft, seconds, rate_hz)
        sent.append(makers[kind](fleet, who, number, at_s))
    return _joined(sent, first_tick)


def _schedule(
    chance: np.random.Generator, aircraft: int, seconds: float, rate_hz: float
) -> tuple[Ints, Ints, Floats]:
    """Who sends, for which time, when."""
    each = max(1, int(seconds * rate_hz) + 1)
    phase = chance.random(aircraft) / rate_hz
    number = np.tile(np.arange(each), aircraft)
    who = np.repeat(np.arange(aircraft), each)
    jitter = chance.uniform(-0.1, 0.1, len(who)) / rate_hz  # DO-260B §2.2.3.3.2: 0.4 to 0.6 s
    at_s = np.maximum(phase[who] + number / rate_hz + jitter, 0.0)
    within = at_s < seconds
    return who[within], number[within], at_s[within]


def _fleet(
    chance: np.random.Generator, count: int, centre: tuple[float, float], radius_m: float, on_ground: float
) -> _Fleet:
    blocks = chance.choice(0xF00, _STATES, replace=False).astype(np.uint64) + 1
    address = (blocks[chance.integers(0, _STATES, count)] << 12) | chance.integers(0, 4096, count, np.uint64)
    address = np.unique(address)
    while len(address) < count:
        more = _FIRST_ADDRESS + chance.integers(0, 1 << 18, count, np.uint64)
        address = np.unique(np.concatenate((address, more)))
    address = chance.permutation(address)[:count]
    grounded = chance.random(count) < on_ground
    # a receiver hears aircraft on the ground only nearby; and only there can their positions be told apart
    distance_m = np.where(grounded, min(radius_m, GROUND_RADIUS_M), radius_m) * np.sqrt(chance.random(count))
    bearing = chance.uniform(0, 2 * np.pi, count)
    lat_deg = centre[1] + distance_m * np.cos(bearing) / DEGREE_M
    lon_deg = centre[0] + distance_m * np.sin(bearing) / DEGREE_M / np.cos(np.radians(lat_deg))
    level = chance.random(count) < 0.6
    letters = np.concatenate(
        (chance.integers(1, 27, (count, 3)), chance.integers(48, 58, (count, 4)), np.full((count, 1), 32)),
        axis=1,
    ).astype(np.uint64)
    callsign: Words = np.zeros(count, np.uint64)
    for column in range(8):
        callsign = callsign << 6 | letters[:, column]
    squawk_code = chance.integers(0, 1 << 13, count, np.uint64) & ~np.uint64(0x40)
    squawk_code[chance.random(count) < _CROWD_EMERGENCY] = 0x0AAA  # 7700
    return _Fleet(
        address=address,
        lon_deg=lon_deg,
        lat_deg=lat_deg,
        speed_mps=np.where(grounded, 6.0, chance.uniform(60, 260, count)),
        track_rad=chance.uniform(0, 2 * np.pi, count),
        altitude_ft=chance.uniform(1000, 40_000, count).round(-2),
        climb_ft_min=np.where(level, 0, chance.uniform(-2000, 2000, count)),
        on_ground=grounded,
        squawk_code=squawk_code,
        callsign=callsign,
        category=chance.choice(np.array([0xA1, 0xA3, 0xA3, 0xA3, 0xA5, 0xA7], np.uint64), count),
    )


def _places(fleet: _Fleet, who: Ints, at_s: Floats) -> tuple[Floats, Floats]:
    flown_deg = fleet.speed_mps[who] * at_s / DEGREE_M
    lat_deg = fleet.lat_deg[who] + flown_deg * np.cos(fleet.track_rad[who])
    lon_deg = fleet.lon_deg[who] + flown_deg * np.sin(fleet.track_rad[who]) / np.cos(np.radians(lat_deg))
    return (lon_deg + 180) % 360 - 180, lat_deg


def _height_code(fleet: _Fleet, who: Ints, at_s: Floats) -> Words:
    """25 ft steps with Q, 13 bits, Annex 10 Vol IV §3.1.2.6.5.4."""
    altitude_ft = fleet.altitude_ft[who] + fleet.climb_ft_min[who] * at_s / 60
    steps = np.clip(np.rint((altitude_ft + 1000) / 25), 1, 2047).astype(np.uint64)
    return (steps >> 5) << 7 | (steps >> 4 & 1) << 5 | 0x10 | steps & 0xF


def _squitter(fleet: _Fleet, who: Ints, at_s: Floats, body: Words) -> _Sent:
    head = np.where(fleet.on_ground[who], 17 << 3 | 4, 17 << 3 | 5).astype(np.uint64)
    return _Sent(at_s, head, fleet.address[who], body, np.zeros_like(head), True)


def _positions(fleet: _Fleet, who: Ints, number: Ints, at_s: Floats) -> _Sent:
    lon_deg, lat_deg = _places(fleet, who, at_s)
    ground, odd = fleet.on_ground[who], number % 2 == 1
    code = _height_code(fleet, who, at_s)
    airborne = np.uint64(11 << 51) | (code >> 7 << 6 | code & 0x3F) << 36
    course = np.rint(np.degrees(fleet.track_rad[who]) / 360 * 128).astype(np.uint64) & 0x7F
    surface = np.uint64(7 << 51 | 18 << 44 | 1 << 43) | course << 36
    body = np.where(ground, surface, airborne) | odd.astype(np.uint64) << 34
    return _squitter(fleet, who, at_s, body | encoded(lon_deg, lat_deg, odd=odd, surface=ground))


def encoded(lon_deg: Floats, lat_deg: Floats, *, odd: Bools, surface: Bools) -> Words:
    """Compact positions, latitude above 17 bits of longitude; as cpr.encode."""
    turn_deg = np.where(surface, 90.0, 360.0)
    zone_deg = turn_deg / np.where(odd, 59, 60)
    lat = np.floor(131072 * ((lat_deg % zone_deg) / zone_deg) + 0.5)
    seen_lat_deg = zone_deg * (lat / 131072 + np.floor(lat_deg / zone_deg))
    zone_deg = turn_deg / np.maximum(cpr_batch.zones(seen_lat_deg) - odd, 1)
    lon = np.floor(131072 * ((lon_deg % zone_deg) / zone_deg) + 0.5)
    return (lat.astype(np.uint64) % 131072) << 17 | lon.astype(np.uint64) % 131072


def _velocities(fleet: _Fleet, who: Ints, _number: Ints, at_s: Floats) -> _Sent:
    speed_kt = fleet.speed_mps[who] / KNOT_MPS
    east = np.rint(speed_kt * np.sin(fleet.track_rad[who])).astype(np.int64)
    north = np.rint(speed_kt * np.cos(fleet.track_rad[who])).astype(np.int64)
    climb = np.rint(fleet.climb_ft_min[who] / 64).astype(np.int64)
    body: Words = np.uint64(19 << 51 | 1 << 48 | 1 << 43 | 1 << 20) | (
        (east < 0) << 42 | (np.abs(east) + 1) << 32
    ).astype(np.uint64)
    body = body | ((north < 0) << 31 | (np.abs(north) + 1) << 21).astype(np.uint64)
    body = body | ((climb < 0) << 19 | (np.abs(climb) + 1) << 10).astype(np.uint64)
    return _squitter(fleet, who, at_s, body)


def _identities(fleet: _Fleet, who: Ints, _number: Ints, at_s: Floats) -> _Sent:
    body = np.uint64(4 << 51) | (fleet.category[who] & 7) << 48 | fleet.callsign[who]
    return _squitter(fleet, who, at_s, body)


def _operations(fleet: _Fleet, who: Ints, _number: Ints, at_s: Floats) -> _Sent:
    subtype = fleet.on_ground[who].astype(np.uint64) << 48
    nacp = (8 + fleet.address[who] % 4) << 8
    return _squitter(fleet, who, at_s, np.uint64(31 << 51 | 2 << 13 | 3 << 4) | subtype | nacp)


def _targets(fleet: _Fleet, who: Ints, _number: Ints, at_s: Floats) -> _Sent:
    selected = (fleet.altitude_ft[who] / 32).astype(np.uint64) << 36
    nacp = (8 + fleet.address[who] % 4) << 13
    return _squitter(fleet, who, at_s, np.uint64(29 << 51 | 1 << 49 | 3 << 10) | selected | nacp)


def _statuses(fleet: _Fleet, who: Ints, _number: Ints, at_s: Floats) -> _Sent:
    state = (fleet.address[who] % 8) << 45
    return _squitter(fleet, who, at_s, np.uint64(28 << 51 | 1 << 48) | state | fleet.squawk_code[who] << 32)


def _all_calls(fleet: _Fleet, who: Ints, number: Ints, at_s: Floats) -> _Sent:
    """Every third answers an interrogator, whose code lies over the parity."""
    head = np.where(fleet.on_ground[who], 11 << 3 | 4, 11 << 3 | 5).astype(np.uint64)
    interrogator = np.where(number % 3 == 2, 5, 0).astype(np.uint64)
    return _Sent(at_s, head, fleet.address[who], np.zeros_like(head), interrogator, False)


def _reply(
    fleet: _Fleet, who: Ints, at_s: Floats, form: int, said: Words, register: Words | None = None
) -> _Sent:
    status = fleet.on_ground[who].astype(np.uint64)
    head = (status << 2 if form in (0, 16) else status) | form << 3
    message = np.zeros_like(head) if register is None else register
    return _Sent(at_s, head, said, message, fleet.address[who], register is not None)


def _heights(fleet: _Fleet, who: Ints, _number: Ints, at_s: Floats) -> _Sent:
    return _reply(fleet, who, at_s, 4, _height_code(fleet, who, at_s))


def _squawks(fleet: _Fleet, who: Ints, _number: Ints, at_s: Floats) -> _Sent:
    return _reply(fleet, who, at_s, 5, fleet.squawk_code[who])


def _air_airs(fleet: _Fleet, who: Ints, _number: Ints, at_s: Floats) -> _Sent:
    return _reply(fleet, who, at_s, 0, _height_code(fleet, who, at_s))


def _register_heights(fleet: _Fleet, who: Ints, number: Ints, at_s: Floats) -> _Sent:
    return _reply(fleet, who, at_s, 20, _height_code(fleet, who, at_s), _registers(fleet, who, number))


def _register_squawks(fleet: _Fleet, who: Ints, number: Ints, at_s: Floats) -> _Sent:
    return _reply(fleet, who, at_s, 21, fleet.squawk_code[who], _registers(fleet, who, number))


def _registers(fleet: _Fleet, who: Ints, number: Ints) -> Words:
    """Every fourth is the callsign (register 2,0), the rest selected height and pressure (4,0)."""
    callsign = np.uint64(0x20 << 48) | fleet.callsign[who]
    selected = (fleet.altitude_ft[who] / 16).astype(np.uint64) << 43
    intent = np.uint64(1 << 55 | 1 << 29 | 2132 << 17) | selected  # 1013.2 hPa
    return np.where(number % 4 == 0, callsign, intent)


def _joined(sent: list[_Sent], first_tick: int) -> Corpus:
    """All kinds in the order of time, with parity."""
    long = np.concatenate([np.full(len(kind.at_s), kind.long) for kind in sent])
    at_s, head, middle, message, overlay = (
        np.concatenate(columns) for columns in zip(*(kind[:5] for kind in sent), strict=True)
    )
    order = np.argsort(at_s, kind="stable")
    at_s, head, middle, message, overlay, long = (
        column[order] for column in (at_s, head, middle, message, overlay, long)
    )
    first = (head << 56 | middle << 32 | message >> 24).astype(np.uint64)
    second = (message << 40).astype(np.uint64)
    parity = modes_parity.remainders(first, second, long).astype(np.uint64) ^ overlay
    first |= np.where(long, 0, parity << 8)
    second |= np.where(long, parity << 16, 0)
    payload = np.stack((first, second), axis=1).astype(">u8").view(np.uint8).reshape(-1, 16)[:, :14]
    ticks = first_tick + np.rint(at_s * HZ).astype(np.int64)
    # no two frames come at one tick: a receiver hears one at a time
    ticks = np.maximum.accumulate(ticks - np.arange(len(ticks))) + np.arange(len(ticks))
    return Corpus(ticks=ticks, long=long, payload=np.ascontiguousarray(payload))
