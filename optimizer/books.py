"""The running score of what a schedule achieves: water owed by each fire, visits of each task, reserves.

The terms are those of the interchange format; each book answers what one more sortie would change, without
keeping it. `score.py` says the same terms a second time, from a finished plan.
"""

import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from itertools import pairwise

from optimizer.problem import Incident, Task, Weights

_ML_S_PER_KL_HOUR = 3.6e6  # litre-seconds in a kilolitre-hour
Drop = tuple[float, float, int]  # time, litres, whose (a mark for telling own drops from others')
_OWN = -1


class FireBook:
    """One fire: drops in order of time, the debt after each, and the charge that follows."""

    __slots__ = (
        "_areas",
        "_debts",
        "_demand_l",
        "_growth_lps",
        "_horizon_s",
        "_per_litre_s",
        "_whole_area",
        "charge",
        "drops",
        "life_per_s",
        "stamp",
        "unserved_s",
    )

    def __init__(self, incident: Incident, weights: Weights, horizon_s: float) -> None:
        fire = incident.fire
        self._demand_l = fire.demand_l if fire is not None else 0.0
        self._growth_lps = fire.growth_lps if fire is not None else 0.0
        self._horizon_s = horizon_s
        self._per_litre_s = incident.weight * weights.fire_weighted_kl_hour / _ML_S_PER_KL_HOUR
        life = incident.weight * weights.life_weighted_minute / 60 if incident.life_at_risk else 0.0
        self.life_per_s = life
        self.unserved_s = weights.unserved_minutes * 60
        self.stamp = 0  # grows with every change
        self.drops: list[Drop] = []
        self._debts: list[float] = []
        self._areas: list[float] = []
        self.charge = self._whole_charge()

    @property
    def first_s(self) -> float:
        """When the first drop that counts falls; infinity if none."""
        return self.drops[0][0] if self.drops and self.drops[0][0] <= self._horizon_s else math.inf

    def owed_l(self) -> float:
        """Debt at the end of the horizon."""
        last_s = self.drops[-1][0] if self.drops else 0.0
        debt_l = self._debts[-1] if self._debts else self._demand_l
        return debt_l + self._growth_lps * max(0.0, self._horizon_s - min(last_s, self._horizon_s))

    def with_drops(self, litres: float, times: Sequence[float]) -> tuple[float, int]:
        """The charge if these drops fell too, and how many of them, counted from the first, pay anything."""
        first = bisect_left(self.drops, (times[0], 0.0, 0))
        debt_l, area, at_s = self._before(first)
        own = [(at, litres, _OWN) for at in times]
        later = sorted(self.drops[first:] + own) if first < len(self.drops) else own
        growth, horizon_s = self._growth_lps, self._horizon_s
        useful = seen = 0
        for drop_s, drop_l, owner in later:
            if drop_s > horizon_s:
                break
            grown = growth * (drop_s - at_s)
            area += (debt_l + grown / 2) * (drop_s - at_s)
            debt_l += grown
            at_s = drop_s
            if owner == _OWN:
                seen += 1
                if debt_l > 1.0:
                    useful = seen
            debt_l = debt_l - drop_l if debt_l > drop_l else 0.0
        rest_s = horizon_s - at_s
        if rest_s > 0.0:
            area += (debt_l + growth * rest_s / 2) * rest_s
        return area * self._per_litre_s + self._life_charge(min(self.first_s, times[0])), useful

    def add(self, litres: float, times: Iterable[float], owner: int) -> None:
        """Keep drops."""
        for at in times:
            insort(self.drops, (at, litres, owner))
        self._retell()

    def remove(self, litres: float, times: Iterable[float], owner: int) -> None:
        """Take drops back."""
        for at in times:
            self.drops.pop(bisect_left(self.drops, (at, litres, owner)))
        self._retell()

    def value_after(self, at_s: float) -> float:
        """What is charged for the debt after a time: drops from then on cannot save more."""
        n = bisect_left(self.drops, (at_s, 0.0, 0))
        debt_l, area, from_s = self._before(n)
        gone_s = min(at_s, self._horizon_s) - from_s
        area += (debt_l + self._growth_lps * gone_s / 2) * gone_s
        return max(0.0, self._whole_area - area) * self._per_litre_s

    def paid_s(self, at_s: float) -> float:
        """When the debt is next paid in full, from a time on; infinity if not. Drops before that save nothing
        after it."""
        for n in range(bisect_left(self.drops, (at_s, 0.0, 0)), len(self.drops)):
            if self._debts[n] <= 0.0:
                return self.drops[n][0]
        return math.inf

    @property
    def life_charge(self) -> float:
        """What is charged for the time of the first drop."""
        return self._life_charge(self.first_s)

    def life_gain(self, at_s: float) -> float:
        """By how much a drop at that time would lower the life charge."""
        return max(0.0, self._life_charge(self.first_s) - self._life_charge(at_s))

    def _before(self, n: int) -> tuple[float, float, float]:
        if n == 0:
            return self._demand_l, 0.0, 0.0
        return self._debts[n - 1], self._areas[n - 1], min(self.drops[n - 1][0], self._horizon_s)

    def _life_charge(self, first_s: float) -> float:
        if not self.life_per_s:
            return 0.0
        return self.life_per_s * (first_s if first_s <= self._horizon_s else self.unserved_s)

    def _retell(self) -> None:
        self.stamp += 1
        debt_l, area, at_s = self._demand_l, 0.0, 0.0
        self._debts, self._areas = [], []
        for drop_s, drop_l, _ in self.drops:
            if drop_s <= self._horizon_s:
                grown = self._growth_lps * (drop_s - at_s)
                area += (debt_l + grown / 2) * (drop_s - at_s)
                debt_l = max(0.0, debt_l + grown - drop_l)
                at_s = drop_s
            self._debts.append(debt_l)
            self._areas.append(area)
        self.charge = self._whole_charge()

    def _whole_charge(self) -> float:
        counted = sum(1 for drop in self.drops if drop[0] <= self._horizon_s)
        debt_l, area, at_s = self._before(counted)
        rest_s = self._horizon_s - at_s
        area += (debt_l + self._growth_lps * rest_s / 2) * rest_s
        self._whole_area = area
        return area * self._per_litre_s + self._life_charge(self.first_s)


