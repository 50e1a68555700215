"""Marginal-gain fill: always append the sortie, of any aircraft, that lowers the score most.

Gains mostly fall as the plan fills, so an aircraft is asked again only when its last answer comes to the top
(lazy greedy). Ends when nothing lowers the score any more, or when told to stop: what stands then is legal.
"""

import heapq
from collections.abc import Callable, Iterable

from optimizer.choice import Candidate, Chooser, take
from optimizer.schedule import Schedule


def fill(schedule: Schedule, aircraft: Iterable[int], chooser: Chooser, stopped: Callable[[], bool]) -> None:
    """Append sorties of these aircraft to the schedule until none lowers the score. The chooser is fresh."""
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
        if version == schedule.version:
            take(schedule, candidate)
        ask(number)
