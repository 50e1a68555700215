"""Mode S beside rs1090 (Rust), dump1090's recorded decode, pyModeS 3's stream decoder and pyModeS 2's recorded one.

All get the frames that `ganying decode` cut out of the recording, and its times of the receiver's counter. Units are
those of the wire: feet, knots, feet a minute, degrees. pyModeS 3 reads single fields for `ganying decode` too
(protocols/modes_fields.py): what it adds as a peer is what it concludes from several frames, positions above all.
"""

import csv
import gzip
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from math import asin, cos, floor, radians, sin, sqrt, trunc
from typing import Any

import rs1090
from pyModeS import PipeDecoder

from dispatch.motion import KNOT_MPS
from loadtests.peers_compared import DATA, Comparison, Fields, Pair, Why, decoded
from protocols import avr
from protocols.frames import Frame
from protocols.modes_fields import FOOT_M, FOOT_PER_MINUTE_MPS
from tests import recordings

ADSB = DATA / "adsb"
PLACE = frozenset(("latitude", "longitude"))
# what `ganying decode` prints: millimetres, millimetres a second, thousandths and 1e-7 of a degree
PRINTED = {
    "altitude": 0.5e-3 / FOOT_M + 1e-6,
    "ground_speed": 0.5e-3 / KNOT_MPS + 1e-6,
    "track": 0.5e-3 + 1e-6,
    "vertical_rate": 0.5e-3 / FOOT_PER_MINUTE_MPS + 1e-6,
    "latitude": 0.5e-7 + 1e-12,
    "longitude": 0.5e-7 + 1e-12,
}

Line = dict[str, Any]


def messages() -> Iterator[tuple[str, list[Line]]]:
    """Every Mode S recording as `ganying decode` reads it, Mode A/C left out: it says nothing but its bits."""
    for name in ("ulss7_61s.beast", "sample_dump1090_24s.beast"):
        yield name, _mode_s(decoded("beast", ADSB / name))
    yield "pymodes_df17_406b90.csv", _mode_s(decoded("avr", data=_spread()))
    bare = "".join(f"*{text};\n" for text in recordings.golden())
    yield "pymodes_golden_v2.json.gz", _mode_s(decoded("avr", data=bare.encode()))


def _spread() -> bytes:
    """The file with whole seconds, its frames spread evenly over each: all decoders get the same counters."""
    with (ADSB / "pymodes_df17_406b90.csv").open(newline="") as text:
        rows = [(int(second), bytes.fromhex(payload)) for second, payload, *_ in csv.reader(text)]
    frames = []
    for second, inside in groupby(rows, key=lambda row: row[0]):
        payloads = [payload for _, payload in inside]
        began = (second - rows[0][0]) * recordings.TICKS_HZ
        for place, payload in enumerate(payloads):
            ticks = began + round((place + 0.5) * recordings.TICKS_HZ / len(payloads))
            frames.append(Frame(payload=payload, ticks=ticks))
    return b"".join(avr.encode(frame) for frame in frames)


def _mode_s(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line.get("df") is not None]


def _over(value: float | None, unit: float) -> float | None:
    return None if value is None else value / unit


def _measured(line: Fields) -> dict[str, Any]:
    """What all peers have a word for."""
    return {
        "icao24": line["icao24"],
        "altitude": _over(line.get("altitude_m"), FOOT_M),
        "ground_speed": _over(line.get("ground_speed_mps"), KNOT_MPS),
        "track": line.get("track_deg"),
        "vertical_rate": _over(line.get("vertical_rate_mps"), FOOT_PER_MINUTE_MPS),
        "callsign": line.get("callsign"),
        "squawk": line.get("squawk"),
        "latitude": line.get("lat_deg"),
        "longitude": line.get("lon_deg"),
    }


