"""The life tier: which aircraft goes first to which incident with lives at risk, exactly, by CP-SAT.

Every (aircraft, incident) pair gets its earliest legal sortie as an option; CP-SAT picks at most one per
aircraft so that the life charge is least. Ties, and by `spare` also more than ties, go to the aircraft that
the fires would miss least. Rounds follow until no life incident can be served better: an aircraft that is
free again is a new option. Two that would crowd the layers of one incident exclude each other; what remains
(three and more, places at the water) is settled when the options are booked, one by one, in order of their time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from ortools.sat.python import cp_model

from optimizer.choice import Candidate, Chooser, take
from optimizer.craft import Craft
from optimizer.fire_work import FireChoice
from optimizer.schedule import Schedule
from optimizer.task_sortie import task_sortie
from optimizer.timeline import Departure, Sortie

_SCALE = 1000  # CP-SAT works in whole numbers: a thousandth of a score point
_ROUNDS = 4  # sorties one after the other of the same aircraft for life; more never helped
_SPARE_OPTIONS = 6  # options kept per incident beyond one aircraft for each visit wanted anywhere
_MOST_OPTIONS = 30  # and an end to that: nowhere do so many incidents contend for the same aircraft
_WATER_TRIED = 3
_FULL = 10**6
_DETERMINISTIC_LIMIT = 2.0  # CP-SAT's own deterministic seconds: the same plan on any machine


@dataclass(frozen=True, slots=True, kw_only=True)
class _Option:
    """One aircraft's earliest sortie for one incident. `worth`: its gain beside the life it serves."""

    candidate: Candidate
    incident: int
    visits: int
    done_s: float
    worth: float


def serve_life(schedule: Schedule, seed: int, spare: float, stopped: Callable[[], bool]) -> None:
    """Append the sorties that serve life best. `spare`: how much a point of fire weighs against one of life."""
    for _ in range(_ROUNDS):
        wanted = unserved_lives(schedule)
        if not wanted or stopped():
            return
        options = [option for incident in wanted for option in _options(schedule, incident, wanted)]
        chosen = _assign(schedule, options, seed, spare)
        if not _book(schedule, chosen):
            return


def unserved_lives(schedule: Schedule) -> list[int]:
    """Incidents with lives at risk that nobody serves yet. Those whose people go out by the load, or who want
    somebody there all the time, are left to the fill, which weighs seats and gaps."""
    rows = schedule.problem.incidents
    return [
        n
        for n, row in enumerate(rows)
        if row.life_at_risk
        and not (row.task is not None and (row.task.people or row.task.continuous))
        and (schedule.tasks[n].open_visits > 0 if n in schedule.tasks else not schedule.fires[n].drops)
    ]


def lives_charges(schedule: Schedule) -> dict[int, float]:
    """Points charged for each incident with lives at risk."""
    tasks, fires = schedule.tasks, schedule.fires
    return {
        n: tasks[n].charge if n in tasks else fires[n].life_charge
        for n, row in enumerate(schedule.problem.incidents)
        if row.life_at_risk
    }


# ---- options ----------------------------------------------------------------------------------------------
def _options(schedule: Schedule, incident: int, wanted: list[int]) -> list[_Option]:
    """The earliest options of an incident: one for each visit wanted anywhere, and a few to spare. More are
    never needed: with every aircraft used once, one of these is always free."""
    visits = sum(schedule.tasks[n].open_visits if n in schedule.tasks else 1 for n in wanted)
    keep = min(visits + _SPARE_OPTIONS, _MOST_OPTIONS)
    place = schedule.problem.incident_place(incident)
    near = []
    for craft in schedule.crafts:
        state = schedule.state(craft.index)
        if incident in schedule.tables.fit_set[craft.index] and (
            schedule.ends_with_recovery(craft.index)
            or schedule.tables.in_range(craft.index, state.place, incident)
        ):
            fly_s = schedule.tables.distance_view[state.place, place] / craft.row.cruise_mps
            near.append((max(state.free_s, craft.earliest_s) + fly_s, craft.index))
    found: list[_Option] = []
    for at_s, aircraft in sorted(near):
        # soonest possible, by straight flight: when enough are found that are sooner, nobody later matters
        if len(found) >= keep and at_s >= sorted(option.done_s for option in found)[keep - 1]:
            break
        found += _options_of(schedule, schedule.crafts[aircraft], incident)
    found.sort(key=lambda option: (option.done_s, option.candidate.aircraft))
    return found[: 2 * keep]


