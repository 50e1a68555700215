"""The weather as the planner sees it: who is kept from which task by a hard minimum, and the figures of the scenario. Pure.

An aircraft that the weather keeps from a task is forbidden it (format 1.1), with the limit named in the reasons. The
incident's own wind and visibility are the worse of what people say and what the nearest station does; the temperature
is the warmest that is known, so that loads are of the thinnest air.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dispatch import minima
from dispatch.kinds import AircraftKind, TaskKind
from dispatch.minima_gate import light_at
from dispatch.minima_words import words_en, words_zh
from dispatch.records import Aircraft, Incident, Reason
from dispatch.weather import Weather
from dispatch.weather_records import Limit, Minimum
from dispatch.world import World
from optimizer.situation_fleet import READY_AFTER
from optimizer.situation_tasks import open_wants, row_id

SORTIE = timedelta(hours=2)  # of flying that a sortie is judged for
_Key = tuple[AircraftKind, TaskKind | None, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """(aircraft, row) pairs that the weather forbids, and what is said of it."""

    forbidden: tuple[tuple[str, str], ...] = ()
    reasons: tuple[Reason, ...] = ()


def judged(
    world: World,
    weather: Weather,
    incidents: Sequence[Incident],
    free: Iterable[Aircraft],
    now: datetime,
    *,
    assume_daylight: bool = False,
) -> Judged:
    """Every free aircraft for every task that is wanted, by the minima in force; without any nothing is judged."""
    judge = _Judge(world, weather, now, assume_daylight)
    if not judge.rows:
        return Judged()
    pairs: list[tuple[str, str]] = []
    reasons: list[Reason] = []
    unknown: list[str] = []
    for craft in free:
        for incident in incidents:
            for want in open_wants(world, incident):
                limits = judge.limits(craft, incident, want.kind)
                hard = [each for each in limits if each.hard]
                if hard:
                    pairs.append((craft.id, row_id(incident, want.kind)))
                    reasons.append(_reason(incident, craft.id, want.kind, hard))
                if any(each.code == "NO_WEATHER" and each.place == "scene" for each in limits):
                    unknown.append(incident.id)
    reasons += [
        Reason(
            incident_id=incident_id,
            aircraft_id="",
            chosen=False,
            code="NO_WEATHER",
            text="现场无气象资料",
            text_en="no weather is known at the scene",
        )
        for incident_id in dict.fromkeys(unknown)
    ]
    return Judged(forbidden=tuple(pairs), reasons=tuple(reasons))


class _Judge:
    """Limits by aircraft and task; each place is judged once for a kind of aircraft and task."""

    def __init__(self, world: World, weather: Weather, now: datetime, assume_daylight: bool) -> None:
        self.rows = minima.in_force(world.minima.values(), now)
        self._world, self._weather, self._now = world, weather, now
        self._assume_daylight = assume_daylight
        self._seen: dict[_Key, tuple[Limit, ...]] = {}

    def limits(self, craft: Aircraft, incident: Incident, task: TaskKind) -> list[Limit]:
        """At its base and at the scene."""
        scene = minima.Where(name="scene", position=incident.position, elevation_m=incident.elevation_m)
        found = [*self._at(incident.id, scene, craft, task)]
        base = self._world.bases.get(craft.at_base_id)
        if base is not None:
            home = minima.Where(name="base", position=base.position, elevation_m=base.elevation_m)
            found += self._at(base.id, home, craft, task)
        return found

    def _at(self, key: str, place: minima.Where, craft: Aircraft, task: TaskKind) -> tuple[Limit, ...]:
        whole = (craft.kind, task, f"{place.name} {key}")
        if whole not in self._seen:
            begins = self._now + READY_AFTER
            sunrise, sunset = light_at(place.position, begins)
            flight = minima.Flight(
                kind=craft.kind,
                task=task,
                begins=begins,
                ends=begins + SORTIE,
                night=not self._assume_daylight and not sunrise <= begins < sunset,
            )
            self._seen[whole] = minima.judge(self._weather, self.rows, flight, place, self._now)
        return self._seen[whole]


def _reason(incident: Incident, aircraft_id: str, task: TaskKind, hard: Sequence[Limit]) -> Reason:
    return Reason(
        incident_id=incident.id,
        aircraft_id=aircraft_id,
        chosen=False,
        code="BELOW_MINIMA",
        text="；".join(words_zh(each) for each in hard),
        text_en="; ".join(words_en(each) for each in hard),
        task=task,
    )


def beside(found: tuple[Reason, ...], left_out: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """Of the planner's own reasons those beside the weather's: what was forbidden because of it is said once."""
    below = {(one.aircraft_id, one.incident_id) for one in left_out if one.code == "BELOW_MINIMA"}
    return tuple(one for one in found if one.chosen or (one.aircraft_id, one.incident_id) not in below)


def put_weather(
    scenario: dict[str, Any],
    world: World,
    weather: Weather,
    incidents: Sequence[Incident],
    now: datetime,
) -> None:
    """The worse of what is stated and measured, into the scenario's rows."""
    rows: tuple[Minimum, ...] = minima.in_force(world.minima.values(), now)
    warmest: list[float] = []
    for incident in incidents:
        here = minima.present(weather, rows, incident.position, now)
        if here.temperature_c is not None:
            warmest.append(here.temperature_c)
        wind = max((each for each in (here.wind_mps, here.gust_mps) if each is not None), default=None)
        for row in scenario["incidents"]:
            if row["id"].partition("~")[0] != incident.id:
                continue
            if wind is not None:
                row["wind_mps"] = max(row["wind_mps"], wind)
            if here.visibility_m is not None:
                row["visibility_m"] = min(row["visibility_m"], here.visibility_m)
    if warmest:
        scenario["weather"]["temperature_c"] = round(max(warmest), 1)
