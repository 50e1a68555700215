"""Floors and ceilings as words: `FL 95`, `2500 ft AMSL`, `100 m AGL`, `GND`, `UNL`.

Inside are metres; a flight level is 100 ft of pressure altitude. What a source leaves out is either what its format says
then, and marked, or a fault: `strict`.
"""

import re

from dispatch.kinds import AltitudeDatum
from dispatch.volume import UNLIMITED
from dispatch.volume_kinds import VolumeRemark
from dispatch.volume_records import HeightLimit
from protocols.volumes.reading import Fault

FOOT_M = 0.3048
LEVEL_M = 100 * FOOT_M
_GROUND = frozenset({"GND", "SFC", "GROUND", "SURFACE", "0AGL", "0FTAGL", "0MAGL"})
_UNLIMITED = frozenset({"UNL", "UNLIM", "UNLIMITED", "UNLTD"})
_LEVEL = re.compile(r"FL([0-9]{1,3})\Z")
_HEIGHT = re.compile(
    r"(-?[0-9]{1,6}(?:\.[0-9]{1,6})?)(FT|F|M)?(MSL|AMSL|ALT|AGL|ASFC|SFC|GND|STD|PRESSURE|ELLIPSOID)?\Z"
)
_DATUMS = {
    "MSL": AltitudeDatum.MSL,
    "AMSL": AltitudeDatum.MSL,
    "ALT": AltitudeDatum.MSL,
    "AGL": AltitudeDatum.AGL,
    "ASFC": AltitudeDatum.AGL,
    "SFC": AltitudeDatum.AGL,
    "GND": AltitudeDatum.AGL,
    "STD": AltitudeDatum.PRESSURE,
    "PRESSURE": AltitudeDatum.PRESSURE,
    "ELLIPSOID": AltitudeDatum.ELLIPSOID,
}
_UNITS = {"FT": FOOT_M, "F": FOOT_M, "M": 1.0}

Read = tuple[HeightLimit, tuple[VolumeRemark, ...]]


def metres(value: float, per_unit_m: float) -> float:
    """To a tenth of a millimetre, so that a height is the same whichever way it was computed."""
    return round(value * per_unit_m, 4)


def read_height(text: str, field: str, *, strict: bool) -> Read:
    """A height in words. Raises Fault: HEIGHT, and where `strict` UNIT_MISSING and DATUM_MISSING."""
    said = " ".join(text.split())[:60]
    plain = "".join(text.upper().split())
    if plain in _GROUND:
        return HeightLimit(datum=AltitudeDatum.AGL, value_m=0.0, stated=said), ()
    if plain in _UNLIMITED:
        return HeightLimit(datum=UNLIMITED.datum, value_m=0.0, unlimited=True, stated=said), ()
    level = _LEVEL.match(plain)
    if level:
        value_m = metres(int(level[1]), LEVEL_M)
        return HeightLimit(datum=AltitudeDatum.PRESSURE, value_m=value_m, stated=said), ()
    match = _HEIGHT.match(plain)
    if match is None:
        raise Fault(
            "HEIGHT", f"{said!r} is not a height such as FL95, 2500 ft AMSL, 100 m AGL, GND", field=field
        )
    return _measured(said, match, field, strict=strict)


def _measured(said: str, match: "re.Match[str]", field: str, *, strict: bool) -> Read:
    remarks = []
    if match[2] is None:
        if strict:
            raise Fault("UNIT_MISSING", f"{said!r} has no unit: ft, m or FL", field=field)
        remarks.append(VolumeRemark.UNIT_ASSUMED)
    if match[3] is None:
        if strict:
            raise Fault("DATUM_MISSING", f"{said!r} has no datum: AMSL, AGL or FL", field=field)
        remarks.append(VolumeRemark.DATUM_ASSUMED)
    value_m = metres(float(match[1]), _UNITS[match[2] or "FT"])
    return HeightLimit(datum=_DATUMS[match[3] or "MSL"], value_m=value_m, stated=said), tuple(remarks)


def limit(value: float, unit: str, datum: str, field: str) -> HeightLimit:
    """A height in parts, each of which must be there. Raises Fault."""
    if not unit:
        raise Fault("UNIT_MISSING", f"{value:g} has no unit", field=field)
    if unit.upper() == "FL":
        if datum and datum.upper() not in ("STD", "FL", "PRESSURE"):
            raise Fault("DATUM", f"a flight level is not measured from {datum[:20]!r}", field=field)
        value_m = metres(value, LEVEL_M)
        return HeightLimit(datum=AltitudeDatum.PRESSURE, value_m=value_m, stated=f"FL{value:g}")
    per_unit = _UNITS.get(unit.upper())
    if per_unit is None:
        raise Fault("UNIT", f"{unit[:20]!r} is not M, FT or FL", field=field)
    if not datum:
        raise Fault("DATUM_MISSING", f"{value:g} {unit} has no datum", field=field)
    found = AltitudeDatum.ELLIPSOID if datum.upper() in ("W84", "WGS84") else _DATUMS.get(datum.upper())
    if found is None:
        raise Fault("DATUM", f"{datum[:20]!r} is no datum of heights", field=field)
    stated = f"{value:g} {unit.lower()} {datum.upper()}"
    return HeightLimit(datum=found, value_m=metres(value, per_unit), stated=stated)