def _options_of(schedule: Schedule, craft: Craft, incident: int) -> list[_Option]:
    """The earliest sortie of one aircraft for each number of visits, straight from the air or from a base."""
    found = _from_here(schedule, craft, incident, replaces=False)
    if schedule.ends_with_recovery(craft.index):
        home = schedule.pop(craft.index)
        found += _from_here(schedule, craft, incident, replaces=True)
        schedule.append(craft.index, home)
    best: dict[int, _Option] = {}
    for option in found:
        if option.visits not in best or option.done_s < best[option.visits].done_s:
            best[option.visits] = option
    return [option for option in best.values() if option.done_s <= schedule.problem.horizon_s]


def _from_here(schedule: Schedule, craft: Craft, incident: int, *, replaces: bool) -> list[_Option]:
    options = []
    book = schedule.tasks.get(incident)
    for way in schedule.departures(craft.index):
        if book is None:
            sorties = [(1, sortie) for sortie in _first_drops(schedule, craft, way, incident)]
        else:
            counts = sorted({1, book.open_visits})
            tried = [(count, task_sortie(schedule, craft, way, incident, count)[0]) for count in counts]
            sorties = [(count, sortie) for count, sortie in tried if sortie is not None]
        for visits, sortie in sorties:
            done_s = sortie.visits[-1][1] if book is not None else sortie.drops[0][2][0]
            candidate = Candidate(aircraft=craft.index, gain=0.0, sortie=sortie, replaces=replaces)
            options.append(
                _Option(
                    candidate=candidate,
                    incident=incident,
                    visits=visits,
                    done_s=done_s,
                    worth=schedule.gain(craft.index, sortie) - _life_gain(schedule, incident, done_s, visits),
                )
            )
    return options


def _first_drops(schedule: Schedule, craft: Craft, way: Departure, fire: int) -> list[Sortie]:
    """Full sorties by the water points that let the first drop fall soonest."""
    kit, tables, problem = craft.row.water, schedule.tables, schedule.problem
    points = tables.water_for(craft.index)
    if kit is None or not len(points):
        return []
    places = points + problem.water_place(0)
    soon_s = tables.distance_m[way.place][places] / craft.row.cruise_mps
    soon_s = soon_s + tables.distance_m[problem.incident_place(fire)][places] / craft.row.loaded_mps
    chooser = Chooser(schedule)
    for water in points[np.argsort(soon_s, kind="stable")[: 4 * _WATER_TRIED]].tolist():
        litres = problem.litres_per_drop(kit, water, fire)
        found = (
            chooser.fire_sorties(craft, way, FireChoice(fire=fire, water=water, litres=litres), _FULL)
            if litres > 0.0
            else []
        )
        if found:
            return found
    return []


def _life_gain(schedule: Schedule, incident: int, done_s: float, visits: int) -> float:
    """What an option saves of the life charge when nobody else serves the incident."""
    book = schedule.tasks.get(incident)
    if book is not None:
        return book.charge - book.with_visits([done_s] * visits)
    return schedule.fires[incident].life_gain(done_s)


