"""OpenAir's words for classes and types, coordinates and times (Naviter's text 2.1, 2025; WinPilot's of 1998).

`AC W` is a wave window there and no airspace of class W.
"""

import re
from datetime import UTC, datetime, timedelta

from dispatch.volume_kinds import AirspaceClass, VolumeKind
from dispatch.volume_records import ActiveTime
from protocols.volumes.reading import Fault

CLASSES = {each.value: each for each in AirspaceClass if each is not AirspaceClass.W}
UNCLASSIFIED = frozenset({"UNC", "UNCLASSIFIED", "OTHER"})
KINDS = {
    "P": VolumeKind.PROHIBITED,
    "PROHIBITED": VolumeKind.PROHIBITED,
    "R": VolumeKind.RESTRICTED,
    "RESTRICTED": VolumeKind.RESTRICTED,
    "GP": VolumeKind.RESTRICTED,
    "OFR": VolumeKind.RESTRICTED,
    "OVERFLIGHT_RESTRICTION": VolumeKind.RESTRICTED,
    "TFR": VolumeKind.RESTRICTED,
    "Q": VolumeKind.DANGER,
    "D": VolumeKind.DANGER,
    "DANGER": VolumeKind.DANGER,
    "CTR": VolumeKind.CTR,
    "MCTR": VolumeKind.CTR,
    "TMA": VolumeKind.TMA,
    "MTMA": VolumeKind.TMA,
    "CTA": VolumeKind.CTA,
    "LTA": VolumeKind.CTA,
    "UTA": VolumeKind.CTA,
    "ATZ": VolumeKind.ATZ,
    "MATZ": VolumeKind.ATZ,
    "HTZ": VolumeKind.ATZ,
    "AWY": VolumeKind.AIRWAY,
    "MTR": VolumeKind.AIRWAY,
    "MRT": VolumeKind.AIRWAY,
    "VFRR": VolumeKind.AIRWAY,
    "FIR": VolumeKind.FIR,
    "UIR": VolumeKind.FIR,
    "ACCSEC": VolumeKind.FIR,
    "ACC_SECTOR": VolumeKind.FIR,
    "FIS": VolumeKind.FIR,
    "FIS_SECTOR": VolumeKind.FIR,
    "RMZ": VolumeKind.RADIO_MANDATORY,
    "TMZ": VolumeKind.TRANSPONDER_MANDATORY,
    "TRA": VolumeKind.RESERVED,
    "TSA": VolumeKind.RESERVED,
    "TRAFR": VolumeKind.RESERVED,
    "MTA": VolumeKind.RESERVED,
    "ALERT": VolumeKind.ADVISORY,
    "WARNING": VolumeKind.ADVISORY,
    "N": VolumeKind.ADVISORY,
    "ADIZ": VolumeKind.ADVISORY,
    "TIA": VolumeKind.ADVISORY,
    "TIZ": VolumeKind.ADVISORY,
    "TRZ": VolumeKind.ADVISORY,
    "TRP": VolumeKind.ADVISORY,
    "W": VolumeKind.SPORT,
    "WAVE": VolumeKind.SPORT,
    "GSEC": VolumeKind.SPORT,
    "GLIDING_SECTOR": VolumeKind.SPORT,
    "ASRA": VolumeKind.SPORT,
    "AERIAL_SPORTING_RECREATIONAL": VolumeKind.SPORT,
    "VFRSEC": VolumeKind.OTHER,
    "VFR_SECTOR": VolumeKind.OTHER,
    "PROTECTED": VolumeKind.PROTECTED,
    "CUSTOM": VolumeKind.OTHER,
    "NONE": VolumeKind.AIRSPACE,
}
_ANGLE = r"([0-9]{1,3}(?:\.[0-9]{1,10})?)(?:[: ]([0-9]{1,2}(?:\.[0-9]{1,10})?))?(?:[: ]([0-9]{1,2}(?:\.[0-9]{1,10})?))?"
_PLACE = re.compile(rf"{_ANGLE} ?([NS])[ ,]*{_ANGLE} ?([EW])\Z")
_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}):?([0-9]{2})(?::?([0-9]{2}))?Z\Z")


def read_place(text: str, field: str) -> tuple[float, float]:
    """Longitude and latitude of `DD:MM:SS N DDD:MM:SS E` or with decimal minutes. Raises Fault."""
    match = _PLACE.match(" ".join(text.upper().split()))
    if match is None:
        raise Fault("POSITION", f"{text.strip()[:40]!r} is not DD:MM:SS N DDD:MM:SS E", field=field)
    lat, lon = _degrees(match, 1, text, field), _degrees(match, 5, text, field)
    if lat > 90.0 or lon > 180.0:
        raise Fault("POSITION", f"{text.strip()[:40]!r} is not on the earth", field=field)
    return (lon if match[8] == "E" else -lon), (lat if match[4] == "N" else -lat)


def _degrees(match: "re.Match[str]", first: int, text: str, field: str) -> float:
    parts = [match[first + n] for n in range(3)]
    minutes, seconds = float(parts[1] or 0), float(parts[2] or 0)
    whole = all(part is None or "." not in part for part in parts[: 2 if parts[2] else 1 if parts[1] else 0])
    if minutes >= 60.0 or seconds >= 60.0 or not whole:
        raise Fault(
            "POSITION", f"{text.strip()[:40]!r}: 60 or more, or a fraction before the last part", field=field
        )
    return float(parts[0]) + minutes / 60.0 + seconds / 3600.0


def read_interval(text: str) -> ActiveTime | None:
    """`AA` of version 2: from and until in UTC, either may be NONE; None for NONE alone. Raises Fault."""
    plain = text.strip().upper()
    if plain == "NONE":
        return None
    begins, slash, ends = plain.partition("/")
    if not slash:
        raise Fault("TIMES", f"{text.strip()[:60]!r} is not begin/end in UTC, or NONE", field="AA")
    return ActiveTime(begins_at=_instant(begins.strip()), ends_at=_instant(ends.strip()))


def _instant(text: str) -> datetime | None:
    if text == "NONE":
        return None
    match = _TIME.match(text)
    try:
        if match is None:
            raise ValueError(text)
        day = datetime.fromisoformat(match[1]).replace(tzinfo=UTC)
        hour, minute, second = int(match[2]), int(match[3]), int(match[4] or 0)
        if minute > 59 or second > 59 or hour > 24 or (hour == 24 and (minute or second)):
            raise ValueError(text)
        return day + timedelta(hours=hour, minutes=minute, seconds=second)
    except (ValueError, OverflowError):
        raise Fault("TIMES", f"{text[:40]!r} is not a time such as 2026-11-26T12:00Z", field="AA") from None