UNVERIFIED = Why(
    name="address not vouched for",
    fields=frozenset(("icao24",)),
    because="the parity of these replies is laid over the address, so noise has one too; ours names it `address` and "
    "no `icao24` until a squitter of the same aircraft was heard within 60 s. The address itself is the same",
    one_sided=True,
    holds=lambda pair: pair.line.get("error") == "UNVERIFIED" and pair.line["address"] == pair.theirs,
)
UNVERIFIED_REST = Why(
    name="a reply not vouched for",
    fields=frozenset(("capability", "sensitivity_level", "reply_information")),
    because="of a reply whose address nobody vouches for, ours gives height, identity and status only",
    one_sided=True,
    holds=lambda pair: pair.line.get("error") == "UNVERIFIED" and pair.ours is None,
)
NAMED = Why(
    name="callsign of a register",
    fields=frozenset(("callsign",)),
    because="a register 2,0 read on a radar's request; ours keeps the callsign that the aircraft squitters itself",
    one_sided=True,
    holds=lambda pair: pair.ours is None and pair.line["df"] in (20, 21) and pair.line.get("bds") == "2,0",
)


WHOLE_KNOTS = Why(
    name="whole knots",
    fields=frozenset(("ground_speed",)),
    because="the velocity is sent as two components of whole knots; ours is their length, theirs is it without its fraction",
    holds=lambda pair: floor(pair.ours + 1e-3) == pair.theirs,
)

# rs1090

_EMERGENCY = ("none", "general", "medical", "minimum_fuel", "no_communication", "unlawful", "downed_aircraft")
_WAKE = {"n/a": "No category information", "<136,000kg": "Medium 2"}
_GEOMETRIC = {"GNSS": "GNSS", "barometric": "BARO"}
_SPEED_LIMIT_KMH = 1200.0
_EARTH_KM = 6371.0


def _ours_for_rs1090(line: Fields) -> dict[str, Any]:
    fields = _measured(line)
    bds = str(line.get("bds", "")).replace(",", "")
    said = {name: line.get(name) for name in ("df", "nuc_p", "nic_b", "nac_v", "nac_p", "version", "sil")}
    said |= {
        name: line.get(name) for name in ("cpr_format", "cpr_lat", "cpr_lon", "geo_minus_baro", "vr_source")
    }
    said |= {
        name: line.get(name) for name in ("selected_altitude", "baro_pressure_setting", "selected_heading")
    }
    said |= {name: line.get(name) for name in ("tcas_operational", "nic_baro", "hrd", "sil_supplement")}
    said |= {name: line.get(name) for name in ("nic_supplement_a", "wake_vortex", "capability")}
    if bds == "62":
        said["sil"] = None  # they do not say it of this register
    if bds == "05":
        said["typecode"] = line["typecode"]
    if line.get("emergency_state") is not None:
        said["emergency"] = _EMERGENCY[line["emergency_state"]]
    if line["df"] == 16:
        said |= {
            "sensitivity_level": line.get("sensitivity_level"),
            "reply_information": line.get("reply_information"),
        }
        said["on_ground"] = line["on_ground"]
    return fields | said | {"bds": bds or None if line["df"] in (17, 18) else None}


def _of_rs1090(told: Fields) -> dict[str, Any]:
    get = told.get
    parity = get("parity")
    nic_baro = get("nic_baro", get("BAI"))
    source = get("vrate_src")
    wake = get("wake_vortex")
    registers = sorted(name for name in told if name.startswith("bds") and name not in ("bds", "bds20"))
    return {
        "df": int(told["df"]),
        "icao24": told["icao24"],
        "bds": get("bds"),
        "typecode": get("tc"),
        "altitude": get("altitude"),
        "ground_speed": get("groundspeed"),
        "track": get("track"),
        "vertical_rate": get("vertical_rate"),
        "callsign": get("callsign", get("bds20", {}).get("callsign")) or None,
        "squawk": get("squawk"),
        "latitude": get("latitude"),
        "longitude": get("longitude"),
        "nuc_p": get("NUCp"),
        "nic_b": get("NICb"),
        "nac_v": get("NACv"),
        "nac_p": get("NACp"),
        "version": get("version"),
        "sil": get("SIL"),
        "cpr_format": None if parity is None else int(parity == "odd"),
        "cpr_lat": get("lat_cpr"),
        "cpr_lon": get("lon_cpr"),
        "geo_minus_baro": get("geo_minus_baro"),
        "vr_source": None if source is None else _GEOMETRIC[source],
        "selected_altitude": get("selected_altitude"),
        "baro_pressure_setting": get("barometric_setting"),
        "selected_heading": get("selected_heading"),
        "tcas_operational": get("tcas_operational"),
        "nic_baro": None if nic_baro is None else int(nic_baro),
        "hrd": get("HRD"),
        "sil_supplement": get("SILs"),
        "nic_supplement_a": get("NICa"),
        "wake_vortex": None if wake is None else _WAKE.get(wake, wake),
        "capability": {"airborne": 5, "ground": 4, "AG_DR0": 7}.get(get("capability", "")),
        "emergency": get("emergency_state"),
        "sensitivity_level": get("sl"),
        "reply_information": get("ri"),
        "on_ground": None if get("vs") is None else bool(told["vs"]),
        "registers": tuple(registers) or None,
    }


