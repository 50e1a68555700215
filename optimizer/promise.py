"""What an aircraft's next sortie can gain at most at each fire by each water point: one sweep over arrays."""

import numpy as np

from optimizer.craft import Craft
from optimizer.hours import opening_s
from optimizer.leaving import continuous_at
from optimizer.schedule import Schedule
from optimizer.timeline import Departure, Where
from optimizer.travel import FireWater, Indices, Matrix

_L_S_PER_KL_HOUR = 3.6e6  # litre-seconds in a kilolitre-hour


def promised(
    schedule: Schedule, craft: Craft, way: Departure, start_s: float, table: FireWater
) -> tuple[Indices, Matrix, Matrix]:
    """The table's rows within reach, and float64[row, choice]: no less than what the sortie can gain, -1
    where it cannot be flown; and when its first drop could fall."""
    cruise_mps = craft.row.cruise_mps
    problem, horizon_s = schedule.problem, schedule.problem.horizon_s
    left_s = craft.flight_left_s(way.fuel_kg, continuous_at(craft, way, start_s), way.today_s)
    if way.where is not Where.AIR and not way.ground_leg:
        left_s = max(left_s, craft.flight_left_s(way.fuel_kg, way.continuous_s, way.today_s))
    left_s = min(left_s, craft.latest_s - start_s)
    from_here_m = schedule.tables.distance_m[way.place]
    straight_s = from_here_m[table.fires + problem.incident_place(0)] / cruise_mps
    rows = np.flatnonzero(straight_s + table.home_s <= left_s)
    one_s, litres = table.one_s[rows], table.litres[rows]
    ferry_s = from_here_m[table.water[rows] + problem.water_place(0)] / cruise_mps
    cycle_s = np.maximum(one_s + table.back_s[rows], 1e-3)
    spare_s = left_s - ferry_s - table.home_s[rows, None] + table.back_s[rows]
    drops = np.clip(np.floor(spare_s / cycle_s + 1e-9), 0, 1e5)
    fires = table.fires[rows].tolist()
    begin_s = start_s + ferry_s
    free_s = _room_s(
        schedule, craft, fires, begin_s.min(axis=1, initial=np.inf), one_s.min(axis=1, initial=np.inf)
    )
    if way.where is Where.AIR:  # it does not wait
        drops = np.where(begin_s >= free_s[:, None], drops, 0)
    first_s = np.maximum(begin_s, free_s[:, None]) + one_s
    rate = litres * (table.weight[rows] * problem.weights.fire_weighted_kl_hour / _L_S_PER_KL_HOUR)[:, None]
    books = [schedule.fires[fire] for fire in fires]
    soonest_s = np.minimum(first_s.min(axis=1, initial=np.inf), horizon_s).tolist()
    left = np.array([book.value_after(at_s) for book, at_s in zip(books, soonest_s, strict=True)])
    paid_s = [min(book.paid_s(at_s), horizon_s) for book, at_s in zip(books, soonest_s, strict=True)]
    after = np.array([book.value_after(at_s) for book, at_s in zip(books, paid_s, strict=True)])
    until_s = np.array(paid_s)[:, None] - first_s
    bound = rate * _seconds_saved(until_s, cycle_s, drops) + after[:, None]
    bound = np.minimum(bound, rate * _seconds_saved(horizon_s - first_s, cycle_s, drops))
    bound = np.minimum(bound, left[:, None])
    for n, book in enumerate(books):
        if book.life_per_s:
            late_s = min(book.first_s, book.unserved_s)
            bound[n] += book.life_per_s * np.maximum(0.0, late_s - first_s[n])
    gone_s = ferry_s + one_s + table.home_s[rows, None]
    bound -= gone_s * (craft.row.cost_per_hour * problem.weights.cost_unit / 3600)
    bound -= _reserve_loss(schedule, craft, way, start_s, gone_s + craft.row.turnaround_s)
    bound = np.where((drops >= 1) & (litres > 0.0) & (first_s <= horizon_s), bound, -1.0)
    return rows, bound, first_s


def _room_s(schedule: Schedule, craft: Craft, fires: list[int], from_s: Matrix, length_s: Matrix) -> Matrix:
    """float64[fire]: when each fire has room for the aircraft's shortest drop at the soonest."""
    slots, incidents = craft.row.slots, schedule.problem.incidents
    free_s = []
    for fire, at_s, drop_s in zip(fires, from_s.tolist(), length_s.tolist(), strict=True):
        open_s = opening_s(incidents[fire], at_s, drop_s)
        free_s.append(
            schedule.ledgers.scene[fire].earliest_s(open_s, drop_s, slots) if open_s < np.inf else open_s
        )
    return np.array(free_s)


def _reserve_loss(
    schedule: Schedule, craft: Craft, way: Departure, start_s: float, gone_s: Matrix
) -> Matrix | float:
    """What the reserves of its base are charged more if it leaves at once and is away so long."""
    if way.where is not Where.BASE or way.ready_from_s == np.inf:
        return 0.0
    loss: Matrix | float = 0.0
    for book in schedule.reserves_of(craft.index, way.base):
        times, charges = book.absence(start_s)
        loss = loss + np.interp(start_s + gone_s, times, charges)
    return loss


def _seconds_saved(left_s: Matrix, cycle_s: Matrix, drops: Matrix) -> Matrix:
    """The sum over a work's drops of the seconds each has left, when its first has `left_s`."""
    left_s = np.maximum(left_s, -1.0)  # never: minus infinity times no drops would be no number
    counted = np.minimum(drops, np.maximum(0.0, np.floor(left_s / cycle_s) + 1))
    saved: Matrix = counted * left_s - cycle_s * counted * (counted - 1) / 2
    return saved
