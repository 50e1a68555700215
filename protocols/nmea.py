"""What one NMEA 0183 sentence of a satellite receiver says, checked: RMC GGA GLL GNS VTG ZDA GST GSA.

pynmea2 knows which field stands where. Its conversions are not used: it gives 0, 0 for an empty position, hands a
field that is no number through as text, and has no bounds; each field is read and bounded here, and a wrong one is
named. Talkers: GN (several systems), GP, GL, GA, GB and BD (BeiDou), GQ, GI, and the ship's own IN and II.

Source: IEC 61162-1:2016 §8.3, as restated in gpsd's "NMEA Revealed" and u-blox's interface descriptions; BeiDou talkers
in BD 410004-2015 (BD) and NMEA 0183 4.11 (GB). One sentence at a time: what belongs together is nmea_fixes.py's.
"""

import re
from dataclasses import dataclass
from datetime import date

from pynmea2 import NMEASentence, ParseError  # type: ignore[import-untyped]  # ships no stubs

from dispatch.errors import Malformed
from dispatch.motion import KNOT_MPS
from protocols.nmea_lines import Sentence

TALKERS = frozenset(("GN", "GP", "GL", "GA", "GB", "BD", "GQ", "GI", "IN", "II"))
KINDS = frozenset(("RMC", "GGA", "GLL", "GNS", "VTG", "ZDA", "GST", "GSA"))
DAY_S = 86_400.0
_KMH_MPS = 1 / 3.6
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(?:\.[0-9]{0,12})?")
_TIME = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2}(?:\.[0-9]{0,9})?)")
_DATE = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})")
_ANGLE = re.compile(r"([0-9]{1,3})([0-9]{2}(?:\.[0-9]{0,12})?)")
_FIRST_YEAR = 80  # two-digit years from here on are 19yy: GPS began in 1980
_VALID_MODES = frozenset("ADPRFE")  # autonomous, differential, precise, RTK, float RTK, estimated
_SIMULATED = "S"
# GGA's quality: 1 GNSS, 2 differential, 3 PPS, 4 RTK, 5 float RTK, 6 estimated, 8 simulator; 0 none, 7 typed in by hand
_VALID_QUALITIES = frozenset((1, 2, 3, 4, 5, 6, 8))
_SIMULATOR = 8
_BOUNDS = {
    "speed": (0.0, 10_000.0),  # knots or km/h
    "track_deg": (0.0, 360.0),
    "altitude_m": (-1_000.0, 100_000.0),
    "hdop": (0.0, 1_000.0),
    "sigma_m": (0.0, 1e6),
    "satellites": (0.0, 200.0),
    "quality": (0.0, 9.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One sentence's values; None: not said. `valid` is its own word on the fix. `time_s` UTC seconds of the day."""

    kind: str
    time_s: float | None = None
    day: date | None = None
    valid: bool | None = None
    simulated: bool = False
    lon_deg: float | None = None
    lat_deg: float | None = None
    altitude_m: float | None = None  # above mean sea level
    ground_speed_mps: float | None = None
    track_deg: float | None = None
    hdop: float | None = None
    sigma_m: tuple[float, float] | None = None  # standard deviation, latitude and longitude
    satellites: int | None = None


def is_read(sentence: Sentence) -> bool:
    """Whether `read` has something to say of this sentence."""
    return sentence.talker in TALKERS and sentence.kind in KINDS and sentence.text[0] == "$"


def read(sentence: Sentence) -> Said:
    """One sentence for which `is_read`. Raises Malformed naming the field."""
    try:
        parsed = NMEASentence.parse(sentence.text, check=True)
    except (ParseError, ValueError) as error:
        raise Malformed("sentence", str(error.args[:1])[:80]) from None
    places: dict[str, int] = type(parsed).name_to_idx
    data: list[str] = parsed.data
    fields = {name: data[at].strip() if at < len(data) else "" for name, at in places.items()}
    match sentence.kind:
        case "RMC":
            return _rmc(fields)
        case "GGA":
            return _gga(fields)
        case "GLL":
            mode = fields["faa_mode"]
            simulated = mode == _SIMULATED
            valid = simulated or (fields["status"] == "A" and (not mode or mode in _VALID_MODES))
            return _placed("GLL", fields, valid=valid, simulated=simulated)
        case "GNS":
            return _gns(fields)
        case "VTG":
            return _vtg(fields)
        case "ZDA":
            return Said(kind="ZDA", time_s=_time(fields["timestamp"]), day=_zda_day(fields))
        case "GST":
            return _gst(fields)
    return Said(kind="GSA", hdop=_number(fields["hdop"], "hdop"))


def _rmc(fields: dict[str, str]) -> Said:
    mode = fields["mode_indicator"]
    simulated = mode == _SIMULATED
    # status is V in the modes S and M by the standard: a simulator's word counts as a simulator's
    valid = simulated or (fields["status"] == "A" and (not mode or mode in _VALID_MODES))
    speed_kt = _number(fields["spd_over_grnd"], "speed")
    return _placed(
        "RMC",
        fields,
        valid=valid,
        simulated=simulated,
        day=_rmc_day(fields["datestamp"]) if valid else None,
        ground_speed_mps=None if speed_kt is None else speed_kt * KNOT_MPS,
        track_deg=_track(fields["true_course"]),
    )


def _gga(fields: dict[str, str]) -> Said:
    quality = _number(fields["gps_qual"], "quality")
    return _placed(
        "GGA",
        fields,
        valid=quality in _VALID_QUALITIES,
        simulated=quality == _SIMULATOR,
        altitude_m=_number(fields["altitude"], "altitude_m"),
        hdop=_number(fields["horizontal_dil"], "hdop"),
        satellites=_count(fields["num_sats"]),
    )


def _gns(fields: dict[str, str]) -> Said:
    modes = frozenset(fields["mode_indicator"])  # one letter per satellite system
    simulated = _SIMULATED in modes
    return _placed(
        "GNS",
        fields,
        valid=simulated or bool(modes & _VALID_MODES),
        simulated=simulated,
        altitude_m=_number(fields["altitude"], "altitude_m"),
        hdop=_number(fields["hdop"], "hdop"),
        satellites=_count(fields["num_sats"]),
    )


def _vtg(fields: dict[str, str]) -> Said:
    mode = fields["faa_mode"]
    if mode and mode not in _VALID_MODES and mode != _SIMULATED:
        return Said(kind="VTG")
    knots = _number(fields["spd_over_grnd_kts"], "speed")
    kmh = _number(fields["spd_over_grnd_kmph"], "speed")
    speed_mps = None if knots is None else knots * KNOT_MPS
    if speed_mps is None and kmh is not None:
        speed_mps = kmh * _KMH_MPS
    return Said(kind="VTG", ground_speed_mps=speed_mps, track_deg=_track(fields["true_track"]))


def _gst(fields: dict[str, str]) -> Said:
    lat_m = _number(fields["std_dev_latitude"], "sigma_m")
    lon_m = _number(fields["std_dev_longitude"], "sigma_m")
    sigma_m = None if lat_m is None or lon_m is None else (lat_m, lon_m)
    return Said(kind="GST", time_s=_time(fields["timestamp"]), sigma_m=sigma_m)


def _placed(kind: str, fields: dict[str, str], *, valid: bool, **more: object) -> Said:
    """A sentence with time and place. The place of a fix that is not valid is not read: receivers send old ones."""
    lat_deg = lon_deg = None
    if valid:
        lat_deg = _angle(fields["lat"], fields["lat_dir"], "NS", 90.0, "lat_deg")
        lon_deg = _angle(fields["lon"], fields["lon_dir"], "EW", 180.0, "lon_deg")
        if (lat_deg is None) != (lon_deg is None):
            raise Malformed("lon_deg" if lon_deg is None else "lat_deg", "one coordinate without the other")
    return Said(
        kind=kind,
        time_s=_time(fields["timestamp"]),
        valid=valid and lat_deg is not None,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        **more,  # type: ignore[arg-type]  # the callers above name Said's own fields
    )


def _number(text: str, field: str) -> float | None:
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise Malformed(field, f"{text[:20]!r} is not a number")
    value = float(text)
    low, high = _BOUNDS[field]
    if not low <= value <= high:
        raise Malformed(field, f"{text[:20]} is not within {low:g} to {high:g}")
    return value


def _count(text: str) -> int | None:
    value = _number(text, "satellites")
    return None if value is None else int(value)


def _track(text: str) -> float | None:
    value = _number(text, "track_deg")
    return None if value is None else value % 360.0


def _time(text: str) -> float | None:
    if not text:
        return None
    found = _TIME.fullmatch(text)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59 or float(found[3]) >= 61.0:
        raise Malformed("time", f"{text[:20]!r} is not hhmmss")
    return (
        int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])
    )  # 23:59:60 is the first second after it


