"""An hour's cut at 20,000 updates/s: `python -m loadtests.link_history [--aircraft 20000] [--minutes 60] [--folder DIR]`.

Two processes, mutual TLS over loopback, the link's own sessions, `PastLane`s and archives at both ends; every aircraft
reports once a second and flies for a shared incident, so that the policy lets all of it leave. What the sender's archive
holds of the time of the cut is not waited for but written at once, by the archive's own code, and settled as a server
does; 43 is told that it last heard 36 then. The link then comes up, 36 sends its whole picture and goes on with `aircraft`
updates a second, and meanwhile the history is asked for, judged, packed, sent, opened and archived. Measured from the
open socket: until every aircraft in 43's picture is of after it; until nothing is missing, as a multiple of real time;
and how old live positions were on arrival meanwhile. Ends with one line of JSON; exits 1 when a row is missing or doubled.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from twisted.internet import reactor
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.task import LoopingCall

from adapters.archive.archive import Archive
from adapters.archive.columns import batch_of
from adapters.archive.files import FileSink, FileSource
from adapters.archive.keeping import keep_files
from adapters.archive.query import Query, everything
from adapters.archive.settings import ArchiveSettings
from adapters.clock import utc_now
from adapters.link.past import PastLane
from adapters.link.past_gaps import NAME
from adapters.link.past_site import Past
from adapters.link.past_ways import OverLink
from adapters.link.socket import AcceptingFactory, DiallingFactory
from adapters.tls import link_client_context, link_server_context
from dispatch.history import HistoryChunk
from dispatch.incident_commands import ActOnIncident, ShareIncident
from dispatch.kinds import IncidentAction, Role, SourceKind, TaskingAction
from dispatch.tasking_commands import ActOnTasking, AdoptPlan
from dispatch.world import World
from loadtests.link_tracks import End, sky
from loadtests.machine import cpu_s, stamp
from protocols.codec.link_columns import ColumnLabel
from protocols.link_outputs import Output, PartnerColumns, PartnerPast
from protocols.link_state import LinkState
from tests.adapters.link.sites import certificates
from tests.dispatch.scene import Scene

FIRST_ADDRESS = 0x780001  # as link_tracks.sky has them
STEP_S = 0.05
US = 1_000_000
DONE_WITHIN_S = 3_600.0

_reactor: Any = reactor


def settings(folder: Path) -> ArchiveSettings:
    """An archive of files in a site's folder."""
    return ArchiveSettings(
        folder=str(folder / "archive"), url="", days=400, max_bytes=0, keep_free_bytes=0, readers=1
    )


def world_of(aircraft: int, since: datetime) -> World:
    """36's: so many aircraft that fly for an incident which is shared with 43."""
    scene = Scene()
    scene.now = since - timedelta(hours=1)
    incident_id = scene.report()
    confirm = ActOnIncident(incident_id=incident_id, action=IncidentAction.CONFIRM, version_seen=1)
    scene.ask(Role.DISPATCHER, confirm)
    plan_id = scene.propose(incident_id, 1)
    scene.ask(Role.DISPATCHER, AdoptPlan(plan_id=plan_id, version_seen=1))
    (tasking,) = scene.world.taskings.values()
    for action, role in ((TaskingAction.ORDER, Role.DUTY_CHIEF), (TaskingAction.ACCEPT, Role.OPERATOR)):
        version = scene.world.taskings[tasking.id].version
        scene.ask(role, ActOnTasking(tasking_id=tasking.id, action=action, version_seen=version))
    version = scene.world.incidents[incident_id].version
    scene.ask(Role.DISPATCHER, ShareIncident(incident_id=incident_id, partner="43", version_seen=version))
    one = scene.world.taskings[tasking.id]
    many = scene.world.taskings.mutate()
    for number in range(aircraft):
        tasking_id = f"36-TSK-{number:08d}"
        many[tasking_id] = replace(one, id=tasking_id, aircraft_icao24=f"{FIRST_ADDRESS + number:06x}")
    return replace(scene.world, taskings=many.finish())


