"""What is left of a tasking under way, as the locked legs that open its aircraft's plan. Pure.

On the ground the whole sortie is still to come; in the air what is left of it begins where the aircraft was last
seen, else where it should be by now. Drops made are told by nobody, so they are counted by the clock: a whole cycle
since the first one due is a drop. Distances are great circles (interchange format), speeds the aircraft's own.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from dispatch.geo import Position, distance_m
from dispatch.kinds import TaskingState
from dispatch.records import Aircraft, Base, Tasking
from dispatch.world import World
from optimizer.situation_closures import Lanes
from optimizer.situation_tasks import row_of
from optimizer.situation_times import leg_time_text

LOCKED_BEFORE = timedelta(minutes=15)  # a take-off nearer than this is a promise, ordered or not
LATE_TAKE_OFF = timedelta(minutes=5)  # one that is overdue is expected this much from now
_SHARE_M = 1.0  # nearer than this is there


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighted:
    """Where an aircraft was last seen, WGS-84, and when."""

    position: Position
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """The rest of one tasking. `position` None: it stands at its base until `ready_at`. `still_l`: litres to come."""

    tasking: Tasking
    position: Position | None
    ready_at: datetime
    legs: tuple[dict[str, Any], ...]
    still_l: float


def is_locked(tasking: Tasking, now: datetime) -> bool:
    """Whether a plan must leave a tasking as it is: ordered by the duty chief, or about to take off."""
    return tasking.state is not TaskingState.PENDING or tasking.take_off_at <= now + LOCKED_BEFORE


def taken_off_at(tasking: Tasking) -> datetime | None:
    """When the present sortie took off; None: not yet."""
    return _last(tasking, "take_off")


def drops_by(world: World, tasking: Tasking, at: datetime) -> int:
    """Drops of the present sortie that were made by a moment, by the clock."""
    way = _Way.of(world, tasking, at, {}, Lanes((), at))
    return 0 if way is None else way.drops_done(at)


def _last(tasking: Tasking, action: str) -> datetime | None:
    return max((step.at for step in tasking.history if step.action == action), default=None)


def commitment(
    world: World,
    tasking: Tasking,
    now: datetime,
    sighted: Sighted | None,
    task: Mapping[str, Any] | None,
    *,
    lanes: Lanes,
) -> Commitment | None:
    """What is left of a tasking; None where something that it names is not known here any more. `task`: what the
    scenario says of its incident; None for a fire. `lanes`: the ways round closed airspace."""
    way = _Way.of(world, tasking, now, task or {}, lanes)
    if way is None:
        return None
    if tasking.state in _GROUND:
        ready_at = max(tasking.take_off_at, now) if tasking.take_off_at > now else now + LATE_TAKE_OFF
        way.at, way.here = ready_at, way.base
        way.outward(tasking.drops)
        return way.commitment(None, ready_at)
    here = sighted.position if sighted is not None else way.expected(now)
    way.at, way.here = now, here
    if tasking.state is TaskingState.RETURNING:
        way.fly("base", tasking.base_id, way.base, way.aircraft.cruise_mps)
    else:
        done = way.drops_done(now) if tasking.state is TaskingState.WORKING else 0
        way.outward(max(1, tasking.drops - done) if tasking.drops else 0)
    return way.commitment(here, now)


_GROUND = frozenset(
    {
        TaskingState.PENDING,
        TaskingState.ORDERED,
        TaskingState.ACCEPTED,
        TaskingState.PREPARING,
        TaskingState.RELEASED,
    }
)


@dataclass(slots=True, kw_only=True)
class _Way:
    """Legs being laid out, one after the other."""

    tasking: Tasking
    row: str  # of the scenario, which its work is at
    aircraft: Aircraft
    scene: Position
    base: Position
    water: Position | None
    hospital: Position | None
    bases: Mapping[str, Base]
    at: datetime
    here: Position
    task: Mapping[str, Any]
    lanes: Lanes
    legs: list[dict[str, Any]]
    still_l: float = 0.0

    @staticmethod
    def of(
        world: World, tasking: Tasking, now: datetime, task: Mapping[str, Any], lanes: Lanes
    ) -> "_Way | None":
        aircraft = world.aircraft.get(tasking.aircraft_id)
        base = world.bases.get(tasking.base_id)
        water = world.water_points.get(tasking.water_point_id)
        hospital = world.hospitals.get(tasking.hospital_id)
        if aircraft is None or base is None or (tasking.water_point_id and water is None):
            return None
        if (tasking.hospital_id and hospital is None) or (tasking.drops and water is None):
            return None
        return _Way(
            tasking=tasking,
            row=row_of(world, tasking.incident_id, tasking.task),
            aircraft=aircraft,
            scene=tasking.incident_position,
            base=base.position,
            water=None if water is None else water.position,
            hospital=None if hospital is None else hospital.position,
            bases=world.bases,
            at=now,
            here=base.position,
            task=task,
            lanes=lanes,
            legs=[],
        )

    def outward(self, drops: int) -> None:
        """The work and the way home."""
        tasking, cruise_mps = self.tasking, self.aircraft.cruise_mps
        if drops and self.water is not None:
            self.fly("water_point", tasking.water_point_id, self.water, cruise_mps)
            self._cycles(drops)
        else:
            self._task()
        if not self.landed_at(tasking.base_id):
            self.fly("base", tasking.base_id, self.base, cruise_mps)

    def _task(self) -> None:
        """The visit to a scene that is not fought with water, from loading to handing over."""
        cruise_mps, handover_s = self.aircraft.cruise_mps, float(self.task.get("handover_s", 0.0))
        loaded_at = self.bases.get(self.task.get("pickup_base_id") or "")
        loads = loaded_at is not None and self.tasking.state in _GROUND
        if loaded_at is not None and loads:
            if loaded_at.id != self.tasking.base_id:
                self.fly("base", loaded_at.id, loaded_at.position, cruise_mps)
            self._stay("handover", handover_s)
        self.fly("incident", self.row, self.scene, cruise_mps)
        if loads or loaded_at is None:  # what is on board already no scenario can say: it only flies by
            self._stay("on_scene", float(self.task.get("service_s", 0.0)))
        taken_to = self.bases.get(self.task.get("dropoff_base_id") or "")
        if self.hospital is not None:
            self.fly("hospital", self.tasking.hospital_id, self.hospital, cruise_mps)
            self._stay("handover", handover_s)
        elif taken_to is not None:
            self.fly("base", taken_to.id, taken_to.position, cruise_mps)
            self._stay("handover", handover_s)

    def landed_at(self, base_id: str) -> bool:
        """Whether the last flight laid out ends at a base."""
        flown = [leg for leg in self.legs if leg["kind"] == "fly"]
        return bool(flown) and flown[-1]["to"] == {"type": "base", "id": base_id}

    def fly(self, kind: str, place_id: str, place: Position, speed_mps: float) -> None:
        """A flight, at its shortest that keeps clear of closed airspace."""
        to: dict[str, Any] = {"to": {"type": kind, "id": place_id}}
        turns = self.lanes.way(self.here, place, self.at, speed_mps)
        if turns:
            to["via"] = [list(turn) for turn in turns]
        stops = [self.here, *(Position(lon_deg=lon, lat_deg=lat) for lon, lat in turns), place]
        self._add("fly", sum(distance_m(a, b) for a, b in pairwise(stops)) / speed_mps, **to)
        self.here = place

    def _cycles(self, drops: int) -> None:
        one_s, back_s = self._cycle()
        self._add(
            "cycles",
            drops * one_s + (drops - 1) * back_s,
            water_point_id=self.tasking.water_point_id,
            incident_id=self.row,
            drops=drops,
            litres_per_drop=self.tasking.litres_per_drop,
        )
        self.here = self.scene
        self.still_l = drops * self.tasking.litres_per_drop

    def _cycle(self) -> tuple[float, float]:
        """Seconds from the beginning of a filling to its drop, and empty back to the water."""
        gear, water = self.aircraft.water, self.water or self.scene
        work_s = gear.fill_s + gear.drop_s if gear is not None else 0.0
        apart_m = distance_m(water, self.scene)
        return work_s + apart_m / self.aircraft.loaded_mps, apart_m / self.aircraft.cruise_mps

    def _stay(self, kind: str, seconds: float) -> None:
        self._add(kind, seconds, incident_id=self.row)

    def _add(self, kind: str, seconds: float, **what: Any) -> None:
        end = self.at + timedelta(milliseconds=math.ceil(seconds * 1000))
        self.legs.append({"kind": kind, "start": leg_time_text(self.at), "end": leg_time_text(end), **what})
        self.at = end

    def drops_done(self, now: datetime) -> int:
        """By the clock, since the aircraft said that it is at work: at its first drop, as the tasking counts it."""
        arrived = _last(self.tasking, "arrive")
        if arrived is None or arrived > now or not self.tasking.drops:
            return 0
        one_s, back_s = self._cycle()
        return min(self.tasking.drops, 1 + int((now - arrived).total_seconds() / max(1.0, one_s + back_s)))

    def expected(self, now: datetime) -> Position:
        """Where it should be by now: on the straight way out, at the scene, or on the way home."""
        state, speed_mps = self.tasking.state, self.aircraft.cruise_mps
        if state is TaskingState.WORKING:
            return self.scene
        begin, end = (self.scene, self.base) if state is TaskingState.RETURNING else (self.base, self.scene)
        left = _last(self.tasking, "leave") if state is TaskingState.RETURNING else taken_off_at(self.tasking)
        whole_m = distance_m(begin, end)
        if left is None or whole_m < _SHARE_M:
            return begin
        share = min(1.0, max(0.0, (now - left).total_seconds() * speed_mps / whole_m))
        return Position(
            lon_deg=begin.lon_deg + share * (end.lon_deg - begin.lon_deg),
            lat_deg=begin.lat_deg + share * (end.lat_deg - begin.lat_deg),
        )

    def commitment(self, position: Position | None, ready_at: datetime) -> Commitment:
        return Commitment(
            tasking=self.tasking,
            position=position,
            ready_at=ready_at,
            legs=tuple(self.legs),
            still_l=self.still_l,
        )
