"""The best of some given sorties for one aircraft, appended or in place of the recovery its timeline ends with."""

from collections.abc import Callable, Iterable

from optimizer.choice import Candidate
from optimizer.craft import Craft
from optimizer.schedule import Schedule
from optimizer.timeline import Departure, Sortie


def best_of(
    schedule: Schedule, aircraft: int, sorties: Callable[[Craft, Departure], Iterable[Sortie]]
) -> Candidate | None:
    """The one that gains most, even if that is a loss; None if there is none. `sorties`: those of one departure."""
    best: Candidate | None = None
    craft = schedule.crafts[aircraft]
    for replaces in (True, False):
        if replaces and not schedule.ends_with_recovery(aircraft):
            continue
        home = schedule.pop(aircraft) if replaces else None
        at_home = schedule.gain(aircraft, home) if home is not None else 0.0
        for way in schedule.departures(aircraft):
            for sortie in sorties(craft, way):
                gain = schedule.gain(aircraft, sortie) - at_home
                if best is None or gain > best.gain:
                    best = Candidate(aircraft=aircraft, gain=gain, sortie=sortie, replaces=replaces)
        if home is not None:
            schedule.append(aircraft, home)
    return best