def write_hour(folder: Path, aircraft: int, from_s: float, seconds: int) -> None:
    """What a receiver of 36 heard: everybody once a second, with turns, climbs and the noise of a measurement."""
    sink = FileSink(settings(folder).root, keep_free_bytes=0, clock_s=time.time)
    sink.prepare()
    whole = sky(aircraft)
    dice = np.random.default_rng(36)
    phase_s = dice.uniform(0, 1, aircraft)
    lat_e7, altitude_m = whole["lat_e7"].astype(np.float64), dice.uniform(300.0, 9_000.0, aircraft)
    course_deg, speed_mps = dice.uniform(0.0, 360.0, aircraft), dice.uniform(40.0, 240.0, aircraft)
    ids = tuple(f"icao24:{each:06x}" for each in whole["number"].tolist())
    callsign = np.array([f"T{number % 10_000:04d}" for number in whole["number"].tolist()], "S32")
    for second in range(seconds):
        course_deg = (
            course_deg + dice.normal(0.0, 1.0, aircraft)
        ) % 360.0  # they turn, climb and are measured
        altitude_m = np.clip(altitude_m + dice.normal(0.0, 3.0, aircraft), 0.0, 12_000.0)
        lat_e7 += np.cos(np.radians(course_deg)) * speed_mps * 90.0 + dice.normal(0.0, 30.0, aircraft)
        chunk = HistoryChunk(
            source="hill",
            source_kind=SourceKind.ADSB,
            ids=ids,
            codes=np.arange(aircraft, dtype=np.int32),
            at_s=from_s + second + phase_s,
            address=whole["number"].astype(np.uint32),
            lon_deg=(whole["lon_e7"] - (seconds - second) * 1_000 + dice.normal(0.0, 30.0, aircraft)) / 1e7,
            lat_deg=np.clip(lat_e7, -8e8, 8e8) / 1e7,
            accuracy_m=np.full(aircraft, 92.6, np.float32),
            altitude_m=(np.rint(altitude_m / 7.62) * 7.62).astype(np.float32),  # steps of 25 ft
            altitude_datum=np.full(aircraft, 3, np.uint8),
            ground_speed_mps=np.rint(speed_mps + dice.normal(0.0, 0.5, aircraft)).astype(np.float32),
            track_deg=course_deg.astype(np.float32),
            vertical_rate_mps=(np.rint(dice.normal(0.0, 2.0, aircraft)) * 0.3251).astype(np.float32),
            callsign=callsign,
            squawk=np.full(aircraft, 1200, np.int16),
            emergency=np.zeros(aircraft, np.uint8),
            category=np.zeros(aircraft, np.uint8),
            thing_kind=np.zeros(aircraft, np.uint8),
            on_ground=np.zeros(aircraft, np.int8),
            simulated=np.zeros(aircraft, np.bool_),
        )
        sink.append(batch_of([chunk]))
        sink.roll()
    sink.close()
    keep_files(settings(folder), sink.settleable(), round((from_s + seconds + 86_400) * US))


class HistoryEnd(End):
    """One end of the link with a `PastLane`, and an archive of its own."""

    def __init__(self, site: str, other: str, folder: Path, world: World) -> None:
        super().__init__(site, other)
        self.archive = Archive(
            settings(folder), self.picture.history, _reactor, lambda: utc_now().timestamp()
        )
        self.archive.start()
        desk: Any = SimpleNamespace(world=world)
        self.past = Past(
            archive=self.archive, folder=folder, hours=48.0, desk=desk, clock=utc_now, reactor=_reactor
        )
        self.lane = PastLane(
            self.past,
            site=other,
            way=OverLink(
                self.session,
                congested=lambda: self.socket is None or self.socket.congested,
                carry_out=self.carry_out,
                end=lambda code, detail: sys.exit(f"{code}: {detail}"),
            ),
            area=lambda: None,
            sent=lambda _count: None,
        )
        self.opened_at: datetime | None = None
        self.picture_s: float | None = None
        self.history_s: float | None = None
        self.stalls_s: list[float] = []
        self._ticked = time.monotonic()
        self._beat = LoopingCall(self._tick)
        self._beat.start(0.05)

    def _tick(self) -> None:
        now = time.monotonic()
        self.stalls_s.append(max(0.0, now - self._ticked - 0.05))
        self._ticked = now
        self.carry_out(self.session.tick(utc_now()))
        self.lane.tick(utc_now())

    def opened(self, socket: Any) -> None:
        """Greet; the clock of the run begins."""
        self.opened_at = utc_now()
        super().opened(socket)

    def line_changed(self, socket: Any) -> None:
        """Full, or not any more."""
        super().line_changed(socket)
        if not socket.congested:
            self.lane.line_free(utc_now())

    def carry_out(self, outputs: list[Output]) -> None:
        """What the session says."""
        super().carry_out(outputs)
        for output in outputs:
            if isinstance(output, PartnerPast):
                self.lane.heard(output.word, utc_now())
            elif isinstance(output, PartnerColumns):
                self._note_picture()

    def _note_picture(self) -> None:
        if self.picture_s is None and self.opened_at is not None and len(self.picture) == self.wanted:
            at_s = self.picture.rows.position_at_s[self.picture.things.best_row[: self.wanted]]
            if at_s.min() >= self.opened_at.timestamp() - 1.0:  # heard within the second before
                self.picture_s = (utc_now() - self.opened_at).total_seconds()

    wanted = 0