def _kmh(a: tuple[float, float, float], b: tuple[float, float, float]) -> float:
    """Between two places (seconds, latitude, longitude)."""
    lat_a, lon_a, lat_b, lon_b = (radians(each) for each in (*a[1:], *b[1:]))
    half = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    hours = abs(b[0] - a[0]) / 3600
    return 2 * _EARTH_KM * asin(sqrt(half)) / hours if hours else 0.0


_RS1090 = (
    UNVERIFIED,
    UNVERIFIED_REST,
    NAMED,
    Why(
        name="a quick step between two frames",
        fields=PLACE,
        because="rs1090 drops a position that would need over 1200 km/h since its last one. Positions are latched every "
        "0.2 s but sent at random times (and the times of pymodes_df17_406b90.csv are whole seconds), so two frames of an "
        "airliner half a second apart pass that now and then. Ours allows for it; dump1090 has all of those of ulss7 too",
        one_sided=True,
        holds=lambda pair: pair.theirs is None and pair.told["step_kmh"] > _SPEED_LIMIT_KMH,
    ),
    Why(
        name="source of the vertical rate",
        fields=frozenset(("vr_source",)),
        because="the bit says 0 geometric, 1 barometric (bit 36 of the message, ICAO Doc 9871 table A-2-9); rs1090 reads it "
        "the other way round",
        holds=lambda pair: (
            {pair.ours, pair.theirs} == {"GNSS", "BARO"}
            and pair.ours == ("BARO" if int(pair.line["raw"][16], 16) & 1 else "GNSS")
        ),
    ),
    Why(
        name="selected altitude",
        fields=frozenset(("selected_altitude",)),
        because="sent in steps of 32 ft; ours is the figure sent, rs1090's is it rounded to the hundreds that a crew dials",
        holds=lambda pair: pair.theirs == (pair.ours + 16) // 100 * 100,
    ),
    Why(
        name="registers",
        fields=frozenset(("registers",)),
        because="Comm-B replies do not say which register they hold: rs1090 guesses by which ones the bits would make "
        "sense as, often several at once. Ours reads only height, identity and a 2,0 that names itself",
        one_sided=True,
        holds=lambda pair: pair.ours is None and pair.line["df"] in (20, 21),
    ),
)


def beside_rs1090(name: str, lines: list[Line]) -> Comparison:
    """One recording through rs1090. Places are compared where the frames have times."""
    ran = Comparison(
        recording=name, peer="rs1090", whys=_RS1090, within=PRINTED | {"baro_pressure_setting": 0.05}
    )
    timed = "receiver_s" in lines[0]
    hexes = [line["raw"] for line in lines]
    times = [line["receiver_s"] for line in lines] if timed else None
    all_told: list[dict[str, Any]] = list(map(dict, rs1090.decode(hexes, times)))
    last: dict[str, tuple[float, float, float]] = {}
    for line, told in zip(lines, all_told, strict=True):
        ours, theirs = _ours_for_rs1090(line), _of_rs1090(told)
        if not timed:
            for place in PLACE:
                del ours[place], theirs[place]
        elif theirs["latitude"] is not None:
            last[told["icao24"]] = (line["receiver_s"], theirs["latitude"], theirs["longitude"])
        elif ours["latitude"] is not None and told["icao24"] in last:
            here = (line["receiver_s"], ours["latitude"], ours["longitude"])
            told["step_kmh"] = _kmh(last[told["icao24"]], here)
        ran.message(ours, theirs, line=line, told={"step_kmh": 0.0} | told)
    return ran


