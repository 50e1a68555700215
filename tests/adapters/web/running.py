"""A real site for tests: a desk on SQLite, the web server on a free port, people of every role, a blocking client."""

import http.client
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from adapters.accounts import Accounts, hash_password, token_digest
from adapters.config import parse
from adapters.desk import Desk
from adapters.metrics import Metrics
from adapters.papers.papers import Papers
from adapters.papers.questions import Setup
from adapters.planner.wonders import WhatIf
from adapters.terrain.keeper import TerrainKeeper
from adapters.video.gb28181.service import gb28181_of
from adapters.video.video import Video
from adapters.watch import Watch
from adapters.weather.board import Board
from adapters.web.server import WebServer
from adapters.web.site import FeedState, LinkState, Site
from dispatch import minima_gate, records
from dispatch.account_commands import OpenSession, SaveAccount
from dispatch.commands import Ask
from dispatch.errors import Refused, Unknown
from dispatch.geo import Position
from dispatch.kinds import AircraftKind, Capability, FuelType, Role
from dispatch.picture import TrackPicture
from dispatch.planner_run import PlannerRun
from dispatch.records import Account, Aircraft, Assignment, Base, Session
from dispatch.resource_commands import SaveResource
from dispatch.tasking_commands import ProposePlan
from dispatch.tasking_facts import PlanProposed

PASSWORD = "Correct horse battery"
_HASH = hash_password(PASSWORD)

CONFIG = """
[site]
id = "36"
name = "江西"
data = "data"
[http]
listen = "127.0.0.1:0"
{tls}
[security]
second_factor = "{second_factor}"
idle_lock_minutes = {idle_lock_minutes}
[video]
first_port = 1024
last_port = 65535
{filming}
[demonstration]
enabled = {demonstration}
[[partner]]
site = "43"
name = "湖南"
agreement = "a"
[federation]
certificate = "c"
key = "k"
ca = "ca"
"""


@dataclass
class Response:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Clock:
    """Time that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


class OneSortie:
    """A planner that always proposes the first aircraft for the first incident; solving is the solver's test."""

    def __init__(self, desk: Desk, clock: Clock) -> None:
        self._desk, self._clock, self._made = desk, clock, 0
        self._told: list[Callable[[], None]] = []
        self.under_way: tuple[PlannerRun, ...] = ()

    def propose(self, incident_ids: tuple[str, ...], requested_by: str) -> "Deferred[str]":
        return Deferred.fromCoroutine(self._propose(incident_ids, requested_by))

    def what_if(self, changes: list[Any], requested_by: str) -> "Deferred[WhatIf]":
        raise Refused("NOTHING_TO_PLAN", "this planner only proposes")

    def propose_what_if(self, what_if_id: str, requested_by: str) -> "Deferred[str]":
        raise Unknown("id", f"no what-if {what_if_id}")

    def runs(self) -> tuple[PlannerRun, ...]:
        return self.under_way

    def cancel(self, run_id: int) -> None:
        if run_id not in {run.id for run in self.under_way}:
            raise Unknown("id", f"no run {run_id} is under way")
        self.think(())

    def subscribe(self, told: Callable[[], None]) -> Callable[[], None]:
        self._told.append(told)
        return lambda: self._told.remove(told)

    def think(self, runs: tuple[PlannerRun, ...]) -> None:
        """These are under way now."""
        self.under_way = runs
        for told in tuple(self._told):
            told()

    async def _propose(self, incident_ids: tuple[str, ...], requested_by: str) -> str:
        world, now = self._desk.world, self._clock()
        named = incident_ids or tuple(world.incidents)
        self._made += 1
        command = ProposePlan(
            requested_by=requested_by,
            incident_ids=named,
            assignments=(
                Assignment(
                    aircraft_id=next(iter(sorted(world.aircraft))),
                    incident_id=named[0],
                    base_id="YS",
                    water_point_id="",
                    hospital_id="",
                    take_off_at=now + timedelta(minutes=10),
                    on_scene_at=now + timedelta(minutes=30),
                    land_at=now + timedelta(minutes=90),
                    drops=0,
                    litres_per_drop=0,
                    litres_per_hour=0,
                    cost=1,
                ),
            ),
            reasons=(),
            score=1,
            human_score=1,
            solve_s=0.1,
            solver="one sortie",
            seed=1,
            interchange=b'{"format": "test"}',
        )
        answer = await self._desk.ask(
            Ask(actor="planner", role=None, command_id=f"plan-{self._made}", command=command)
        )
        return next(r.fact.plan.id for r in answer.recorded if isinstance(r.fact, PlanProposed))


