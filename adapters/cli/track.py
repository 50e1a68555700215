"""`ganying track WHO` and `ganying track list`: where things were, out of the archive.

Reads the archive itself, beside a running server and on a stopped site: what the site wrote a second ago is there.
WHO is a track id, an icao24 address or a callsign.
"""

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from adapters.cli.config import add_config_option
from adapters.clock import utc_now
from adapters.config import load
from dispatch.errors import Malformed

if TYPE_CHECKING:
    from adapters.archive.query import Query, Source
    from protocols.json_history import HistoryPoint

SPAN = timedelta(days=1)  # where --from is left out
GAP_S = 300.0  # a pause as long as this begins a new line in GeoJSON
LIST = "list"


def add_parser(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `track`."""
    parser = sub.add_parser("track", help="print archived reports of one thing, or list what was heard")
    parser.add_argument("who", metavar="WHO|list", help="track id, icao24 address or callsign")
    parser.add_argument("--from", dest="begin", metavar="ISO", help="default: a day before --to")
    parser.add_argument("--to", dest="end", metavar="ISO", help="default: now")
    parser.add_argument("--format", choices=("jsonl", "geojson", "csv"), default="jsonl")
    parser.add_argument(
        "--step",
        type=float,
        default=0.0,
        metavar="S",
        help="at most one row in S seconds (default: every report)",
    )
    add_config_option(parser)
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Print; exit status 1 when there is nothing of WHO."""
    from adapters.archive.query import Query
    from adapters.archive.settings import settings_of
    from adapters.archive.source import Reading

    begin, end = _span(arguments)
    if not 0 <= arguments.step <= 86_400:
        raise Malformed("--step", "is not between 0 and 86400 seconds")
    asked = Query(from_us=_us(begin), to_us=_us(end), step_us=round(arguments.step * 1_000_000))
    reading = Reading(settings_of(load(arguments.config)))
    try:
        with reading.source() as source:
            if arguments.who == LIST:
                return _list(source, asked, arguments.format)
            found = _print(source, _of(source, asked, arguments.who), arguments.format)
    finally:
        reading.close()
    if not found:
        print(
            f"ganying: nothing of {arguments.who} from {begin.isoformat()} to {end.isoformat()}",
            file=sys.stderr,
        )
    return 0 if found else 1


def _span(arguments: argparse.Namespace) -> tuple[datetime, datetime]:
    end = _instant(arguments.end, "--to") if arguments.end else utc_now()
    begin = _instant(arguments.begin, "--from") if arguments.begin else end - SPAN
    if begin >= end:
        raise Malformed("--from", "is not before --to")
    return begin, end


def _instant(text: str, field: str) -> datetime:
    try:
        made = datetime.fromisoformat(text)
    except ValueError:
        raise Malformed(field, f"{text!r} is not a time like 2026-11-24T08:00+08:00") from None
    made = made if made.tzinfo else made.replace(tzinfo=UTC)
    if not 1970 < made.year < 2100:
        raise Malformed(field, "is not between 1971 and 2099")
    return made


def _us(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)


def _of(source: "Source", asked: "Query", who: str) -> "Query":
    """The question about WHO: ids as they are, addresses, and everything that was ever called so."""
    from adapters.archive.things import called
    from protocols.json_history import named

    ids, addresses = named([who])
    return replace(asked, ids=(*ids, *called(source, replace(asked, step_us=0), who)), addresses=addresses)


def _print(source: "Source", asked: "Query", form: str) -> int:
    """How many rows were printed."""
    write = {"jsonl": _jsonl, "csv": _csv, "geojson": _geojson}[form]
    return write(_points(source, asked))


def _points(source: "Source", asked: "Query") -> "Iterator[HistoryPoint]":
    from adapters.archive.answers import points
    from adapters.archive.query import everything

    for table in everything(source, asked):
        yield from points(table)


def _jsonl(points: "Iterator[HistoryPoint]") -> int:
    from protocols.json_answers import write

    count = 0
    for count, point in enumerate(points, 1):  # noqa: B007 (counted)
        sys.stdout.write(write(point).decode() + "\n")
    return count


def _csv(points: "Iterator[HistoryPoint]") -> int:
    import msgspec

    from protocols.json_history import HistoryPoint

    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(HistoryPoint.__struct_fields__)
    count = 0
    for count, point in enumerate(points, 1):  # noqa: B007 (counted)
        row = msgspec.to_builtins(point)
        out.writerow("" if row[name] is None else row[name] for name in HistoryPoint.__struct_fields__)
    return count


def _geojson(points: "Iterator[HistoryPoint]") -> int:
    """A FeatureCollection: for each thing a line for each of its flights, with the time of every point."""
    count = 0
    lines: dict[str, list[dict[str, Any]]] = {}
    for point in points:
        count += 1
        if point.lon_deg is None or point.lat_deg is None:
            continue
        of_thing = lines.setdefault(point.id, [])
        at = point.at.isoformat()
        if not of_thing or (point.at - of_thing[-1]["last"]).total_seconds() > GAP_S:
            of_thing.append(
                {"coordinates": [], "times": [], "altitudes_m": [], "callsign": "", "icao24": point.icao24}
            )
        line = of_thing[-1]
        line["coordinates"].append([point.lon_deg, point.lat_deg])
        line["times"].append(at)
        line["altitudes_m"].append(point.altitude_m)
        line["callsign"] = point.callsign or line["callsign"]
        line["last"] = point.at
    features = [_feature(track_id, line) for track_id, of_thing in lines.items() for line in of_thing]
    json.dump({"type": "FeatureCollection", "features": features}, sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")
    return count


def _feature(track_id: str, line: dict[str, Any]) -> dict[str, Any]:
    single = len(line["coordinates"]) == 1
    return {
        "type": "Feature",
        "geometry": {
            "type": "Point" if single else "LineString",
            "coordinates": line["coordinates"][0] if single else line["coordinates"],
        },
        "properties": {
            "id": track_id,
            **{name: line[name] for name in ("icao24", "callsign", "times", "altitudes_m")},
        },
    }


def _list(source: "Source", asked: "Query", form: str) -> int:
    """A line for each thing that was heard, the most recent last."""
    from adapters.archive.things import heard

    if form == "geojson":
        raise Malformed("--format", "a list is jsonl or csv")
    things = [thing.as_row() for thing in heard(source, asked)]
    if form == "jsonl":
        for row in things:
            print(json.dumps(row, ensure_ascii=False))
    else:
        out = csv.writer(sys.stdout, lineterminator="\n")
        out.writerow(("id", "icao24", "callsigns", "sources", "first", "last", "reports"))
        out.writerows(
            (" ".join(value) if isinstance(value, list) else value for value in row.values())
            for row in things
        )
    print(f"{len(things)} things", file=sys.stderr)
    return 0
