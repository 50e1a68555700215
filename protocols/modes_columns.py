"""The fields of many believed Mode S frames, as columns of an AddressBatch: what modes_fields.py reads singly.

Frames are first sorted by what they are (`Said`), then each kind is read whole. Bits are taken from the words of a row
(frames_batch.py): `first` holds payload bytes 0 to 7, `second` bytes 8 to 13. Tables are made with pyModeS once, so
that heights, squawks and speeds are its own. Sections as in modes_fields.py.
"""

from enum import IntEnum

import numpy as np
import numpy.typing as npt
from pyModeS.decoder.bds.bds06 import decode_bds06
from pyModeS.util import altcode, idcode

from dispatch.kinds import AltitudeDatum
from dispatch.motion import KNOT_MPS
from dispatch.sighting import CATEGORIES, DATUMS, EMERGENCIES, NO_SQUAWK, UNKNOWN_GROUND, Singles
from protocols.frames_batch import Words
from protocols.modes_fields import (
    CATEGORY_SETS,
    EMERGENCY_SQUAWKS,
    EMERGENCY_STATES,
    FOOT_M,
    FOOT_PER_MINUTE_MPS,
    ON_GROUND_BY_CAPABILITY,
    ON_GROUND_BY_STATUS,
)

Ints = npt.NDArray[np.int64]


class Said(IntEnum):
    """What a frame is, for reading it. Positions first."""

    AIRBORNE = 0  # type codes 9 to 18: barometric height
    AIRBORNE_GNSS = 1  # 20 to 22: height above the ellipsoid
    SURFACE = 2  # 5 to 8
    VELOCITY = 3  # 19
    IDENTITY = 4  # 1 to 4
    STATUS = 5  # 28
    TARGET = 6  # 29
    OPERATION = 7  # 31
    HEIGHT = 8  # DF0, 4, 16
    HEIGHT_AND_REGISTER = 9  # DF20
    SQUAWK_AND_REGISTER = 10  # DF21
    SQUAWK = 11  # DF5
    NOTHING = 12  # DF11, and type codes that say nothing here


POSITIONS = 3  # the first so many of Said
_KINDS = len(Said)


def _kinds() -> npt.NDArray[np.uint8]:
    """Said by format, the three bits after it and type code, [32 * 8 * 32]; the type code counts only in DF17 and 18."""
    kinds = np.full((32, 8, 32), Said.NOTHING, np.uint8)
    for form, kind in (
        (0, Said.HEIGHT),
        (4, Said.HEIGHT),
        (16, Said.HEIGHT),
        (5, Said.SQUAWK),
        (20, Said.HEIGHT_AND_REGISTER),
        (21, Said.SQUAWK_AND_REGISTER),
    ):
        kinds[form] = kind
    for form in (17, 18):
        kinds[form, :, 1:5] = Said.IDENTITY
        kinds[form, :, 5:9] = Said.SURFACE
        kinds[form, :, 9:19] = Said.AIRBORNE
        kinds[form, :, 19] = Said.VELOCITY
        kinds[form, :, 20:23] = Said.AIRBORNE_GNSS
        kinds[form, :, [28, 29, 31]] = [[Said.STATUS], [Said.TARGET], [Said.OPERATION]]
    return kinds.ravel()


def _on_ground() -> npt.NDArray[np.int8]:
    """As _kinds."""
    table = np.full((32, 8, 32), UNKNOWN_GROUND, np.int8)
    for form in (4, 5, 20, 21):
        for status, on_ground in ON_GROUND_BY_STATUS.items():
            table[form, status] = on_ground
    for form in (0, 16):
        table[form] = [[bool(bits & 4)] for bits in range(8)]  # VS, Annex 10 Vol IV §3.1.2.8.2.1
    for form in (11, 17):
        for capability, on_ground in ON_GROUND_BY_CAPABILITY.items():
            table[form, capability] = on_ground
    kinds = _KIND.reshape(32, 8, 32)
    table[(kinds == Said.AIRBORNE) | (kinds == Said.AIRBORNE_GNSS)] = 0
    table[kinds == Said.SURFACE] = 1
    return table.ravel()


def _altitudes() -> Singles:
    """Metres by the 13 bits of a height, NaN where they say nothing; pyModeS's reading in feet."""
    feet = [altcode(f"{code:08x}000000") for code in range(1 << 13)]
    return np.array([np.nan if height is None else height * FOOT_M for height in feet], np.float32)


def _squawks() -> npt.NDArray[np.int16]:
    """The four digits as a number, by the 13 bits of an identity in a DF5."""
    return np.array([int(idcode(f"{5 << 27 | code:08x}000000") or 0) for code in range(1 << 13)], np.int16)


def _squawk_emergencies() -> npt.NDArray[np.uint8]:
    table = np.zeros(1 << 13, np.uint8)
    for squawk, emergency in EMERGENCY_SQUAWKS.items():
        table[int(squawk) == _SQUAWK] = EMERGENCIES.index(emergency)
    return table