# dump1090's decode, recorded by those who recorded the bytes

_NOT_IN_SBS = ("6,1", "6,2", "6,5")  # registers for which the SBS format has no line


def _columns(row: list[str]) -> dict[str, Any]:
    """A line's columns as numbers. Flags are 0 and -1."""
    number = {
        name: float(row[at]) if row[at] else None
        for name, at in (
            ("altitude", 11),
            ("ground_speed", 12),
            ("track", 13),
            ("latitude", 14),
            ("longitude", 15),
            ("vertical_rate", 16),
        )
    }
    return number | {
        "icao24": row[4].lower(),
        "callsign": row[10].strip() or None,
        "squawk": row[17] or None,
        "on_ground": None if not row[21] else row[21] != "0",
    }


def _cut_to_zero(pair: Pair) -> bool:
    """Half a degree added, then the fraction cut off, of an angle that is negative to the west."""
    signed = pair.ours - 360.0 if pair.ours > 180.0 else pair.ours
    return bool(trunc(signed + 0.5) % 360 == pair.theirs)


_DUMP1090 = (
    NAMED,
    WHOLE_KNOTS,
    Why(
        name="whole degrees of western tracks",
        fields=frozenset(("track",)),
        because="dump1090 adds half a degree and cuts off the fraction of an angle that is negative to the west, so that "
        "those come out up to 1.5 degrees to the right; eastern ones are ours, rounded",
        holds=lambda pair: pair.ours > 180.0 and _cut_to_zero(pair),
    ),
    Why(
        name="airborne, not said in SBS",
        fields=frozenset(("on_ground",)),
        because="dump1090 fills that column from the capability field of squitters and where a reply says on the ground; ours "
        "also takes the word airborne of flight status (DF4, 5, 20, 21), vertical status (DF0, 16) and of the kind "
        "of a position",
        one_sided=True,
        holds=lambda pair: (
            pair.theirs is None
            and pair.ours is False
            and (pair.line["df"] in (0, 4, 5, 16, 20, 21) or pair.line.get("bds") == "0,5")
        ),
    ),
)
# half of the last digit that an SBS line has
_SBS_DIGITS = {"latitude": 0.5e-5 + 1e-7, "longitude": 0.5e-5 + 1e-7, "track": 0.5 + 1e-3, "time": 2e-3}


def beside_dump1090(name: str, lines: list[Line]) -> Comparison:
    """The one recording of which there is dump1090's decode: its lines follow ours one by one."""
    ran = Comparison(recording=name, peer="dump1090 (recorded)", whys=_DUMP1090, within=PRINTED | _SBS_DIGITS)
    rows = recordings.petersburg_reference()
    ours = [line for line in lines if "error" not in line and line.get("bds") not in _NOT_IN_SBS]
    began, first_s = _made(rows[0]), ours[0]["receiver_s"]
    for line, row in zip(ours, rows, strict=True):
        said = _measured(line) | {"on_ground": line["on_ground"], "time": line["receiver_s"] - first_s}
        told = _columns(row) | {"time": (_made(row) - began).total_seconds()}
        ran.message(said, told, line=line, told={"row": ",".join(row)})
    return ran


def _made(row: list[str]) -> datetime:
    return datetime.strptime(f"{row[6]} {row[7]}", "%Y/%m/%d %H:%M:%S.%f")  # noqa: DTZ007  # differences only


# pyModeS

_PYMODES = (
    UNVERIFIED,
    NAMED,
    WHOLE_KNOTS,
    Why(
        name="first places held back",
        fields=PLACE,
        because="PipeDecoder gives an aircraft's first three positions out only when they agree; ours gives each pair at once "
        "and gates what follows by it",
        one_sided=True,
        holds=lambda pair: pair.theirs is None and not pair.told["placed"],
    ),
    Why(
        name="speed of a register",
        fields=frozenset(("ground_speed",)),
        because="PipeDecoder takes a Comm-B reply for register 5,0 by what is plausible; ours does not guess registers",
        one_sided=True,
        holds=lambda pair: pair.ours is None and pair.told.get("bds") == "5,0",
    ),
)


