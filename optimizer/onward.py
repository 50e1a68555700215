"""A sortie in two: the work, after which the aircraft is in the air, and its way home, which other work may replace. So it
goes on from one fire to the next without landing, as far as fuel, crew and light last."""

from dataclasses import replace

from optimizer.landing import booked
from optimizer.schedule import Schedule
from optimizer.timeline import Sortie


def append_chosen(schedule: Schedule, aircraft: int, sortie: Sortie) -> None:
    """Append a sortie: in two where more may follow and it can be told apart."""
    if sortie.air is None or not schedule.onward:
        schedule.append(aircraft, sortie)
        return
    home_s = sortie.legs[-1].end_s - sortie.legs[-1].start_s
    landing = booked(sortie.after)
    work = replace(
        sortie,
        legs=sortie.legs[:-1],
        after=sortie.air,
        flight_s=sortie.flight_s - home_s,
        at_fuel=tuple(span for span in sortie.at_fuel if span not in landing),
        air=None,
    )
    home = Sortie(legs=sortie.legs[-1:], after=sortie.after, flight_s=home_s, at_fuel=landing, recovery=True)
    schedule.append(aircraft, work)
    schedule.append(aircraft, home)