def base(base_id: str = "YS") -> Base:
    return Base(
        id=base_id,
        site="36",
        name="瑶湖",
        position=Position(lon_deg=116.0, lat_deg=28.6),
        elevation_m=20,
        runway_m=800,
        fuels=(FuelType.JET,),
        refuel_points=2,
        source="test",
    )


def aircraft(aircraft_id: str = "B-70K3", operator_id: str = "OP1", **changes: Any) -> Aircraft:
    values: dict[str, Any] = {
        "id": aircraft_id,
        "site": "36",
        "name": "赣鹰01",
        "model": "H125",
        "kind": AircraftKind.HELICOPTER,
        "operator_id": operator_id,
        "icao24": "",
        "home_base_id": "YS",
        "at_base_id": "YS",
        "serviceable": True,
        "cruise_mps": 60.0,
        "loaded_mps": 45.0,
        "fuel_type": FuelType.JET,
        "fuel_capacity_kg": 400.0,
        "fuel_kg": 400.0,
        "burn_kgps": 0.05,
        "turnaround_s": 600.0,
        "min_runway_m": 0.0,
        "slots": 1,
        "water": None,
        "seats": 5,
        "cargo_kg": 500.0,
        "capabilities": (Capability.SEARCH,),
        "max_wind_mps": 15.0,
        "min_visibility_m": 1500.0,
        "cost_per_hour": 10.0,
        "source": "test",
    }
    return records.Aircraft(**{**values, **changes})


