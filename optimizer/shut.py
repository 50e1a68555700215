"""What closed airspace shuts for those who plan: places inside it, aircraft that stand there, water cut off from fires.

Gives a stricter problem, of which every plan is legal in the one asked; the finished plan is judged by that one.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

import numpy as np
import shapely

from optimizer.around import Airspace, positions_deg
from optimizer.crossing import metres_between
from optimizer.problem import NONE, NoFly, Place, Problem, Window

PlaceT = TypeVar("PlaceT", bound=Place)
_LONG_S = 1e12
_NEVER = Window(from_s=1.0, until_s=0.0)


def airspace(problem: Problem) -> Airspace | None:
    """The volumes that are closed now or later, with all places and aircraft; None if there are none."""
    volumes = closed_volumes(problem)
    if not volumes:
        return None
    return Airspace(volumes, *positions_deg(problem))


def closed_volumes(problem: Problem) -> tuple[NoFly, ...]:
    """Those not over yet."""
    return tuple(row for row in problem.no_fly if row.until_s > 0.0)


def shut_in(problem: Problem) -> Problem:
    """The stricter problem; the same one where no airspace is closed."""
    space = airspace(problem)
    if space is None:
        return problem
    slowest_mps = min((min(row.cruise_mps, row.loaded_mps) for row in problem.aircraft), default=1.0)
    bases, waters, incidents = problem.bases, problem.water_points, problem.incidents
    aircraft = list(problem.aircraft)
    for volume, inside in zip(closed_volumes(problem), space.inside, strict=True):
        # flown in or out within this time of a landing, a fill or a drop: then it is over
        cross_s = _across_m(volume) / slowest_mps
        after = Window(from_s=volume.until_s + cross_s, until_s=_LONG_S)
        before = Window(from_s=-_LONG_S, until_s=volume.from_s - cross_s)
        bases = _closed(bases, inside[: len(bases)].tolist(), (after,))
        first = problem.water_place(0)
        waters = _closed(waters, inside[first : first + len(waters)].tolist(), (before, after))
        first = problem.incident_place(0)
        incidents = _closed(incidents, inside[first : first + len(incidents)].tolist(), (before, after))
        for n, row in enumerate(aircraft):
            if row.at_base != NONE and inside[problem.aircraft_place(n)]:
                aircraft[n] = replace(row, ready_s=max(row.ready_s, volume.until_s))
    first_water, first_fire = problem.water_place(0), problem.incident_place(0)
    cut = space.between(
        slice(first_water, first_water + len(waters)), slice(first_fire, first_fire + len(incidents))
    )
    return replace(
        problem,
        bases=bases,
        water_points=waters,
        incidents=incidents,
        aircraft=tuple(aircraft),
        cut_off=frozenset((int(water), int(fire)) for water, fire in np.argwhere(cut)),
    )


def _across_m(volume: NoFly) -> float:
    """The longest way through it."""
    west, south, east, north = shapely.bounds(shapely.Polygon(volume.polygon)).tolist()
    return metres_between((west, south), (east, north)) * 1.1 + 1000.0


def _closed(
    places: tuple[PlaceT, ...], inside: Iterable[bool], openings: tuple[Window, ...]
) -> tuple[PlaceT, ...]:
    """The places, those inside open only where one of the openings holds too."""
    return tuple(
        replace(place, windows=_both(place.windows, openings)) if within else place
        for place, within in zip(places, inside, strict=True)
    )


def _both(windows: tuple[Window, ...], openings: tuple[Window, ...]) -> tuple[Window, ...]:
    whole = windows or (Window(from_s=-_LONG_S, until_s=_LONG_S),)
    both = [
        Window(from_s=max(a.from_s, b.from_s), until_s=min(a.until_s, b.until_s))
        for a in whole
        for b in openings
    ]
    return tuple(window for window in both if window.from_s <= window.until_s) or (_NEVER,)