# ---- assignment -------------------------------------------------------------------------------------------
def _assign(schedule: Schedule, options: list[_Option], seed: int, spare: float) -> list[_Option]:
    """The options that CP-SAT picks: least life charge, then least missed elsewhere."""
    model = cp_model.CpModel()
    picked = [model.new_bool_var(f"option{n}") for n in range(len(options))]
    by_aircraft: dict[int, list[int]] = {}
    by_incident: dict[int, list[int]] = {}
    for n, option in enumerate(options):
        by_aircraft.setdefault(option.candidate.aircraft, []).append(n)
        by_incident.setdefault(option.incident, []).append(n)
    for numbers in by_aircraft.values():
        model.add_at_most_one(picked[n] for n in numbers)
    terms = []
    for incident, numbers in by_incident.items():
        lines = [(options[n], picked[n]) for n in numbers]
        terms.append(_incident_charge(model, schedule, incident, lines))
        for one, other in combinations(lines, 2):
            if _crowd(schedule, one[0], other[0]):
                model.add_at_most_one(one[1], other[1])
    missed = _missed_elsewhere(schedule, by_aircraft)
    for n, option in enumerate(options):
        points = spare * (missed[option.candidate.aircraft] - option.worth)
        terms.append(round(points * _SCALE) * picked[n])
    model.minimize(sum(terms))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed % 2**31
    solver.parameters.max_deterministic_time = _DETERMINISTIC_LIMIT
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return []
    return [option for n, option in enumerate(options) if solver.boolean_value(picked[n])]


def _crowd(schedule: Schedule, one: _Option, other: _Option) -> bool:
    """Whether two options of one incident are there at the same time and need more layers than it has."""
    incident, crafts = one.incident, schedule.crafts
    slots = crafts[one.candidate.aircraft].row.slots + crafts[other.candidate.aircraft].row.slots
    if slots <= schedule.problem.incidents[incident].max_slots:
        return False
    return any(
        mine[0] == theirs[0] == incident and mine[1] < theirs[2] and theirs[1] < mine[2]
        for mine in one.candidate.sortie.at_scene
        for theirs in other.candidate.sortie.at_scene
    )


def _incident_charge(
    model: cp_model.CpModel,
    schedule: Schedule,
    incident: int,
    lines: list[tuple[_Option, cp_model.IntVar]],
) -> cp_model.LinearExprT:
    """The life charge of one incident in thousandths, less what it is unserved, as a linear expression of its
    options, which come in order of their time."""
    task = schedule.tasks.get(incident)
    if task is None or task.open_visits == 1:
        model.add_at_most_one(picked for _, picked in lines)
        return sum(
            -round(_life_gain(schedule, incident, option.done_s, option.visits) * _SCALE) * picked
            for option, picked in lines
        )
    # several visits: one outcome (how many are made, and which option is the last of them) must hold
    outcomes: list[cp_model.IntVar] = []
    charge: list[cp_model.LinearExprT] = []
    made: list[cp_model.LinearExprT] = []
    for last, (option, picked) in enumerate(lines):
        held = []
        for count in range(option.visits, task.open_visits + 1):
            outcome = model.new_bool_var(f"incident{incident}last{last}visits{count}")
            gain = task.charge - task.with_visits([option.done_s] * count)
            charge.append(-round(gain * _SCALE) * outcome)
            made.append(count * outcome)
            held.append(outcome)
        outcomes += held
        model.add(sum(held) <= picked)
        for _, later in lines[last + 1 :]:
            for outcome in held:
                model.add_at_most_one(outcome, later)
    model.add_at_most_one(outcomes)
    wanted = sum(option.visits * picked for option, picked in lines)
    model.add(sum(made) <= wanted)
    model.add(wanted <= task.open_visits)
    return sum(charge)


def _missed_elsewhere(schedule: Schedule, by_aircraft: dict[int, list[int]]) -> dict[int, float]:
    """Per aircraft, at most what its next sortie could gain at fires without lives at risk."""
    chooser = Chooser(schedule)
    return {aircraft: chooser.most_at_fires(aircraft) for aircraft in by_aircraft}


# ---- booking ----------------------------------------------------------------------------------------------
def _book(schedule: Schedule, chosen: list[_Option]) -> int:
    """Append the chosen options in order of their time; those that another has made impossible are built
    again against the bookings, and left out if that fails. Answers how many were appended."""
    booked = 0
    for option in sorted(chosen, key=lambda o: (o.done_s, o.candidate.aircraft)):
        fresh = _options_of(schedule, schedule.crafts[option.candidate.aircraft], option.incident)
        for again in fresh:
            if (
                again.visits == option.visits
                and schedule.gain(again.candidate.aircraft, again.candidate.sortie) > 0
            ):
                take(schedule, again.candidate)
                booked += 1
                break
    return booked
