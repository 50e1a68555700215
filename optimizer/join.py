"""Joins drops that a schedule with turns (`sortie.py`) keeps apart: where layers and places are free for the way back
too, one leg of many drops says the same in fewer words, and is how crews are tasked."""

from optimizer.legs import Leg, LegKind
from optimizer.schedule import Schedule

_SAME_S = 1e-3


def joined_legs(schedule: Schedule) -> list[list[Leg]]:
    """The legs of every aircraft, joined as far as the bookings of all allow. The schedule stays as it is."""
    booked: list[tuple[int, int, float, float, int]] = []
    answer = []
    for craft in schedule.crafts:
        legs = schedule.legs(craft.index)
        fixed = sum(
            len(sortie.legs) for sortie in schedule.sorties[craft.index][: schedule.fixed[craft.index]]
        )
        joined = legs[:fixed]
        for leg in legs[fixed:]:
            joined.append(leg)
            while len(joined) >= fixed + 3 and _turn(joined[-3:]):
                gap = _book(schedule, joined[-3], joined[-1], craft.row.slots, craft.row.cruise_mps)
                if gap is None:
                    break
                booked.append(gap)
                joined[-3:] = [_one(joined[-3], joined[-1])]
        answer.append(joined)
    for incident, water, from_s, until_s, slots in booked:
        schedule.ledgers.scene[incident].remove(from_s, until_s, slots)
        schedule.ledgers.water[water].remove(from_s, until_s, 1)
    return answer


def _turn(legs: list[Leg]) -> bool:
    """Drops, the way back without a wait, and drops again, all between one water point and one fire."""
    before, back, after = legs
    if (before.kind, back.kind, after.kind) != (LegKind.CYCLES, LegKind.FLY, LegKind.CYCLES):
        return False
    if (before.place, before.incident) != (after.place, after.incident):
        return False
    return before.litres_per_drop == after.litres_per_drop


def _book(
    schedule: Schedule, before: Leg, after: Leg, slots: int, cruise_mps: float
) -> tuple[int, int, float, float, int] | None:
    """Book the way back, if it was flown without a wait and there is room for it."""
    problem, ledgers = schedule.problem, schedule.ledgers
    from_s, until_s = before.end_s, after.start_s
    water = before.place - problem.water_place(0)
    way_m = schedule.tables.distance_view[problem.incident_place(before.incident), before.place]
    if abs(until_s - from_s - way_m / cruise_mps) > _SAME_S:
        return None
    fire, point = ledgers.scene[before.incident], ledgers.water[water]
    span_s = (before.start_s, after.end_s)
    open_long = problem.incidents[before.incident].open_during(*span_s)
    if not (open_long and problem.water_points[water].open_during(*span_s)):
        return None
    if not (fire.fits(from_s, until_s, slots) and point.fits(from_s, until_s, 1)):
        return None
    fire.add(from_s, until_s, slots)
    point.add(from_s, until_s, 1)
    return before.incident, water, from_s, until_s, slots


def _one(before: Leg, after: Leg) -> Leg:
    return Leg(
        kind=LegKind.CYCLES,
        start_s=before.start_s,
        end_s=after.end_s,
        place=before.place,
        incident=before.incident,
        drops=before.drops + after.drops,
        litres_per_drop=before.litres_per_drop,
    )
