"""NMEA 0183 beside pynmeagps, where it is installed: pynmea2, which the project has, names the fields for ours too.

The sentences that ours reads are compared field by field, the others by what they are called.
"""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dispatch.motion import KNOT_MPS
from loadtests.peers_compared import DATA, Comparison, Why, decoded
from protocols.nmea import KINDS
from protocols.nmea_lines import LINE_LIMIT_BYTES

HAD = find_spec("pynmeagps") is not None
PRINTED = {
    "lat": 0.5e-7 + 1e-10,
    "lon": 0.5e-7 + 1e-10,
    "speed": 0.5e-3 / KNOT_MPS + 1e-6,
    "track": 0.5e-3 + 1e-6,
}
_KMH_KT = 1000 / 3600 / KNOT_MPS

_WHYS = (
    Why(
        name="a sentence over 255 bytes",
        fields=frozenset(("read",)),
        because="the standard allows 82; ours takes 255 and passes over more, so that memory and a lost line end stay bounded. "
        "Here it is a maker's own list of satellites ($PUBX,03), which ours does not read anyway",
        holds=lambda pair: pair.line["error"] == "GARBAGE" and pair.line["bytes"] > LINE_LIMIT_BYTES,
    ),
)


def _ours(line: dict[str, Any]) -> dict[str, Any]:
    if line["kind"][2:] not in KINDS:
        return {"kind": line["kind"]}
    speed_mps = line["ground_speed_mps"]
    return {
        "kind": line["kind"],
        "time": line.get("time_of_day_s"),
        "lat": line["lat_deg"],
        "lon": line["lon_deg"],
        "height": line["altitude_m"],
        "speed": None if speed_mps is None else speed_mps / KNOT_MPS,
        "track": line["track_deg"],
        "hdop": line.get("hdop"),
        "satellites": line.get("satellites"),
        "sigma_lat": line.get("sigma_lat_m"),
        "sigma_lon": line.get("sigma_lon_m"),
        "day": line["time"][:10] if line["time"] and line["kind"].endswith(("RMC", "ZDA")) else None,
    }


def _theirs(parsed: Any) -> dict[str, Any]:
    kind = f"{parsed.talker}{parsed.msgID}"
    if parsed.msgID not in KINDS:
        return {"kind": kind}

    def said(*names: str) -> Any:
        """The first of these that the sentence has; empty is not said."""
        found = [getattr(parsed, name) for name in names if getattr(parsed, name, "") != ""]
        return found[0] if found else None

    at, day = said("time"), said("date")
    if kind.endswith("ZDA"):
        day = f"{parsed.year:04}-{parsed.month:02}-{parsed.day:02}"
    return {
        "kind": kind,
        "time": None if at is None else at.hour * 3600 + at.minute * 60 + at.second + at.microsecond / 1e6,
        "lat": said("lat"),
        "lon": said("lon"),
        "height": said("alt"),
        "speed": said("spd", "sogn"),
        "track": said("cog", "cogt"),
        "hdop": said("HDOP"),
        "satellites": said("numSV"),
        "sigma_lat": said("stdLat"),
        "sigma_lon": said("stdLong"),
        "day": None if day is None else str(day),
    }


def _is_of(line: dict[str, Any], raw: bytes) -> bool:
    """Not so: wrong checksums and the binary between sentences, which both pass over."""
    long = line.get("error") == "GARBAGE" and line["bytes"] in (len(raw), len(raw.rstrip(b"\r\n")))
    return long or "error" not in line


def _beside(file: Path) -> Comparison:
    from pynmeagps import NMEAReader  # type: ignore[import-not-found]  # not among the dependencies

    ran = Comparison(recording=file.name, peer="pynmeagps", whys=_WHYS, within=PRINTED)
    lines = iter(decoded("nmea", file))
    with file.open("rb") as stream:
        for raw, parsed in NMEAReader(stream, nmeaonly=0, quitonerror=0):
            told = {"text": raw.decode("ascii", "replace")}
            line = next(line for line in lines if _is_of(line, raw))
            if "error" in line:
                ran.message({"read": False}, {"read": True}, line=line, told=told)
            else:
                ran.message(_ours(line), _theirs(parsed), line=line, told=told)
    return ran


def all_nmea() -> Iterator[Comparison]:
    """Everything of this file; nothing where there is no peer."""
    if HAD:
        for file in sorted((DATA / "nmea").glob("*.log")):
            yield _beside(file)
