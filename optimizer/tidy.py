"""Takes out of a plan what brings nothing by now: a sortie for people whom others lift out sooner, drops on a fire that
others have paid off. A choice by gain leaves such work behind: it paid when it was chosen, and later choices made it
useless. What an aircraft does after it is built again, sooner where that can be; the plan stays as it was unless the
score falls.
"""

from collections.abc import Callable, Iterable
from functools import partial

from optimizer.choice import Chooser, take
from optimizer.craft import Craft
from optimizer.fire_work import FireChoice
from optimizer.redo import best_of
from optimizer.schedule import Schedule
from optimizer.task_sortie import task_sortie
from optimizer.timeline import Departure, Sortie, Where

_LEAST_GAIN = 1e-6


def tidy(schedule: Schedule, aircraft: Iterable[int], stopped: Callable[[], bool]) -> bool:
    """Leave out, or shorten, what costs more than it brings, of these aircraft; whether the score is lower now."""
    better = False
    for number in aircraft:
        n = len(schedule.sorties[number]) - 1
        while n >= schedule.fixed[number] and not stopped():
            better |= n < len(schedule.sorties[number]) and _without(schedule, number, n)
            n -= 1
    return better


def _without(schedule: Schedule, aircraft: int, n: int) -> bool:
    """Try the timeline without its n-th sortie, or with fewer drops or visits of it; True if that is better."""
    sortie = schedule.sorties[aircraft][n]
    counts = _needless(schedule, aircraft, sortie)
    if not counts or any(len(later.incidents) > 1 for later in schedule.sorties[aircraft][n:]):
        return False
    before, keep = schedule.score(), n
    while keep > schedule.fixed[aircraft] and schedule.sorties[aircraft][keep - 1].recovery:
        keep -= 1  # what is built next may take its place
    gone = schedule.cut(aircraft, keep)
    for count in counts:
        schedule.bring_home(aircraft)
        for number, old in enumerate(gone, keep):
            _again(schedule, aircraft, old, count if number == n else None)
        if schedule.score() < before - _LEAST_GAIN:
            return True
        schedule.cut(aircraft, keep)
    for old in gone:
        schedule.append(aircraft, old)
    return False


def _needless(schedule: Schedule, aircraft: int, sortie: Sortie) -> list[int]:
    """How many of its drops or visits may be worth keeping, if fewer than all: those by which the score falls more
    than they cost on the way. 0: none of it."""
    row, per_hour = schedule.crafts[aircraft].row, schedule.problem.weights.cost_unit / 3600
    cost = sortie.flight_s * row.cost_per_hour * per_hour
    if sortie.recovery or len(sortie.incidents) != 1:
        return []
    counts = []
    for incident, litres, times in sortie.drops:
        book, charge = schedule.fires[incident], schedule.fires[incident].charge
        for kept in range(len(times) - 1, -1, -1):
            book.remove(litres, times[kept:], aircraft)
            fewer = book.charge
            book.add(litres, times[kept:], aircraft)
            share = cost if kept == 0 else (times[-1] - times[kept - 1]) * row.cost_per_hour * per_hour
            if fewer - charge > share:
                break
            counts.append(kept)
    if sortie.visits:
        incident, done = sortie.visits[0][0], [at_s for _, at_s in sortie.visits]
        task, load = schedule.tasks[incident], schedule.problem.load(aircraft, incident)
        charge = task.charge
        for kept in range(len(done) - 1, -1, -1):
            task.remove(done[kept:], load)
            fewer = task.charge
            task.add(done[kept:], load)
            if fewer - charge > cost * (len(done) - kept) / len(done):
                break
            counts.append(kept)
    return sorted(set(counts))


def _again(schedule: Schedule, aircraft: int, sortie: Sortie, count: int | None) -> None:
    """Append the work of a sortie once more, where it still lowers the score; `count`: so many of its drops or visits."""
    if count == 0 or sortie.recovery or not sortie.incidents:
        return
    found = best_of(schedule, aircraft, partial(_sorties, schedule, sortie, count))
    if found is not None and found.gain > _LEAST_GAIN:
        schedule.onward = sortie.after.where is Where.AIR
        take(schedule, found)
        schedule.onward = False


def _sorties(
    schedule: Schedule, sortie: Sortie, count: int | None, craft: Craft, way: Departure
) -> list[Sortie]:
    if sortie.drops:
        fire, litres, _ = sortie.drops[0]
        choice = FireChoice(fire=fire, water=sortie.at_water[0][0], litres=litres)
        if count is None:
            return Chooser(schedule).useful_sorties(craft, way, choice)
        return Chooser(schedule).fire_sorties(craft, way, choice, count)
    visits = len(sortie.visits) if count is None else count
    made, _ = task_sortie(schedule, craft, way, sortie.incidents[0], visits) if visits else (None, "")
    return [made] if made is not None else []
