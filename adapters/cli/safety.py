"""`ganying safety RECORDING`: what the safety nets would have cried out, as JSON lines.

The recording is flown again on its own clock, a look every second, through the same picture, book of alerts and nets
as a site's (dispatch/safety). A recording has no fleet, so every aircraft in it is looked after as one of ours. One line
is printed for each alert that begins, changes or ends; faults of the file and the summary go to stderr.

Exit status 0 when the file was read whole, 1 when parts of it could not be read (each is named), 2 when it could not be
read at all.
"""

import argparse
import json
import math
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from immutables import Map

from adapters.cli import safety_sightings
from adapters.cli.safety_sightings import Recorded
from adapters.cli.volumes import body_of
from adapters.safety_rows import parameters_of
from adapters.terrain.folder import read_folder
from dispatch import doubts
from dispatch.alerts import Alert, AlertBook
from dispatch.errors import GanyingError, Malformed
from dispatch.ids import derive
from dispatch.kinds import HorizontalDatum, Role
from dispatch.picture import TrackPicture
from dispatch.safety.idle import idle_until
from dispatch.safety.nets import Nets
from dispatch.safety.parameters import Parameters
from dispatch.safety.sky import Skies
from dispatch.terrain import HeightDatum, Terrain
from dispatch.volume_records import Volume
from dispatch.world import World
from protocols.codec.common import EPOCH
from protocols.volumes import formats

AID = "辅助告警, 不替代管制"
SITE = "00"
_STATED = {1: "red", 2: "amber", 3: "info"}


