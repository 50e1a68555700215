"""A small site for tests of the rules: two helicopters, one base, a confirmed fire, a proposal."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from dispatch.account_commands import SaveAccount
from dispatch.commands import Ask, Command
from dispatch.decide import decide
from dispatch.facts import Fact, Recorded
from dispatch.fold import fold
from dispatch.geo import Position
from dispatch.incident_commands import ReportIncident
from dispatch.kinds import AircraftKind, Capability, FuelType, IncidentKind, Role, WaterMode
from dispatch.records import Account, Aircraft, Assignment, Base, LiftPoint, WaterGear, WaterPoint
from dispatch.resource_commands import SaveResource
from dispatch.tasking_commands import ProposePlan
from dispatch.world import World

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
FIRE = Position(lon_deg=115.1, lat_deg=28.95)


def aircraft(number: int, operator_id: str = "OP1") -> Aircraft:
    """A Ka-32 with a bucket, standing at JX-JA."""
    return Aircraft(
        id=f"B-70{number:02d}",
        site="36",
        name=f"赣鹰{number:02d}",
        model="Ka-32A11BC",
        kind=AircraftKind.HELICOPTER,
        operator_id=operator_id,
        icao24=f"78f0{number:02x}",
        home_base_id="JX-JA",
        at_base_id="JX-JA",
        serviceable=True,
        cruise_mps=58,
        loaded_mps=42,
        fuel_type=FuelType.JET,
        fuel_capacity_kg=1900,
        fuel_kg=1900,
        burn_kgps=0.17,
        turnaround_s=1200,
        min_runway_m=0,
        slots=1,
        water=WaterGear(
            mode=WaterMode.BUCKET,
            capacity_l=4000,
            fill_s=60,
            drop_s=20,
            min_depth_m=2,
            lift=(
                LiftPoint(density_altitude_m=0, litres=4000),
                LiftPoint(density_altitude_m=3500, litres=1800),
            ),
        ),
        seats=13,
        cargo_kg=3700,
        capabilities=(Capability.WATER,),
        max_wind_mps=15,
        min_visibility_m=3000,
        cost_per_hour=38,
        source="test",
    )


BASE = Base(
    id="JX-JA",
    site="36",
    name="靖安",
    position=Position(lon_deg=115.36, lat_deg=28.86),
    elevation_m=60,
    runway_m=800,
    fuels=(FuelType.JET,),
    refuel_points=4,
    source="test",
)
WATER = WaterPoint(
    id="W1",
    site="36",
    name="小湾水库",
    position=Position(lon_deg=115.15, lat_deg=28.93),
    elevation_m=100,
    modes=(WaterMode.BUCKET,),
    depth_m=10,
    max_aircraft=2,
    source="test",
)


class Scene:
    """A world with its journal, driven through `decide` and `fold` as the desk does."""

    def __init__(self, site: str = "36") -> None:
        self.site = site
        self.world = World.empty(site)
        self.journal: list[Recorded] = []
        self.now = NOW
        self._keys = count(1)
        self.site_asks(SaveResource(resource=BASE, version_seen=0))
        self.site_asks(SaveResource(resource=WATER, version_seen=0))
        for number, operator in ((1, "OP1"), (2, "OP2")):
            self.site_asks(SaveResource(resource=aircraft(number, operator), version_seen=0))

    def ask(
        self, role: Role | None, command: Command, *, operator_id: str = "OP1", actor: str = "", key: str = ""
    ) -> tuple[Fact, ...]:
        """Decide and fold. Raises what `decide` raises; then nothing has changed."""
        asked = Ask(
            actor=actor or str(role or "site"),
            role=role,
            command_id=key or f"k{next(self._keys)}",
            command=command,
            operator_id=operator_id if role is Role.OPERATOR else "",
        )
        return self.take(asked)

    def take(self, asked: Ask) -> tuple[Fact, ...]:
        """Decide and fold what is asked."""
        made = decide(self.world, asked, self.now, frozenset({"43"}))
        for part, fact in enumerate(made):
            recorded = Recorded(
                seq=len(self.journal) + 1,
                at=self.now,
                origin=self.site,
                origin_seq=len(self.journal) + 1,
                command_id=asked.command_id,
                part=part,
                actor=asked.actor,
                role=asked.role,
                fact=fact,
            )
            self.journal.append(recorded)
            self.world = fold(self.world, recorded)
        return made

    def site_asks(self, command: Command) -> tuple[Fact, ...]:
        """The site itself asks."""
        return self.ask(None, command)

    def wait(self, **span: float) -> None:
        """Time passes."""
        self.now += timedelta(**span)

    def account(self, name: str, *roles: Role, operator_id: str = "") -> None:
        """Make an account."""
        made = Account(name=name, display_name=name, roles=roles, password_hash="x", operator_id=operator_id)
        self.site_asks(SaveAccount(account=made, version_seen=0))

    def report(self, level: int = 3) -> str:
        """Report a forest fire; returns its id."""
        before = set(self.world.incidents)
        self.ask(
            Role.DISPATCHER,
            ReportIncident(
                kind=IncidentKind.FOREST_FIRE, level=level, title="三爪仑林火", place="靖安县", position=FIRE
            ),
        )
        return next(i for i in self.world.incidents if i not in before)

    def propose(self, incident_id: str, *numbers: int) -> str:
        """Bring a proposal that sends the numbered aircraft; returns its id."""
        before = set(self.world.plans)
        assignments = tuple(self.assignment(incident_id, number) for number in numbers or (1,))
        self.site_asks(
            ProposePlan(
                requested_by="dispatcher",
                incident_ids=(incident_id,),
                assignments=assignments,
                reasons=(),
                score=1,
                human_score=2,
                solve_s=0.1,
                solver="test",
                seed=0,
                interchange=b"{}",
            )
        )
        return (set(self.world.plans) - before).pop()

    def assignment(self, incident_id: str, number: int) -> Assignment:
        """A sortie of one of the two aircraft."""
        return Assignment(
            aircraft_id=f"B-70{number:02d}",
            incident_id=incident_id,
            base_id="JX-JA",
            water_point_id="W1",
            hospital_id="",
            take_off_at=self.now + timedelta(minutes=20),
            on_scene_at=self.now + timedelta(minutes=32),
            land_at=self.now + timedelta(minutes=120),
            drops=10,
            litres_per_drop=4000,
            litres_per_hour=24_000,
            cost=63.3,
        )

    def replayed(self) -> World:
        """The world folded anew from the journal."""
        world = World.empty(self.site)
        for recorded in self.journal:
            world = fold(world, replace(recorded))
        return world
