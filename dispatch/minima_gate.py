"""The duty chief's order and the minima: an order in weather below a hard one is refused by name, unless the chief says
why it goes out all the same; then that is a fact of its own. Crews are asked nothing here: the captain decides to fly.
Pure.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from astral import Observer
from astral.sun import sun

from dispatch import minima
from dispatch.commands import Ask
from dispatch.decide import decide as decide_all
from dispatch.errors import Refused
from dispatch.facts import Fact
from dispatch.geo import Position
from dispatch.kinds import TaskingAction
from dispatch.minima_words import words_en
from dispatch.records import Tasking
from dispatch.tasking_commands import ActOnTasking
from dispatch.weather import Weather
from dispatch.weather_facts import MinimaOverridden
from dispatch.weather_records import Limit
from dispatch.world import World

MOST_NAMED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The stations' weather, and whether the site takes every hour for day (demonstrations)."""

    weather: Weather
    assume_daylight: bool = False


def decide(world: World, ask: Ask, now: datetime, partners: frozenset[str], known: Known) -> tuple[Fact, ...]:
    """As dispatch.decide, with the weather known. Raises Refused(BELOW_MINIMA) for an order without a reason."""
    facts = decide_all(world, ask, now, partners)
    command = ask.command
    if not isinstance(command, ActOnTasking) or command.action is not TaskingAction.ORDER:
        return facts
    limits = [each for each in of_tasking(world, world.taskings[command.tasking_id], known, now) if each.hard]
    if not limits:
        return facts
    if not command.reason.strip():
        named = "; ".join(words_en(each) for each in limits[:MOST_NAMED])
        raise Refused("BELOW_MINIMA", f"{named}. An order needs the duty chief's reason", field="reason")
    return (
        *facts,
        MinimaOverridden(tasking_id=command.tasking_id, limits=tuple(limits), reason=command.reason.strip()),
    )


def of_tasking(world: World, tasking: Tasking, known: Known, now: datetime) -> tuple[Limit, ...]:
    """What the weather does not keep for a tasking: at its base, at the scene, and the light at its landing."""
    rows, weather = minima.in_force(world.minima.values(), now), known.weather.with_entries(world)
    aircraft = world.aircraft.get(tasking.aircraft_id)
    if not rows or aircraft is None:
        return ()
    incident, base = world.incidents.get(tasking.incident_id), world.bases.get(tasking.base_id)
    scene_m = 0.0 if incident is None else incident.elevation_m
    places = [minima.Where(name="scene", position=tasking.incident_position, elevation_m=scene_m)]
    if base is not None:
        places.insert(0, minima.Where(name="base", position=base.position, elevation_m=base.elevation_m))
    begins = max(tasking.take_off_at, now)
    sunrise, sunset = light_at(tasking.incident_position, begins)
    flight = minima.Flight(
        kind=aircraft.kind,
        task=tasking.task,
        begins=begins,
        ends=max(tasking.land_at, begins + timedelta(minutes=10)),
        night=not known.assume_daylight and not sunrise <= begins < sunset,
    )
    found = [limit for place in places for limit in minima.judge(weather, rows, flight, place, now)]
    return (*found, *(() if known.assume_daylight else minima.daylight(rows, flight, sunset)))


def light_at(place: Position, at: datetime) -> tuple[datetime, datetime]:
    """Sunrise and sunset of the Beijing day; of a day without either, the whole day is light."""
    day = (at + timedelta(hours=8)).date()
    try:
        times = sun(Observer(latitude=place.lat_deg, longitude=place.lon_deg), date=day)
    except ValueError:  # beyond the polar circles
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=8)
        return midnight, midnight + timedelta(days=1)
    return times["sunrise"], times["sunset"]
