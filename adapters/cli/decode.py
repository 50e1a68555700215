"""`ganying decode`: a recording as JSON lines, one per message or object, and a summary on stderr.

What is printed is what a feed would see. The table format -> line reader is here, one file per family of formats
(decode_modes.py, decode_sbs.py …), imported when it is asked for; the keys that all lines share are decode_lines.py's.
"""

import argparse
import importlib
import json
import sys
from collections.abc import Iterator, Mapping

from adapters.cli import recording
from adapters.cli.decode_lines import Line, LineReader, Options
from dispatch.errors import Malformed
from dispatch.geo import Position
from dispatch.kinds import HorizontalDatum
from protocols.frames import BadFrame

# Each: the module beside this one and the callable in it that takes Options and makes a LineReader.
FORMATS: Mapping[str, tuple[str, str]] = {
    "aixm": ("decode_volumes", "aixm_lines"),
    "asterix": ("decode_asterix", "AsterixLines"),
    "avr": ("decode_modes", "avr_lines"),
    "beast": ("decode_modes", "beast_lines"),
    "cap": ("decode_cap", "CapLines"),
    "cot": ("decode_cot", "CotLines"),
    "fpl": ("decode_fpl", "FplLines"),
    "jt808": ("decode_jt808", "Jt808Lines"),
    "klv": ("decode_klv", "KlvLines"),
    "metar": ("decode_metar", "MetarLines"),
    "nmea": ("decode_nmea", "NmeaLines"),
    "openair": ("decode_volumes", "openair_lines"),
    "sbs": ("decode_sbs", "SbsLines"),
}


def add_parser(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `decode`."""
    parser = sub.add_parser("decode", help="print a recording as JSON lines")
    parser.add_argument("file", help="recording; - for stdin; .gz and .pcap (UDP payloads) are understood")
    parser.add_argument("--format", required=True, choices=sorted(FORMATS))
    parser.add_argument(
        "--reference-position",
        metavar="LON,LAT[,HEIGHT]",
        help="the receiver's or radar's place, for positions relative to it; height in metres above sea level",
    )
    parser.add_argument(
        "--edition",
        choices=["auto", "2", "0.26", "0.23"],
        default="auto",
        help="of ASTERIX category 021, where it is not to be found out",
    )
    parser.add_argument("--gps-clock", action="store_true", help="the receiver's counter is a GPS one")
    parser.add_argument(
        "--datum",
        choices=[str(datum) for datum in HorizontalDatum],
        default=str(HorizontalDatum.WGS84),
        help="what the coordinates refer to, in formats that do not say it; printed is wgs84",
    )
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Decode to the end. Exit status 0 when the file was read whole, whatever was in it."""
    place, height_m = _reference(arguments.reference_position)
    reader = reader_of(
        arguments.format,
        Options(
            reference_position=place,
            reference_height_m=height_m,
            edition=arguments.edition,
            gps_clock=arguments.gps_clock,
            datum=HorizontalDatum(arguments.datum),
        ),
    )
    write = sys.stdout.write
    with recording.opened(arguments.file) as stream:
        for line in _lines(reader, recording.pieces(stream)):
            write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()
    print(json.dumps(reader.summary(), ensure_ascii=False), file=sys.stderr)
    return 0


def reader_of(name: str, options: Options) -> LineReader:
    """The reader of a format of the table."""
    module, maker = FORMATS[name]
    made: LineReader = getattr(importlib.import_module(f"adapters.cli.{module}"), maker)(options)
    return made


def _reference(text: str | None) -> tuple[tuple[float, float] | None, float]:
    """A place and a height. Raises Malformed."""
    if text is None:
        return None, 0.0
    try:
        lon, lat, *height = (float(part) for part in text.split(","))
        if len(height) > 1 or not all(-500.0 <= each <= 9_000.0 for each in height):
            raise ValueError(text)
    except ValueError:
        raise Malformed(
            "reference-position", f"{text[:40]!r} is not LON,LAT in degrees, or LON,LAT,HEIGHT in metres"
        ) from None
    place = Position(lon_deg=lon, lat_deg=lat)
    return (place.lon_deg, place.lat_deg), sum(height)


def _lines(reader: LineReader, pieces: Iterator[recording.Piece]) -> Iterator[Line]:
    at_s: float | None = None
    for piece in pieces:
        if isinstance(piece, BadFrame):
            yield reader.tally.bad(piece)
            continue
        at_s, data = piece
        yield from reader.feed(data, at_s)
        if at_s is not None:  # a datagram of a capture is whole
            yield from reader.close(at_s)
    yield from reader.close(at_s)