def add_parser(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `safety`."""
    parser = sub.add_parser("safety", help="print the alerts of a recording as JSON lines")
    parser.add_argument("recording", help="- for stdin; .gz and .pcap (UDP payloads) are understood")
    parser.add_argument("--format", default="auto", choices=safety_sightings.FORMATS)
    parser.add_argument(
        "--volumes",
        action="append",
        default=[],
        metavar="FILE",
        help="airspace volumes, any format of `volumes`",
    )
    parser.add_argument(
        "--terrain", type=Path, metavar="PATH", help="a folder of HGT and GeoTIFF, or one tile"
    )
    parser.add_argument(
        "--terrain-datum",
        choices=[str(each) for each in HeightDatum],
        help="of GeoTIFF that does not say its own",
    )
    parser.add_argument(
        "--parameters", type=Path, metavar="FILE", help="rows of your own, CSV (docs/safety.md)"
    )
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Fly it again."""
    parameters = parameters_of(arguments.parameters)
    world = _world(arguments.volumes)
    recorded = safety_sightings.read(arguments.recording, arguments.format)
    for fault in recorded.faults:
        said = {"error": fault.code, "field": fault.field, "detail": fault.detail}
        where = {name: value for name in ("record", "line") if (value := getattr(fault, name))}
        print(json.dumps(said | where, ensure_ascii=False), file=sys.stderr)
    with tempfile.TemporaryDirectory() as cache:
        terrain = _terrain(arguments.terrain, Path(cache), arguments.terrain_datum)
        flown = Again(recorded, world, parameters, terrain)
        for line in flown.lines():
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()
    print(json.dumps(flown.summary(), ensure_ascii=False), file=sys.stderr)
    return 1 if recorded.counts.keys() - {"CRC"} or flown.failures else 0


class Again:
    """A recording flown again: one look a second of its own time while anything is followed or cried out. Seconds that
    can change nothing are passed over (dispatch/safety/idle.py), unless `every_second` is asked for."""

    def __init__(
        self,
        recorded: Recorded,
        world: World,
        parameters: Parameters,
        terrain: Terrain,
        *,
        every_second: bool = False,
    ) -> None:
        self._recorded, self._world, self._terrain = recorded, world, terrain
        self.picture = TrackPicture()
        self._told: list[Alert] = []
        self._book = AlertBook(self._told.append)
        self.nets = Nets(clock=perf_counter)
        self._skies = Skies(parameters, all_ours=True)
        self.flight_s = 0.0
        self.looks = self.skipped = 0
        self._every_second = every_second
        self._idle_until = 0.0
        self.begun: Counter[tuple[str, str]] = Counter()
        self.failures: Counter[str] = Counter()
        self.spent_s: Counter[str] = Counter()
        self._went_on: dict[str, Alert] = {}
        self.picture.on_emergency = lambda slot, now: self._book.distress(self.picture, slot, now)

    def lines(self) -> Iterator[dict[str, Any]]:
        """Every beginning, change and end, in the order of time."""
        waiting = iter(self._recorded.sightings)
        coming = next(waiting, None)
        while coming is not None:
            second = float(int(coming[0]))
            while coming is not None or len(self.picture) or self._went_on:
                until = self._next_look(second + 1.0, None if coming is None else coming[0])
                while coming is not None and coming[0] < until:
                    self.picture.accept(coming[1], coming[0])
                    coming = next(waiting, None)
                self._look(until)
                yield from self._new(until)
                if not len(self.picture) and not self._went_on:
                    break  # nothing until the next report
                second = until

    def _next_look(self, at_s: float, heard_s: float | None) -> float:
        """The first second from `at_s` on at which something has been heard or falls due: looks between give the same."""
        due_s = float(math.ceil(self._idle_until))
        if heard_s is not None:
            due_s = min(due_s, float(int(heard_s)) + 1.0)
        due_s = max(at_s, due_s)
        self.skipped += int(due_s - at_s)
        return due_s

    def _look(self, now: float) -> None:
        self.looks += 1
        picture = self.picture
        picture.expire(now)
        picture.history.drain()
        self._book.review(picture, doubts.review(picture.roster, now), {}, now)
        sky = self._skies.make(picture, self._world, now, terrain=self._terrain)
        self.flight_s += float(sky.flying.airborne.sum())
        looked = self.nets.look(sky)
        self._idle_until = now if self._every_second else idle_until(picture, self.nets, sky)
        self._book.take(looked.found)
        self.spent_s.update(looked.spent_s)
        for name, why in looked.failed.items():
            if not self.failures[name]:
                print(json.dumps({"error": "NET_FAILED", "net": name, "detail": why}), file=sys.stderr)
            self.failures[name] += 1

    def _new(self, now: float) -> Iterator[dict[str, Any]]:
        told, self._told[:] = list(self._told), []
        for alert in told:
            if alert.over:
                event = "end"
                self._went_on.pop(alert.id, None)
            else:
                event = "change" if alert.id in self._went_on else "begin"
                self._went_on[alert.id] = alert
            if event == "begin":
                self.begun[alert.kind.value, alert.code] += 1
            yield self._line(alert, event, now)

    def _line(self, alert: Alert, event: str, now: float) -> dict[str, Any]:
        line: dict[str, Any] = {
            "time": self._time(now),
            "at_s": round(now - self._recorded.sightings[0][0], 3),
            "event": event,
            "kind": alert.kind.value,
            "code": alert.code,
            "severity": _STATED[alert.severity],
            "id": alert.id,
            "who": [self._who(track_id) for track_id in alert.track_ids],
            "about": alert.about,
            "volume_id": alert.volume_id,
            "source": alert.source,
            "lead_s": None if alert.lead_s is None else round(alert.lead_s, 1),
            "figures": {name: round(value, 3) for name, value in alert.figures.items()},
            "flags": list(alert.flags),
        }
        if event == "end":
            line["lasted_s"] = round(now - alert.began_at_s, 1)
        return line

    def _who(self, track_id: str) -> dict[str, Any]:
        track = self.picture.get(track_id)
        return {
            "id": track_id,
            "icao24": track_id.partition(":")[2][:6] if track is None else track.icao24,
            "callsign": "" if track is None else track.callsign or "",
        }

    def _time(self, now: float) -> str | None:
        if not self._recorded.dated:
            return None
        return datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

    def summary(self) -> dict[str, Any]:
        """Counts of what was read and what began, by kind and per flight hour."""
        hours = self.flight_s / 3600.0
        kinds: Counter[str] = Counter()
        for (kind, _), count in self.begun.items():
            kinds[kind] += count
        return {
            "format": self._recorded.format,
            "clock": "utc" if self._recorded.dated else "counter",
            "sightings": len(self._recorded.sightings),
            "unread": dict(sorted(self._recorded.counts.items())),
            "verdicts": {str(verdict): count for verdict, count in sorted(self.picture.counts.items())},
            "looks": self.looks,
            "seconds_skipped": self.skipped,
            "flight_hours": round(hours, 3),
            "alerts": dict(sorted(kinds.items())),
            "alerts_by_code": {
                f"{kind}/{code}" if code else kind: n for (kind, code), n in sorted(self.begun.items())
            },
            "alerts_per_flight_hour": {kind: round(n / hours, 4) for kind, n in sorted(kinds.items())}
            if hours
            else {},
            "terrain": "fit" if self._terrain.has_fit else "无地形数据",
            "volumes": len(self._world.volumes),
            "net_failures": dict(self.failures),
            "cpu_ms_a_look": {
                name: round(1000 * s / max(1, self.looks), 3) for name, s in sorted(self.spent_s.items())
            },
            "note": AID,
        }


def _world(files: list[str]) -> World:
    kept: dict[str, Volume] = {}
    for name in files:
        try:
            read = formats.read(body_of(name), Path(name).name, None, HorizontalDatum.WGS84)
        except GanyingError:
            raise
        except OSError as error:
            raise Malformed("volumes", f"cannot read {name}: {error}") from None
        for fault in read.faults:
            said = {"file": name, "line": fault.line or None, "feature": fault.feature, "error": fault.code}
            print(json.dumps(said | {"detail": fault.detail}, ensure_ascii=False), file=sys.stderr)
        for terms in read.volumes:
            volume_id = derive(SITE, "VOL", f"{name}\0{terms.source.feature}")
            kept[volume_id] = Volume(
                id=volume_id, site=SITE, terms=terms, saved_at=EPOCH, saved_by="", saved_as=Role.ATC
            )
    return World(site=SITE, volumes=Map(kept))


def _terrain(path: Path | None, cache: Path, stated: str | None) -> Terrain:
    if path is None:
        return Terrain()
    if not path.exists():
        raise Malformed("terrain", f"{path} is not there")
    folder = path
    if path.is_file():
        folder = cache / "one"
        folder.mkdir()
        (folder / path.name).symlink_to(path.resolve())
    reading = read_folder(
        folder, cache / "unpacked", HeightDatum(stated) if stated else None, 64e9, datetime.now(UTC)
    )
    for fault in reading.faults:
        print(json.dumps({"file": fault.file, "error": "TERRAIN", "detail": fault.detail}), file=sys.stderr)
    if not reading.terrain.has_fit:
        print(
            json.dumps({"error": "NO_TERRAIN", "detail": "无地形数据"}, ensure_ascii=False), file=sys.stderr
        )
    return reading.terrain