class TaskBook:
    """One task: when its visits are complete, and the charge that follows."""

    __slots__ = ("_horizon_s", "_per_minute", "_task", "_unserved_min", "charge", "stamp", "visits")

    def __init__(self, incident: Incident, task: Task, weights: Weights, horizon_s: float) -> None:
        per_minute = weights.life_weighted_minute if incident.life_at_risk else weights.task_weighted_minute
        self._task = task
        self._per_minute = incident.weight * per_minute
        self._unserved_min = weights.unserved_minutes
        self._horizon_s = horizon_s
        self.stamp = 0  # grows with every change
        self.visits: list[float] = []
        self.charge = self.with_visits(())

    @property
    def open_visits(self) -> int:
        """Visits not yet planned, whenever they are done."""
        return max(0, self._task.visits - len(self.visits))

    def visits_left(self, _load: int) -> int:
        """Visits that an aircraft would still have to make alone, by what one of its visits counts (1 here)."""
        return self.open_visits

    def with_visits(self, times: Sequence[float], _load: int = 1) -> float:
        """The charge if these visits were made too."""
        done = sorted(at for at in (*self.visits, *times) if at <= self._horizon_s)
        wanted = self._task.visits
        if len(done) >= wanted:
            return self._per_minute * done[wanted - 1] / 60
        missed_min = self._unserved_min * (wanted - len(done)) / wanted
        if not done:
            return self._per_minute * self._unserved_min
        return self._per_minute * (missed_min + done[-1] / 60 * len(done) / wanted)

    def best_gain(self, at_s: float) -> float:
        """An upper bound of what completing everything at that time would save."""
        return self.charge - min(self.charge, self._per_minute * at_s / 60)

    def add(self, times: Iterable[float], _load: int = 1) -> None:
        """Keep visits."""
        for at in times:
            insort(self.visits, at)
        self.stamp += 1
        self.charge = self.with_visits(())

    def remove(self, times: Iterable[float], _load: int = 1) -> None:
        """Take visits back."""
        for at in times:
            self.visits.remove(at)
        self.stamp += 1
        self.charge = self.with_visits(())