def _surface_speeds() -> Singles:
    knots = [decode_bds06(movement << 44)["groundspeed"] for movement in range(128)]
    return np.array([np.nan if speed is None else speed * KNOT_MPS for speed in knots], np.float32)


def _vertical_rates() -> Singles:
    """By sign and the nine bits of a vertical rate; 64 ft/min each, 0 says nothing."""
    climb = np.arange(-1, 511) * 64
    rates = np.concatenate((climb, -climb)) * FOOT_PER_MINUTE_MPS
    rates[[0, 512]] = np.nan
    return rates.astype(np.float32)


def _axis() -> npt.NDArray[np.float64]:
    """A component of speed in its unit, by sign and ten bits; 0 says nothing. DO-260B §2.2.3.2.6.1.6."""
    steps = np.arange(-1, 1023)
    axis = np.concatenate((steps, -steps)).astype(np.float64)
    axis[[0, 1024]] = np.nan
    return axis


def _categories() -> npt.NDArray[np.uint8]:
    """By the first byte of a message: type code and category."""
    table = np.zeros(256, np.uint8)
    for typecode, letter in CATEGORY_SETS.items():
        for number in range(1, 8):
            table[typecode << 3 | number] = CATEGORIES.index(f"{letter}{number}")
    return table


def _alphabet() -> npt.NDArray[np.uint8]:
    """The characters of callsigns by their six bits, Annex 10 Vol IV table 3-9; 0: none."""
    table = np.zeros(64, np.uint8)
    for code in (*range(1, 27), 32, *range(48, 58)):
        table[code] = code | 0x40 if code < 32 else code
    return table


_KIND = _kinds()
_GROUND = _on_ground()
_ALTITUDE_M = _altitudes()
_AIRBORNE_CODE = (np.arange(1 << 12) >> 6 << 7) | (
    np.arange(1 << 12) & 0x3F
)  # 12 bits lack M, DO-260B §2.2.3.2.3.4
_AIRBORNE_ALTITUDE_M = _ALTITUDE_M[_AIRBORNE_CODE]
_DATUM = np.where(np.isnan(_ALTITUDE_M), 0, DATUMS.index(AltitudeDatum.PRESSURE)).astype(np.uint8)
_AIRBORNE_DATUM = _DATUM[_AIRBORNE_CODE]
_SQUAWK = _squawks()
_SQUAWK_EMERGENCY = _squawk_emergencies()
_STATE_EMERGENCY = np.array([EMERGENCIES.index(EMERGENCY_STATES.get(state)) for state in range(8)], np.uint8)
_SURFACE_SPEED_MPS = _surface_speeds()
_VERTICAL_RATE_MPS = _vertical_rates()
_AXIS = _axis()
_UNIT_KT = np.array([np.nan, 1.0, 4.0, *[np.nan] * 5])  # by subtype; 3 and 4 are airspeeds
_CATEGORY = _categories()
_ALPHABET = _alphabet()
_ELLIPSOID = DATUMS.index(AltitudeDatum.ELLIPSOID)
_SHIFTS = np.arange(42, -1, -6, dtype=np.uint64)
_REGISTER_20 = 0x20
_SPACE = 32
_DEGREE = 180.0 / np.pi