def _rmc_day(text: str) -> date | None:
    if not text:
        return None
    found = _DATE.fullmatch(text)
    if found is None:
        raise Malformed("date", f"{text[:20]!r} is not ddmmyy")
    year = int(found[3])
    return _day(year + (1900 if year >= _FIRST_YEAR else 2000), int(found[2]), int(found[1]))


def _zda_day(fields: dict[str, str]) -> date | None:
    parts = [fields[name] for name in ("year", "month", "day")]
    if not any(parts):
        return None
    if not all(part.isascii() and part.isdecimal() and len(part) <= 4 for part in parts):
        raise Malformed("date", f"{'-'.join(parts)[:20]!r} is not a date")
    year, month, day = (int(part) for part in parts)
    return _day(year, month, day)


def _day(year: int, month: int, day: int) -> date:
    try:
        if not 1980 <= year <= 2200:
            raise ValueError
        return date(year, month, day)
    except ValueError:
        raise Malformed("date", f"{year}-{month}-{day} is no day of a receiver's life") from None


def _angle(text: str, side: str, sides: str, limit: float, field: str) -> float | None:
    if not text and not side:
        return None
    found = _ANGLE.fullmatch(text)
    if found is None or float(found[2]) >= 60.0:
        raise Malformed(field, f"{text[:20]!r} is not degrees and minutes")
    if len(side) != 1 or side not in sides:
        raise Malformed(field, f"{side[:5]!r} is neither {sides[0]} nor {sides[1]}")
    value = int(found[1]) + float(found[2]) / 60.0
    if value > limit:
        raise Malformed(field, f"{value} is more than {limit:g}")
    return -value if side == sides[1] else value
