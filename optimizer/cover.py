"""Tasks that want somebody on station without a gap: a relay, a commander, a watch. Charged by the time uncovered."""

from collections.abc import Iterable, Sequence

from optimizer.books import TaskBook

_COVERED_S = 1.0  # a gap shorter than this is none


def uncovered_s(spans: Iterable[tuple[float, float]], horizon_s: float) -> float:
    """Seconds from now to the horizon in which none of the spans (from, until) holds."""
    open_s, at_s = 0.0, 0.0
    for from_s, until_s in sorted(spans):
        open_s += max(0.0, min(from_s, horizon_s) - at_s)
        at_s = max(at_s, min(until_s, horizon_s))
    return open_s + max(0.0, horizon_s - at_s)


class CoverBook(TaskBook):
    """The book of such a task; its visits are the times at which somebody leaves the station."""

    __slots__ = ()

    @property
    def open_visits(self) -> int:
        """1 while there is a gap."""
        return int(uncovered_s(self._spans(()), self._horizon_s) > _COVERED_S)

    def with_visits(self, times: Sequence[float], _load: int = 1) -> float:
        """The charge if these visits were made too."""
        return self._per_minute * uncovered_s(self._spans(times), self._horizon_s) / 60

    def best_gain(self, at_s: float) -> float:
        """An upper bound of what any visits from then on would save: the first cannot begin a visit before."""
        left_s = max(0.0, self._horizon_s - at_s + self._task.service_s)
        return min(self.charge, self._per_minute * left_s / 60)

    def _spans(self, times: Sequence[float]) -> list[tuple[float, float]]:
        return [(at_s - self._task.service_s, at_s) for at_s in (*self.visits, *times)]
