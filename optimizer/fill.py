"""Marginal-gain fill: always append the sortie, of any aircraft, that lowers the score most.

Gains mostly fall as the plan fills, so a stale candidate is asked again only when it comes to the top (lazy
greedy). Ends when nothing lowers the score any more, or when told to stop: what stands then is legal.
"""

import heapq
from collections.abc import Callable, Iterable

from optimizer.choice import Candidate, Chooser, take
from optimizer.schedule import Schedule

_SAME = 1e-6


def fill(schedule: Schedule, aircraft: Iterable[int], chooser: Chooser, stopped: Callable[[], bool]) -> None:
    """Append sorties of these aircraft to the schedule until none lowers the score."""
    heap: list[tuple[float, int, int, Candidate]] = []

    def ask(number: int) -> None:
        candidate = chooser.best(number)
        if candidate is not None:
            heapq.heappush(heap, (-candidate.gain, number, schedule.version, candidate))

    for number in aircraft:
        if stopped():
            break
        ask(number)
    while heap and not stopped():
        _, number, version, candidate = heapq.heappop(heap)
        if version == schedule.version or _still_holds(schedule, candidate):
            take(schedule, candidate)
        ask(number)


def _still_holds(schedule: Schedule, candidate: Candidate) -> bool:
    """Whether what was booked since leaves the candidate as possible and as good as it was."""
    return (
        not candidate.replaces
        and schedule.fits(candidate.aircraft, candidate.sortie)
        and schedule.gain(candidate.aircraft, candidate.sortie) >= candidate.gain - _SAME
    )