class ReserveBook:
    """One wanted reserve: spans in which aircraft stand ready, and the hours short of the wanted number.

    `_here[n]` aircraft stand there from `_times[n]` to `_times[n + 1]` or the end of the horizon.
    """

    __slots__ = ("_here", "_horizon_s", "_per_s", "_times", "_wanted", "charge", "spans")

    def __init__(self, wanted: int, weights: Weights, horizon_s: float) -> None:
        self._wanted = wanted
        self._per_s = weights.reserve_shortage_hour / 3600
        self._horizon_s = horizon_s
        self.spans: list[tuple[float, float]] = []
        self._draw()

    def difference(self, gone: Sequence[tuple[float, float]], come: Sequence[tuple[float, float]]) -> float:
        """By how much the charge rises if some spans are replaced by others."""
        edges = sorted([*self._edges(gone, -1), *self._edges(come, 1)])
        rise_s, at_s, step = 0.0, 0.0, 0
        for edge_s, change in edges:
            if step and edge_s > at_s:
                rise_s += self._rise_s(at_s, edge_s, step)
            at_s = edge_s
            step += change
        if step and at_s < self._horizon_s:
            rise_s += self._rise_s(at_s, self._horizon_s, step)
        return rise_s * self._per_s

    def absence(self, from_s: float) -> tuple[list[float], list[float]]:
        """(times, charges): what one aircraft less from `from_s` up to each of these times costs."""
        horizon_s = self._horizon_s
        if from_s >= horizon_s:
            return [from_s], [0.0]
        n = bisect_right(self._times, from_s)
        times = [from_s, *(at_s for at_s in self._times[n:] if at_s < horizon_s), horizon_s]
        charges, charge = [0.0], 0.0
        for start_s, end_s in pairwise(times):
            charge += self._rise_s(start_s, end_s, -1) * self._per_s
            charges.append(charge)
        return times, charges

    def change(self, gone: Sequence[tuple[float, float]], come: Sequence[tuple[float, float]]) -> None:
        """Replace spans."""
        for span in gone:
            self.spans.remove(span)
        self.spans += come
        self._draw()

    def _edges(self, spans: Sequence[tuple[float, float]], step: int) -> list[tuple[float, int]]:
        """Where aircraft come and go within the horizon."""
        edges: list[tuple[float, int]] = []
        horizon_s = self._horizon_s
        for from_s, until_s in spans:
            start_s, end_s = max(0.0, from_s), min(horizon_s, until_s)
            if start_s < end_s:
                edges += ((start_s, step), (end_s, -step))
        return edges

    def _rise_s(self, from_s: float, until_s: float, step: int) -> float:
        """Aircraft-seconds of shortage that come, if over a span so many more stand there."""
        times, here, wanted = self._times, self._here, self._wanted
        n = bisect_right(times, from_s) - 1
        rise_s = 0.0
        while from_s < until_s:
            end_s = until_s if n + 1 >= len(times) else min(until_s, times[n + 1])
            short = wanted - here[n]
            rise_s += (max(0, short - step) - max(0, short)) * (end_s - from_s)
            from_s = end_s
            n += 1
        return rise_s

    def _draw(self) -> None:
        """The profile and the charge anew."""
        self._times, self._here, level = [0.0], [0], 0
        for edge_s, step in sorted(self._edges(self.spans, 1)):
            level += step
            if edge_s > self._times[-1]:
                self._times.append(edge_s)
                self._here.append(level)
            else:
                self._here[-1] = level
        short_s = 0.0
        for n, at_s in enumerate(self._times):
            end_s = self._times[n + 1] if n + 1 < len(self._times) else max(self._horizon_s, at_s)
            short_s += max(0, self._wanted - self._here[n]) * (end_s - at_s)
        self.charge = short_s * self._per_s