def _of_pymodes(told: Fields) -> dict[str, Any]:
    return {
        "icao24": told["icao"].lower(),
        "altitude": told.get("altitude"),
        "ground_speed": told.get("groundspeed"),
        "track": told.get("track"),
        "vertical_rate": told.get("vertical_rate"),
        "callsign": told.get("callsign"),
        "squawk": told.get("squawk"),
        "latitude": told.get("latitude"),
        "longitude": told.get("longitude"),
    }


def beside_pymodes(name: str, lines: list[Line]) -> Comparison:
    """A recording with times through pyModeS 3's decoder of streams."""
    ran = Comparison(recording=name, peer="pyModeS 3 PipeDecoder", whys=_PYMODES, within=PRINTED)
    pipe = PipeDecoder()
    placed: set[str] = set()
    for line in lines:
        # a copy: held positions are written into earlier results later, when a stream has gone on
        told = dict(pipe.decode(line["raw"], timestamp=line["receiver_s"]))
        if told.get("latitude") is not None:
            placed.add(told["icao"])
        ran.message(
            _measured(line), _of_pymodes(told), line=line, told=told | {"placed": told["icao"] in placed}
        )
    return ran


_GOLDEN = (
    UNVERIFIED,
    WHOLE_KNOTS,
    Why(
        name="blanks of a callsign",
        fields=frozenset(("callsign",)),
        because="pyModeS 2 writes an underscore for each blank that fills a callsign up; ours leaves them off",
        holds=lambda pair: pair.theirs.rstrip("_") == pair.ours,
    ),
    Why(
        name="speed of a register",
        fields=frozenset(("ground_speed",)),
        because="pyModeS takes a Comm-B reply for register 5,0 by what is plausible; ours does not guess registers",
        one_sided=True,
        holds=lambda pair: pair.ours is None and pair.told.get("bds") == "BDS50",
    ),
)


def beside_golden(name: str, lines: list[Line]) -> Comparison:
    """Six hundred single messages with pyModeS 2's word on each. They have no times, so places are not compared."""
    ran = Comparison(recording=name, peer="pyModeS 2 (recorded)", whys=_GOLDEN, within=PRINTED)
    golden = recordings.golden()
    for line in lines:
        told = golden[line["raw"]]
        ours, theirs = _measured(line), _of_pymodes(told)
        for place in PLACE:
            del ours[place], theirs[place]
        ours |= {name: line.get(name) for name in ("df", "typecode", "cpr_format", "category")}
        theirs |= {name: told.get(name) for name in ("df", "typecode", "cpr_format", "category")}
        ran.message(ours, theirs, line=line, told=told)
    return ran


# SBS, the text of decoders: its columns as Python's csv cuts them


def beside_csv() -> Iterator[Comparison]:
    """Both files of SBS lines: a check of cutting and units, not of decoding, which was dump1090's and stratux's."""
    for name in ("ulss7_61s.reference.sbs.csv.gz", "stratux_gms5002_es.sbs.log"):
        file = ADSB / name
        octets = gzip.decompress(file.read_bytes()) if name.endswith(".gz") else file.read_bytes()
        cut = csv.reader(octets.decode().splitlines())
        rows = [row[row.index("MSG") :] for row in cut if "MSG" in row]
        ran = Comparison(recording=name, peer="its columns by Python's csv", within=PRINTED)
        lines = [line for line in decoded("sbs", file) if "error" not in line]
        for line, row in zip(lines, rows, strict=True):
            said = _measured(line) | {"on_ground": line.get("on_ground")}
            ran.message(said, _columns(row), line=line, told={"row": ",".join(row)})
        yield ran


def all_modes() -> Iterator[Comparison]:
    """Everything of this file."""
    for name, lines in messages():
        yield beside_rs1090(name, lines)
        if name.startswith("ulss7"):
            yield beside_dump1090(name, lines)
        yield beside_golden(name, lines) if "golden" in name else beside_pymodes(name, lines)
    yield from beside_csv()