def _say(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


def receive(folder: Path, aircraft: int) -> None:
    """43: prints its port, then what became of it, once nothing is missing."""
    end = HistoryEnd("43", "36", folder / "43", World.empty("43"))
    end.wanted = aircraft
    papers = tuple(folder / "ca" / name for name in ("43.crt", "43.key", "ca.crt"))
    context = link_server_context(*papers)
    port = _reactor.listenSSL(0, AcceptingFactory(end, _reactor), context, interface="127.0.0.1")
    _say({"port": port.getHost().port})
    began = [0.0]

    def look() -> None:
        told = end.lane.told(utc_now()).fetched
        if not began[0] and told.missing_us:
            began[0] = time.monotonic()
        if (began[0] and not told.missing_us) or time.monotonic() - start > DONE_WITHIN_S:
            assert end.opened_at is not None
            end.history_s = (utc_now() - end.opened_at).total_seconds()
            watching.stop()
            assert end.socket is not None
            end.socket.close()

    start = time.monotonic()
    watching = LoopingCall(look)
    watching.start(0.1)
    _reactor.run()
    told = end.lane.told(utc_now()).fetched
    late = np.array([each for each, _ in end.late_s]) * 1000
    rows = np.array([count for _, count in end.late_s])
    assert end.history_s is not None
    _say(
        {
            "picture_s": end.picture_s,
            "history_s": round(end.history_s, 1),
            "history_rows": told.rows,
            "history_bytes": told.bytes,
            "known_rows": end.session.counts["past_rows_known"],
            "ended": [each.code for each in told.ended],
            "live_rows": int(rows.sum()),
            "live_p50_ms": round(float(np.percentile(np.repeat(late, rows), 50)), 1),
            "live_p99_ms": round(float(np.percentile(np.repeat(late, rows), 99)), 1),
            "receiver_stall_p99_ms": round(float(np.percentile(end.stalls_s, 99)) * 1000, 1),
            "receiver_cpu_s": round(cpu_s(_pid()), 1),
        }
    )


def _pid() -> int:
    return int(Path("/proc/self").resolve().name)


def send(folder: Path, aircraft: int, seconds: int) -> dict[str, Any]:
    """36, which starts 43 and dials it."""
    now, cpu_before_s = utc_now(), cpu_s(_pid())
    end = HistoryEnd("36", "43", folder / "36", world_of(aircraft, now - timedelta(seconds=seconds)))
    other = subprocess.Popen(  # ourselves
        [sys.executable, "-m", "loadtests.link_history", "--receive", "--folder", str(folder), "--aircraft", str(aircraft)],
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert other.stdout is not None
    port = json.loads(other.stdout.readline())["port"]
    factory = DiallingFactory(end, "43", f"wss://127.0.0.1:{port}/link", _reactor)
    papers = tuple(folder / "ca" / name for name in ("36.crt", "36.key", "ca.crt"))
    context: Any = link_client_context(*papers)
    wrapClientTLS(context, HostnameEndpoint(_reactor, b"127.0.0.1", port)).connect(factory)
    whole = sky(aircraft)
    labels = [ColumnLabel(int(number), f"T{number % 10_000:04d}", "") for number in whole["number"]]
    each = max(1, int(aircraft * STEP_S))
    steps = [0]

    def step() -> None:
        if end.session.state not in (LinkState.CATCHING_UP, LinkState.LIVE) or end.socket is None:
            return
        places = (np.arange(each) + steps[0] * each) % aircraft
        whole["lon_e7"][places] += 1_000
        first = steps[0] == 0
        congested = end.socket.congested and not first
        shown = whole if first else whole[places]
        end.carry_out(
            end.session.columns_available(shown, labels if first else [], utc_now(), congested=congested)
        )
        steps[0] += 1

    loop = LoopingCall(step)
    loop.start(STEP_S)
    _reactor.run()
    said = other.stdout.read().splitlines()
    lines = [json.loads(line) for line in said if line.startswith("{")]
    print(*(line for line in said if not line.startswith("{")), sep="\n", file=sys.stderr)  # its log
    other.wait()
    found = {name: value for line in lines for name, value in line.items()}
    return {
        **found,
        "live_dropped": end.session.counts["tracks_dropped"],
        "sender_stall_p99_ms": round(float(np.percentile(end.stalls_s, 99)) * 1000, 1),
        "sender_cpu_s": round(cpu_s(_pid()) - cpu_before_s, 1),  # with the process that reads the archive
    }


def rows_of(folder: Path, source: str, icao24: str, from_us: int, to_us: int) -> list[tuple[Any, ...]]:
    """One aircraft's time as an archive has it."""
    asked = Query(from_us=from_us, to_us=to_us, ids=(f"icao24:{icao24}",))
    tables = everything(FileSource(settings(folder).root), asked)
    names = ("at", "lon_e7", "lat_e7", "altitude_m", "callsign", "squawk")
    return [
        tuple(row[name] for name in names)
        for table in tables
        for row in table.to_pylist()
        if row["source"] == source
    ]


def same(folder: Path, aircraft: int, from_us: int, to_us: int) -> Iterator[bool]:
    """Whether some aircraft's reports stand at 43 as they do at 36."""
    for number in (0, aircraft // 3, aircraft - 1):
        icao24 = f"{FIRST_ADDRESS + number:06x}"
        yield rows_of(folder / "36", "hill", icao24, from_us, to_us) == rows_of(
            folder / "43", "36", icao24, from_us, to_us
        )


def run(folder: Path, aircraft: int, minutes: float) -> int:
    """The hour, the link, the comparison."""
    seconds = round(minutes * 60)
    certificates(folder / "ca", "36", "43")
    from_s = int(time.time()) - seconds
    from_us, to_us = from_s * US, (from_s + seconds) * US
    began = time.monotonic()
    write_hour(folder / "36", aircraft, from_s, seconds)
    wrote_s = time.monotonic() - began
    print(
        f"{aircraft * seconds:,} rows of {minutes:g} min written and settled in {wrote_s:.0f} s", flush=True
    )
    (folder / "43").mkdir()
    (folder / "43" / NAME).write_text(json.dumps({"36": {"live_us": from_us, "gaps": []}}))
    found = send(folder, aircraft, seconds + round(wrote_s))
    whole = found["history_rows"] == aircraft * seconds and all(same(folder, aircraft, from_us, to_us))
    speed = seconds / found["history_s"]
    _say(
        {
            "updates_a_second": aircraft,
            "cut_min": minutes,
            "scaled": minutes != 60,  # a shorter cut than the hour that was asked for
            **found,
            "whole": whole,
            "picture_within_5_s": found["picture_s"] is not None and found["picture_s"] <= 5.0,
            "history_x_real_time": round(speed, 1),
            "history_over_15x": speed >= 15.0,
            # what it costs, whoever else uses the machine: live traffic included, keeping house not
            "cpu_us_a_row": round(
                (found["sender_cpu_s"] + found["receiver_cpu_s"]) * 1e6 / found["history_rows"], 2
            ),
            "machine": stamp(),
        }
    )
    return 0 if whole else 1


def main() -> int:
    """From the command line; 1 when something is missing or doubled."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--aircraft", type=int, default=20_000)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--receive", action="store_true")
    given = parser.parse_args()
    if given.receive:
        receive(given.folder, given.aircraft)
        return 0
    folder = Path(tempfile.mkdtemp(dir=given.folder))
    try:
        return run(folder, given.aircraft, given.minutes)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