class Columns:
    """Columns of frames, by their words. Not said: as in AddressBatch."""

    def __init__(self, first: Words, second: Words) -> None:
        count = len(first)
        self._first, self._second = first, second
        form = (first >> 51 & 0x1FE0 | first >> 27 & 0x1F).view(np.int64)
        self.kind = _KIND[form]
        self._order = np.argsort(self.kind, kind="stable")
        self._begins = [0, *np.cumsum(np.bincount(self.kind, minlength=_KINDS)).tolist()]
        self.on_ground = _GROUND[form]
        self.altitude_m, self.ground_speed_mps, self.track_deg, self.vertical_rate_mps = np.full(
            (4, count), np.nan, np.float32
        )
        self.altitude_datum, self.emergency, self.category = np.zeros((3, count), np.uint8)
        self.callsign = np.zeros(count, "S8")
        self.squawk = np.full(count, NO_SQUAWK, np.int16)
        self.registered = self._order[:0]  # frames whose callsign was read from a register on request
        self._airborne(self.of(Said.AIRBORNE))
        self._airborne_gnss(self.of(Said.AIRBORNE_GNSS))
        self._surface(self.of(Said.SURFACE))
        self._velocity(self.of(Said.VELOCITY))
        self._identities(self.of(Said.IDENTITY))
        self._status(self.of(Said.STATUS))
        self._height(self.between(Said.HEIGHT, Said.HEIGHT_AND_REGISTER))
        self._squawk(self.between(Said.SQUAWK_AND_REGISTER, Said.SQUAWK))

    def of(self, kind: Said) -> Ints:
        """The frames that are this, in order."""
        return self.between(kind, kind)

    def between(self, first: Said, last: Said) -> Ints:
        """The frames of several kinds, kind after kind."""
        return self._order[self._begins[first] : self._begins[last + 1]]

    def nacp(self) -> tuple[Ints, npt.NDArray[np.int16]]:
        """Frames that state the accuracy category of positions, and the category, by modes_accuracy.py."""
        at = self.between(Said.TARGET, Said.OPERATION)
        first, second = self._first[at], self._second[at]
        is_target = self.kind[at] == Said.TARGET
        stated = second >> np.where(is_target, np.uint64(53), np.uint64(48)) & 0xF
        sound = np.where(is_target, first >> 25 & 3, first >> 24 & 7) <= 1
        sound &= is_target | (second >> 53 & 7 > 0)  # the version
        return at[sound], stated[sound].astype(np.int16)

    def _airborne(self, at: Ints) -> None:
        code = (self._first[at] >> 12 & 0xFFF).view(np.int64)
        self.altitude_m[at] = _AIRBORNE_ALTITUDE_M[code]
        self.altitude_datum[at] = _AIRBORNE_DATUM[code]

    def _airborne_gnss(self, at: Ints) -> None:
        if len(at):
            metres = (self._first[at] >> 12 & 0xFFF).astype(np.float32)
            self.altitude_m[at] = np.where(metres > 0, metres, np.nan)
            self.altitude_datum[at] = np.where(metres > 0, _ELLIPSOID, 0)

    def _surface(self, at: Ints) -> None:
        if len(at):
            first = self._first[at]
            self.ground_speed_mps[at] = _SURFACE_SPEED_MPS[(first >> 20 & 0x7F).view(np.int64)]
            track_deg = (first >> 12 & 0x7F).astype(np.float64) * 360 / 128
            self.track_deg[at] = np.where(first >> 19 & 1, track_deg, np.nan)

    def _velocity(self, at: Ints) -> None:
        if not len(at):
            return
        message = (self._first[at] << 24 | self._second[at] >> 40).view(np.int64)
        self.vertical_rate_mps[at] = _VERTICAL_RATE_MPS[message >> 10 & 0x3FF]
        unit = _UNIT_KT[message >> 48 & 7]
        east, north = _AXIS[message >> 32 & 0x7FF] * unit, _AXIS[message >> 21 & 0x7FF] * unit
        self.ground_speed_mps[at] = np.sqrt(east * east + north * north) * KNOT_MPS
        track_deg = np.arctan2(east, north) * _DEGREE
        track_deg += (track_deg < 0) * 360.0
        self.track_deg[at] = track_deg

    def _identities(self, at: Ints) -> None:
        """Callsigns and categories of squitters, and callsigns of registers read on request."""
        self.category[at] = _CATEGORY[(self._first[at] >> 24 & 0xFF).view(np.int64)]
        asked = self.between(Said.HEIGHT_AND_REGISTER, Said.SQUAWK_AND_REGISTER)
        asked = asked[self._first[asked] >> 24 & 0xFF == _REGISTER_20]
        both = np.concatenate((at, asked))
        if len(both):
            self.callsign[both] = self._callsigns(both)
            self.registered = asked[self.callsign[asked] != b""]

    def _status(self, at: Ints) -> None:
        at = at[self._first[at] >> 24 & 7 == 1]
        if len(at):
            first = self._first[at]
            code = (first >> 8 & 0x1FFF).view(np.int64)
            self.squawk[at] = _SQUAWK[code]
            state = _STATE_EMERGENCY[(first >> 21 & 7).view(np.int64)]
            self.emergency[at] = np.where(state, state, _SQUAWK_EMERGENCY[code])

    def _height(self, at: Ints) -> None:
        if len(at):
            code = (self._first[at] >> 32 & 0x1FFF).view(np.int64)
            self.altitude_m[at] = _ALTITUDE_M[code]
            self.altitude_datum[at] = _DATUM[code]

    def _squawk(self, at: Ints) -> None:
        if len(at):
            code = (self._first[at] >> 32 & 0x1FFF).view(np.int64)
            self.squawk[at] = _SQUAWK[code]
            self.emergency[at] = _SQUAWK_EMERGENCY[code]

    def _callsigns(self, at: Ints) -> npt.NDArray[np.bytes_]:
        """Eight characters each, without blanks around them; empty where one is outside the alphabet."""
        bits = self._first[at] << 24 | self._second[at] >> 40
        letters = _ALPHABET[(bits[:, np.newaxis] >> _SHIFTS & 0x3F).view(np.int64)]
        filled = letters != _SPACE
        length = 8 - filled[:, ::-1].argmax(
            axis=1
        )  # without blanks at the end; 8 where there are only blanks
        gone = np.arange(8) >= length[:, np.newaxis]
        gone |= ((letters == 0).any(axis=1) | ~filled.any(axis=1))[:, np.newaxis]
        letters[gone] = 0
        found: npt.NDArray[np.bytes_] = letters.view("S8").ravel()
        for row in (letters[:, 0] == _SPACE).nonzero()[0].tolist():
            found[row] = found[row].strip()
        return found