@dataclass
class Running:
    """One site under test. `tokens[role]` is a session of the account of that role's name."""

    desk: Desk
    server: WebServer
    clock: Clock
    picture: TrackPicture
    planner: OneSortie
    folder: Path
    second_factor: str
    demonstration: bool
    papers: Papers
    feeds: list[FeedState] = field(default_factory=list)
    links: list[LinkState] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    port: int = 0
    made: int = 0

    @property
    def site(self) -> Site:
        return self.server.site

    @classmethod
    async def start(
        cls,
        folder: Path,
        *,
        second_factor: str = "off",
        demonstration: bool = False,
        guide: Any = None,
        tls: str = "",
        dist: Path | None = None,
        video: bool = False,
        filming: str = "",  # more of [video]
        idle_lock_minutes: int = 0,  # tests move the clock by hours
        more: str = "",  # of the site's file
    ) -> "Running":
        config = parse(
            CONFIG.format(
                second_factor=second_factor,
                idle_lock_minutes=idle_lock_minutes,
                demonstration="true" if demonstration else "false",
                tls=tls,
                filming=filming,
            ).encode()
            + more.encode(),
            folder,
        )
        config.data.mkdir(exist_ok=True)
        clock, picture, board = Clock(), TrackPicture(), Board()
        desk = Desk(
            url=config.database_url,
            site="36",
            key=Ed25519PrivateKey.generate(),
            clock=clock,
            partners=frozenset({"43"}),
            decide=lambda world, ask, now, partners: minima_gate.decide(
                world, ask, now, partners, minima_gate.Known(weather=board.told)
            ),
        )
        await desk.start()
        feeds: list[FeedState] = []
        links: list[LinkState] = []
        metrics = Metrics()
        watch = Watch(picture, clock, metrics)
        watch.follow(desk.world)
        desk.subscribe(lambda world, _: watch.follow(world))
        planner = OneSortie(desk, clock)
        papers = Papers(Setup(url=config.database_url, site="36", issuer="江西"), reactor)
        shown = (
            Video(config=config, desk=desk, clock=clock, metrics=metrics, reactor=reactor) if video else None
        )
        gb28181 = (
            None
            if shown is None
            else gb28181_of(
                config=config, desk=desk, video=shown, clock=clock, metrics=metrics, reactor=reactor
            )
        )
        if gb28181 is not None:
            gb28181.start()
        if shown is not None:
            shown.start()
        if dist is None:
            dist = folder / "dist"
            _write_page(dist)
        server = WebServer(
            Site(
                desk=desk,
                picture=picture,
                feeds=lambda: feeds,
                links=lambda: links,
                planner=planner,
                config=config,
                metrics=metrics,
                accounts=Accounts(config.data, reactor),  # type: ignore[arg-type]  # the module stands for the installed one
                clock=clock,
                watch=watch,
                terrain=TerrainKeeper(config, clock, reactor),
                guide=guide,
                papers=papers,
                video=shown,
                gb28181=gb28181,
                board=board,
            ),
            dist=dist,
        )
        url = await server.start(reactor)
        made = cls(
            desk=desk,
            server=server,
            clock=clock,
            picture=picture,
            planner=planner,
            folder=folder,
            second_factor=second_factor,
            demonstration=demonstration,
            feeds=feeds,
            links=links,
            papers=papers,
            port=int(url.rpartition(":")[2]),
        )
        await made._people()
        return made

    async def stop(self) -> None:
        await self.server.stop()
        if self.site.gb28181 is not None:
            await self.site.gb28181.stop()
        if self.site.video is not None:
            await self.site.video.stop()
        await self.papers.stop()
        self.site.accounts.stop()
        await self.desk.stop()

    async def ask(self, command: Any) -> Any:
        self.made += 1
        return await self.desk.ask(
            Ask(actor="test", role=None, command_id=f"test-{self.made}", command=command)
        )

    async def account(self, name: str, *roles: Role, operator_id: str = "", **changes: Any) -> Account:
        account = Account(
            name=name,
            display_name=name.capitalize(),
            roles=roles,
            password_hash=_HASH,
            operator_id=operator_id,
            **changes,
        )
        present = self.desk.world.accounts.get(name)
        await self.ask(SaveAccount(account=account, version_seen=present.version if present else 0))
        return account

    async def session(self, name: str, role: Role, token: str = "") -> str:
        token = token or f"token-of-{name}-as-{role}"
        session = Session(
            token_digest=token_digest(token),
            account=name,
            role=role,
            opened_at=self.clock(),
            expires_at=self.clock() + timedelta(hours=12),
        )
        await self.ask(OpenSession(session=session))
        return token

    async def _people(self) -> None:
        for role in Role:
            await self.account(role.value, role, operator_id="OP1" if role is Role.OPERATOR else "")
            self.tokens[role.value] = await self.session(role.value, role)
        await self.account("other_operator", Role.OPERATOR, operator_id="OP2")
        self.tokens["other_operator"] = await self.session("other_operator", Role.OPERATOR)
        await self.ask(SaveResource(resource=base(), version_seen=0))
        await self.ask(SaveResource(resource=aircraft(), version_seen=0))
        await self.ask(
            SaveResource(resource=aircraft("B-OTHER", operator_id="OP2", name="赣鹰02"), version_seen=0)
        )

    async def http(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        role: str = "",
        token: str = "",
        headers: dict[str, str] | None = None,
    ) -> Response:
        """One request; `body` bytes go as they are, anything else as JSON."""
        sent = dict(headers or {})
        if role or token:
            sent["Authorization"] = f"Bearer {token or self.tokens[role]}"
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        path = path if path.startswith("/") else f"/api/v1/{path}"
        return await deferToThread(self._request, method, path, body, sent)

    def _request(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Response:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            line.request(method, path, body=body, headers=headers)
            answer = line.getresponse()
            return Response(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            line.close()

    async def raw(self, talk: Callable[[socket.socket], Any]) -> Any:
        """Talk over a bare socket, in a thread."""

        def run() -> Any:
            with socket.create_connection(("127.0.0.1", self.port), timeout=20) as line:
                return talk(line)

        return await deferToThread(run)

    # The story, up to where a test begins

    async def incident(self, **changes: Any) -> dict[str, Any]:
        body = {
            "kind": "forest_fire",
            "level": 3,
            "title": "山火",
            "position": {"lon_deg": 115.9, "lat_deg": 28.7},
            **changes,
        }
        answer = await self.http("POST", "incidents", body, role="dispatcher")
        assert answer.status == 201, answer.body
        made: dict[str, Any] = answer.json
        return made

    async def act(self, path: str, role: str, version: int, **more: Any) -> Any:
        answer = await self.http("POST", path, {"version": version, **more}, role=role)
        assert answer.status == 200, answer.body
        return answer.json

    async def confirmed(self) -> dict[str, Any]:
        incident = await self.incident()
        confirmed: dict[str, Any] = await self.act(f"incidents/{incident['id']}/confirm", "dispatcher", 1)
        return confirmed

    async def pending(self) -> dict[str, Any]:
        """A tasking that waits for the duty chief."""
        incident = await self.confirmed()
        plan = await self.http("POST", "plans", {"incident_ids": [incident["id"]]}, role="dispatcher")
        assert plan.status == 201, plan.body
        await self.act(f"plans/{plan.json['id']}/adopt", "dispatcher", 1)
        taskings = await self.http("GET", "taskings", role="duty_chief")
        return next(t for t in taskings.json["items"] if t["plan_id"] == plan.json["id"])

    async def ordered(self) -> dict[str, Any]:
        tasking = await self.pending()
        path = f"taskings/{tasking['id']}/order"
        ordered: dict[str, Any] = await self.act(path, "duty_chief", tasking["version"])
        return ordered


def _write_page(dist: Path) -> None:
    (dist / "assets").mkdir(parents=True, exist_ok=True)
    (dist / "index.html").write_text("<!doctype html><title>赣鹰</title>", "utf-8")
    (dist / "assets" / "app-1a2b3c.js").write_text("export {}")
    (dist / "map.pmtiles").write_bytes(bytes(range(256)) * 40)
