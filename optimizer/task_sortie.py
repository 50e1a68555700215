"""Sorties for tasks: when one visit can be complete at the soonest, and the sortie that makes visits."""

from optimizer.craft import Craft
from optimizer.problem import NONE, Problem
from optimizer.schedule import Schedule
from optimizer.timeline import Departure, Sortie

_NEARER_HELPS = ("CLOSED", "FUEL", "CREW_CONTINUOUS", "CREW_DAILY", "CREW_ROLLING", "CREW_DUTY", "DAYLIGHT")


def soonest_visit_s(
    schedule: Schedule, craft: Craft, way: Departure, incident: int, start_s: float
) -> tuple[float, bool]:
    """When one visit can be complete at the soonest, and whether fuel, crew and light last for the whole way."""
    problem, view = schedule.problem, schedule.tables.distance_view
    task, goal = problem.incidents[incident].task, problem.incident_place(incident)
    if task is None:
        return 0.0, False
    way_m, ground_s, place = 0.0, 0.0, way.place
    if task.pickup_base >= 0 and incident not in way.cargo:
        way_m, ground_s, place = view[place, task.pickup_base], task.handover_s, task.pickup_base
    way_m += view[place, goal]
    delivery = problem.delivery_place(incident)
    if delivery != NONE:
        way_m, ground_s, goal = way_m + view[goal, delivery], ground_s + task.handover_s, delivery
    done_s = start_s + way_m / craft.row.cruise_mps + ground_s + task.service_s
    near = schedule.tables.bases_near(craft.index, goal)
    if not near:
        return done_s, False
    home_s = view[goal, near[0]] / craft.row.cruise_mps
    left_s = craft.flight_left_s(way.fuel_kg, 0.0 if way.ground_leg else way.continuous_s, way.today_s)
    in_air_s = done_s - start_s - ground_s + home_s
    # fuel can be had on the way only where the cargo is loaded
    lasts = task.pickup_base >= 0 or in_air_s <= left_s + 1.0
    return done_s, lasts and done_s + home_s <= craft.latest_s + 1.0


def last_place(problem: Problem, incident: int) -> int:
    """Where the work for a task ends: where its people are handed over, or at the scene."""
    delivery = problem.delivery_place(incident)
    return delivery if delivery != NONE else problem.incident_place(incident)


def task_sortie(
    schedule: Schedule, craft: Craft, way: Departure, incident: int, visits: int
) -> tuple[Sortie | None, str]:
    """A sortie that makes so many visits of a task, or None and the code of the rule that forbids it."""
    code = "OUT_OF_RANGE"
    for base in schedule.tables.return_bases(craft.index, last_place(schedule.problem, incident)):
        sortie, code = schedule.planner.task(craft, way, incident, visits, base)
        if sortie is not None:
            return sortie, ""
        if code not in _NEARER_HELPS:
            break  # another base to land at does not help
    return None, code
