"""`ganying volumes FILE...`: what files of airspace volumes hold, without a site.

One JSON line for each airspace that makes no volume, with its file, line, feature and code; then one with the counts of
each file. `--as` writes all volumes that were read as GeoJSON or KML.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from adapters.cli import recording
from dispatch.errors import GanyingError
from dispatch.ids import derive
from dispatch.kinds import HorizontalDatum, Role
from dispatch.volume_kinds import VolumeFormat
from dispatch.volume_records import Volume
from protocols.codec.common import EPOCH
from protocols.volumes import formats, geojson_write, kml
from protocols.volumes.reading import MAX_BYTES, VolumesRead

_WRITERS = {"geojson": geojson_write.collection, "kml": kml.collection}


def add_parser(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `volumes`."""
    parser = sub.add_parser("volumes", help="what files of airspace volumes hold, and what is wrong in them")
    parser.add_argument("files", nargs="+", metavar="FILE", help="- for stdin; .gz is understood")
    parser.add_argument(
        "--format", default="auto", choices=["auto", *(str(each) for each in formats.READABLE)]
    )
    parser.add_argument(
        "--datum", default="wgs84", choices=[str(each) for each in HorizontalDatum], help="of the coordinates"
    )
    parser.add_argument("--as", dest="wanted", choices=sorted(_WRITERS), help="also write the volumes")
    parser.add_argument("--out", type=Path, help="where to (standard output, the lines then on stderr)")
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """0 when every file was read, 1 when one is no chart at all; airspaces that make no volume are lines."""
    wanted = None if arguments.format == "auto" else VolumeFormat(arguments.format)
    lines = sys.stderr if arguments.wanted and arguments.out is None else sys.stdout
    kept: list[Volume] = []
    status = 0
    for name in arguments.files:
        try:
            read = formats.read(body_of(name), Path(name).name, wanted, HorizontalDatum(arguments.datum))
        except (GanyingError, OSError) as error:
            code = error.code if isinstance(error, GanyingError) else "UNREADABLE"
            print(
                json.dumps(
                    {"file": name, "error": code, "detail": getattr(error, "detail", str(error))},
                    ensure_ascii=False,
                ),
                file=lines,
            )
            status = 1
            continue
        for line in told(name, read):
            print(json.dumps(line, ensure_ascii=False), file=lines)
        kept.extend(_volume(n, each) for n, each in enumerate(read.volumes, len(kept)))
    if arguments.wanted:
        made = _WRITERS[arguments.wanted](kept)
        if arguments.out is None:
            sys.stdout.buffer.write(made)
        else:
            arguments.out.write_bytes(made)
    return status


def body_of(name: str) -> bytes:
    """A file's bytes, one more than is read at most."""
    made = bytearray()
    with recording.opened(name) as stream:
        while len(made) <= MAX_BYTES:
            piece = stream.read(1 << 20)
            if not piece:
                break
            made += piece
    return bytes(made)


def told(name: str, read: VolumesRead) -> list[dict[str, Any]]:
    """A line for each fault, and the counts."""
    faults = [
        {
            "file": name,
            "line": each.line or None,
            "feature": each.feature,
            "error": each.code,
            "field": each.field,
            "detail": each.detail,
        }
        for each in read.faults
    ]
    counts = {
        "file": name,
        "format": read.format,
        "airspaces": read.seen,
        "volumes": len(read.volumes),
        "rejected": read.rejected,
        "remarks": dict(sorted((str(key), count) for key, count in read.remarks().items())),
        "passed": dict(read.passed),
    }
    return [*faults, counts]


def _volume(n: int, terms: Any) -> Volume:
    return Volume(
        id=derive("00", "VOL", str(n)), site="00", terms=terms, saved_at=EPOCH, saved_by="", saved_as=Role.ATC
    )
