"""Large-neighbourhood search: take some aircraft's sorties back, fill again with a blurred choice, keep what is
better. Now and then one of them is first sent where it does not work yet: an exchange that pays only when all is
planned anew, which a choice by gain does not begin. Works on one schedule in place; a failed try is undone by booking
the old sorties again.
"""

import random
from collections.abc import Iterator
from functools import partial

from optimizer.choice import Chooser, take
from optimizer.fill import fill
from optimizer.forcing import works_at
from optimizer.redo import best_of
from optimizer.required import serve_required, sorties_at
from optimizer.schedule import Schedule
from optimizer.stop import Stop
from optimizer.tidy import tidy
from optimizer.timeline import Sortie

_BLUR = 0.3  # how far the choice strays from the best gain
_FEWEST, _MOST = 2, 8  # aircraft taken back at once
_SENT = 0.3  # how often an aircraft is sent somewhere else first
_MATES = 2  # aircraft of either incident taken back with it
_ONWARD = 0.4  # how often aircraft may go on from fire to fire without landing
_LEAST_GAIN = 1e-6

Errand = tuple[int, int]  # (aircraft, incident)


def search(schedule: Schedule, stop: Stop, seed: int) -> Iterator[tuple[int, bool]]:
    """Improve the schedule; after each iteration its number and whether the schedule is better now."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    movable = [
        craft.index for craft in schedule.crafts if craft.row.serviceable and schedule.tables.fit[craft.index]
    ]
    done = 0
    best = schedule.score()
    while movable and not stop(done):
        done += 1
        errand = _errand(schedule, movable, chance) if chance.random() < _SENT else None
        group = _around(schedule, movable, errand, chance) if errand else _group(schedule, movable, chance)
        before = _take_back(schedule, group, chance)
        serve_required(schedule)
        schedule.onward = chance.random() < _ONWARD
        if errand is not None:
            _send(schedule, errand)
        blur = chance.choice((0.0, _BLUR, 2 * _BLUR))
        fill(schedule, group, Chooser(schedule, chance, blur), partial(stop, done))
        schedule.onward = False
        better = schedule.score() < best - _LEAST_GAIN
        if better:
            tidy(schedule, movable, partial(stop, done))
            best = schedule.score()
        else:
            _restore(schedule, before)
        yield done, better


def _group(schedule: Schedule, movable: list[int], chance: random.Random) -> list[int]:
    """Aircraft that have to do with one another: by the incident they work at, or by where they stand."""
    size = min(len(movable), chance.randint(_FEWEST, _MOST))
    centre = chance.choice(movable)
    if chance.random() < 0.5:
        related = _of_incident(schedule, movable, chance)
    else:
        place = schedule.state(centre).place
        view = schedule.tables.distance_view
        ranked = sorted(movable, key=lambda a: (view[place, schedule.tables.first_place(a)], a))
        related = ranked[: 2 * size]
    picked = chance.sample(related, min(len(related), size))
    while len(picked) < size:
        other = chance.choice(movable)
        if other not in picked:
            picked.append(other)
    return picked


def _of_incident(schedule: Schedule, movable: list[int], chance: random.Random) -> list[int]:
    incident = chance.randrange(len(schedule.problem.incidents))
    return [
        aircraft
        for aircraft in movable
        if any(incident in sortie.incidents for sortie in schedule.sorties[aircraft])
    ]


def _errand(schedule: Schedule, movable: list[int], chance: random.Random) -> Errand:
    """Any aircraft and any incident that it can work at."""
    aircraft = chance.choice(movable)
    return aircraft, chance.choice(schedule.tables.fit[aircraft])


def _around(schedule: Schedule, movable: list[int], errand: Errand, chance: random.Random) -> list[int]:
    """The aircraft of an errand, those that it would relieve of a task or some that are at the fire, and some that could
    do what it leaves undone."""
    aircraft, incident = errand
    left = set(works_at(schedule, aircraft))
    there, able = [], []
    for other in movable:
        work = works_at(schedule, other)
        if other == aircraft:
            continue
        if incident in work:
            there.append(other)
        elif not left.isdisjoint(work):
            able.append(other)
    most = len(there) if incident in schedule.tasks else min(len(there), chance.randint(0, _MATES))
    mates = chance.sample(able, min(len(able), chance.randint(0, _MATES)))
    return [aircraft, *chance.sample(there, most), *mates]


def _send(schedule: Schedule, errand: Errand) -> None:
    aircraft, incident = errand
    found = best_of(schedule, aircraft, partial(sorties_at, schedule, incident))
    if found is not None:
        take(schedule, found)


def _take_back(
    schedule: Schedule, group: list[int], chance: random.Random
) -> list[tuple[int, int, list[Sortie]]]:
    """Cut the timelines of a group, whole or from a point on; answers what is needed to restore them."""
    before = []
    for aircraft in group:
        fixed, length = schedule.fixed[aircraft], len(schedule.sorties[aircraft])
        keep = fixed if chance.random() < 0.6 else chance.randint(fixed, max(fixed, length))
        while keep > fixed and schedule.sorties[aircraft][keep - 1].recovery:
            # a try may replace a flight home at the end: what is kept must still be there when all is restored
            keep -= 1
        before.append((aircraft, keep, schedule.cut(aircraft, keep)))
    for aircraft in group:
        schedule.bring_home(aircraft)
    return before


def _restore(schedule: Schedule, before: list[tuple[int, int, list[Sortie]]]) -> None:
    for aircraft, keep, _ in before:
        schedule.cut(aircraft, keep)
    for aircraft, _, sorties in before:
        for sortie in sorties:
            schedule.append(aircraft, sortie)
