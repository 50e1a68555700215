"""People lifted out in loads of the seats of whoever comes: done when all are out."""

from bisect import insort
from collections.abc import Iterable, Sequence

from optimizer.books import TaskBook
from optimizer.problem import Incident, Task, Weights


def lifted_min(loads: Iterable[tuple[float, int]], people: int, unserved_min: float) -> float:
    """Minutes until all are out, from (handed over, seconds; seats) in their order; the unserved minutes for the
    share that is not, and the time of the last load for the share that is."""
    out, last_s = 0, 0.0
    for at_s, seats in loads:
        out, last_s = out + seats, at_s
        if out >= people:
            return last_s / 60
    share = out / people
    return unserved_min * (1 - share) + last_s / 60 * share


class PeopleBook(TaskBook):
    """The book of such a task: `loads` are (handed over, seats)."""

    __slots__ = ("loads",)

    def __init__(self, incident: Incident, task: Task, weights: Weights, horizon_s: float) -> None:
        self.loads: list[tuple[float, int]] = []
        super().__init__(incident, task, weights, horizon_s)

    @property
    def open_visits(self) -> int:
        """People for whom no seat is planned yet."""
        return max(0, self._task.people - sum(seats for _, seats in self.loads))

    def visits_left(self, load: int) -> int:
        """Visits an aircraft of so many seats would need for all of them."""
        return -(-self.open_visits // load)

    def with_visits(self, times: Sequence[float], load: int = 1) -> float:
        """The charge if these loads were lifted too."""
        loads = sorted((*self.loads, *((at_s, load) for at_s in times)))
        in_time = (row for row in loads if row[0] <= self._horizon_s)
        return self._per_minute * lifted_min(in_time, self._task.people, self._unserved_min)

    def add(self, times: Iterable[float], load: int = 1) -> None:
        """Keep loads."""
        for at_s in times:
            insort(self.loads, (at_s, load))
        self.stamp += 1
        self.charge = self.with_visits(())

    def remove(self, times: Iterable[float], load: int = 1) -> None:
        """Take loads back."""
        for at_s in times:
            self.loads.remove((at_s, load))
        self.stamp += 1
        self.charge = self.with_visits(())
