"""Follows the tables of `pricing.py` from an opening to the end of the day: what the best timeline does, and when."""

import math

import numpy as np

from optimizer.grid import Pairs
from optimizer.kinds import Matrix
from optimizer.openings import Openings
from optimizer.pricing import Trace

_MOST_STEPS = 200  # an end to a timeline that goes round in circles for nothing


class Tracer:
    """Writes one trace."""

    def __init__(self, openings: Openings, line: int) -> None:
        self._openings, self._line = openings, line
        self.grid, self.worth, self.kind = openings.grid, openings.worth, openings.kind
        self.aircraft, _, self._flight_s, first_way = openings.lines[line]
        self._programme = openings.programme(self.aircraft, first_way)
        self.trace = Trace()
        self._left = _MOST_STEPS

    def stay(self) -> Trace:
        """Stands ready from the start to the horizon."""
        start = self.kind.starts[self.aircraft]
        if start.base >= 0:
            self.trace.ready.append((start.base, start.ready_s, self.grid.horizon_s))
        return self.trace

    def run(self, i: int, k: int) -> Trace:
        """Leaves at the k-th time for a run at an incident."""
        self._leave(k)
        at_s = float(self._openings.times[self._line, k] + self._openings.first_s[self._line, i])
        left = self._flight_s - float(self._openings.first_air_s[self._line, i])
        self._fly(float(self._openings.first_air_s[self._line, i]))
        self._enter(i, at_s, left)
        return self.trace

    def land(self, base: int, k: int, kept: float, late: float) -> Trace:
        """Leaves at the k-th time for a base; stands there, or goes on by what is worth most. `kept`: points if
        it goes on, `late`: if it does not."""
        self._leave(k)
        land_s = float(self.kind.land_s[self.aircraft][base])
        self._fly(land_s)
        at_s = float(self._openings.times[self._line, k]) + land_s
        self.trace.ready.append((base, self._floor(at_s + self.grid.ready_after_s), self.grid.horizon_s))
        if at_s <= self.kind.latest_s:
            level = int(self._openings.crew_level(self._line)[base])
            self._landed(base, at_s, level, late - kept)
        return self.trace

    def _landed(self, base: int, at_s: float, level: int, least: float) -> None:
        """From a base on with a crew rested or tanks filled, if that is worth more than `least`."""
        rested, again = self._step(at_s + self.kind.rest_s), self._step(at_s + self.kind.turn_s)
        programme, rest, turned = self._programme, -math.inf, -math.inf
        if self.kind.rests:
            rest = float(programme.depart[base, rested])
        if programme.turned is not None and base in programme.turn_bases:
            turned = float(programme.turned[int(np.searchsorted(programme.turn_bases, base)), again, level])
        if max(rest, turned) <= least or self._left < 0:
            return
        if turned > rest:
            self._turned(base, again, level)
        else:
            self._depart(base, rested)

    # ---- steps --------------------------------------------------------------------------------------------
    def _step(self, at_s: float) -> int:
        return int(self.grid.step_of(np.array(at_s)))

    def _floor(self, at_s: float) -> float:
        return self._step(at_s) * self.grid.grain_s

    def _fly(self, air_s: float) -> None:
        self.trace.cost += self.kind.cost_per_s * air_s

    def _leave(self, k: int) -> None:
        start = self.kind.starts[self.aircraft]
        if start.base >= 0:
            until_s = float(self._openings.times[self._line, k]) + self.grid.grain_s
            self.trace.ready.append((start.base, start.ready_s, max(start.ready_s, until_s)))

    def _enter(self, i: int, at_s: float, left_s: float) -> None:
        """A run: event after event while going on is worth more than leaving."""
        self._left -= 1
        grid, programme, kind = self.grid, self._programme, self.kind
        row = int(grid.row_of(np.array(i), np.array(at_s)))
        column = int(grid.column_of(np.array(i), np.array(left_s)))
        if self._left < 0 or row >= grid.rows or not column:
            return
        self.trace.works = True
        step_air_s, fine, fewer = float(kind.step_air_s[i]), int(grid.fine[i]), int(grid.fewer[i])
        own_s = float(grid.own_s[i])
        at_once = programme.chain[i, row, column] + float(
            self.worth.entry_worth(np.array(i), np.array(at_s), np.array(own_s * row))
        )
        late = programme.waited[i, row + 1, column] + float(
            self.worth.late_worth(np.array(i), np.array(own_s * (row + 1)))
        )
        if programme.waited is not programme.chain and late > at_once:
            row = self._wait(i, row + 1, column)
            at_s = own_s * row
        self._event(i, float(grid.times[i, row]), at_s, first=True)
        while kind.repeats[i] and column > fewer and row + fine < grid.count[i]:
            more = programme.waited[i, row + fine, column - fewer] - kind.cost_per_s * step_air_s
            if more <= programme.exits[i, row, column - 1]:
                break
            row, column = self._wait(i, row + fine, column - fewer), column - fewer
            own_s = float(grid.times[i, row])
            self._event(i, own_s, own_s, first=False)
            self._fly(step_air_s)
        self._exit(i, row, column - 1)

    def _wait(self, i: int, row: int, column: int) -> int:
        """The row that an event is best put off to."""
        programme = self._programme
        if programme.waited is not programme.chain:
            while programme.chain[i, row, column] < programme.waited[i, row, column]:
                row += 1
        return row

    def _event(self, i: int, own_s: float, at_s: float, *, first: bool) -> None:
        worth, kind = self.worth, self.kind
        incident = int(kind.incidents[i])
        if not worth.is_task[incident]:
            self.trace.drops.append((incident, float(kind.litres[i]), own_s))
        claim_s = max(at_s, float(self.grid.soonest_s[i]))
        if (first or worth.is_task[incident]) and float(worth.claim(np.array(i), np.array(at_s))) > 0.0:
            (self.trace.visits if worth.is_task[incident] else self.trace.firsts).append((incident, claim_s))
        when_s = float(worth.busy_cost(i, np.array([own_s]))[1][0])
        self.trace.busy.append((incident, kind.slots, when_s - float(kind.busy_s[i]), when_s))

    def _exit(self, i: int, row: int, column: int) -> None:
        grid, programme = self.grid, self._programme
        at_s = float(grid.times[i, row])
        step, level = self._step(at_s), int(grid.to_level[i, column])
        homes = programme.homes(np.array([i]), np.array([row]))[0, : int(grid.reach[i, column])]
        chosen = int(homes.argmax()) if len(homes) else -1
        home = float(homes[chosen]) if chosen >= 0 else -math.inf
        cross = float(programme.cross[i, step, level])
        close = [(float(programme.close_to(i, k, at_s)[column]), k) for k in grid.close[i]]
        near, k = max(close, default=(-math.inf, -1))
        if near > max(home, cross):
            air_s = float(self.kind.cross_air_s[i, k])
            self._fly(air_s)
            left_s = column * float(grid.own_s[i]) - air_s
            self._enter(k, at_s + float(self.kind.cross_s[i, k]), left_s)
        elif cross > home:
            self._cross(i, step, level)
        elif chosen >= 0:
            base = int(grid.near[i, chosen])
            self._fly(float(grid.home_s[i, chosen]))
            ready = int(grid.ready[i, chosen, row])
            self.trace.ready.append((base, ready * grid.grain_s, grid.horizon_s))
            rested = int(grid.rested[i, chosen, row])
            if self.kind.rests and programme.depart[base, rested] > 0.0:
                self._depart(base, rested)

    def _until(self, until_s: float) -> None:
        """The readiness noted last ends with a departure."""
        base, from_s, _ = self.trace.ready.pop()
        self.trace.ready.append((base, from_s, max(from_s, min(until_s, self.grid.horizon_s))))

    def _depart(self, base: int, step: int) -> None:
        """Waits, rested, for the departure that is worth most."""
        grid, kind = self.grid, self.kind
        programme = self._programme = self._openings.programmes[0]
        while step < grid.steps and programme.depart[base, step + 1] >= programme.depart[base, step]:
            step += 1
        self._until((step + 1) * grid.grain_s)
        self._from_base(base, step, kind.block_s, programme.ferry(step)[base])

    def _from_base(self, base: int, step: int, flight_s: float, ferries: Matrix) -> None:
        """By the best of all runs, or by the best of some `ferries`, with so much flight left."""
        grid, kind, programme = self.grid, self.kind, self._programme
        runs = programme.enter_from(step, base, flight_s)
        i = int(runs.argmax()) if len(runs) else -1
        self._left -= 1
        if i >= 0 and float(runs[i]) >= float(ferries.max(initial=-math.inf)):
            air_s = float(kind.entry_air_s[base, i])
            self._fly(air_s)
            self._enter(i, step * grid.grain_s + float(kind.entry_s[base, i]), flight_s - air_s)
            return
        goal = int(ferries.argmax())
        way_s = float(kind.between_s[base, goal])
        self._fly(way_s)
        land_s = step * grid.grain_s + way_s
        self.trace.ready.append((goal, self._floor(land_s + grid.ready_after_s), grid.horizon_s))
        self._landed(goal, land_s, int(programme.crew_level(np.array(flight_s - way_s))), 0.0)

    def _cross(self, i: int, step: int, level: int) -> None:
        """Waits, on the way, for the run elsewhere that is worth most."""
        grid, kind, programme = self.grid, self.kind, self._programme
        while step < grid.steps and programme.cross[i, step + 1, level] >= programme.cross[i, step, level]:
            step += 1
        bases = programme.by_base(step, slice(i, i + 1))[..., level].reshape(-1)
        m = int(bases.argmax()) if len(bases) else -1
        left_s = level * grid.grain_s
        best = self._best_pair(i, step, level, (grid.pairs,))
        if best[1] >= 0 and (m < 0 or best[0] >= bases[m]):
            _, k, at = best
            air_s = float(kind.cross_air_s[i, k])
            self._fly(air_s)
            self._enter(k, at * grid.grain_s + float(kind.cross_s[i, k]), left_s - air_s)
            return
        base = int(programme.turn_bases[m])
        home_s = float(kind.home_s[i, base])
        self._fly(home_s)
        again = self._step(step * grid.grain_s + home_s + kind.turn_s)
        self.trace.ready.append((base, again * grid.grain_s, grid.horizon_s))
        crew = int(programme.crew_level(np.array(left_s - home_s)))
        self._turned(base, again, crew)

    def _best_pair(self, i: int, step: int, level: int, kinds: tuple[Pairs, ...]) -> tuple[float, int, int]:
        """(worth, run, step) of the best way straight on."""
        best = (-math.inf, -1, step)
        for pairs in kinds:
            chosen = pairs.of(i)
            value = self._programme.straight(pairs, step, chosen)[:, level]
            if len(value):
                n = int(value.argmax())
                best = max(best, (float(value[n]), int(pairs.goal[chosen][n]), step))
        return best

    def _turned(self, base: int, step: int, crew: int) -> None:
        """Waits, with tanks filled, for the departure that is worth most."""
        grid, kind = self.grid, self.kind
        programme = self._programme = self._openings.programmes[0]
        if programme.turned is None:
            return
        table = programme.turned[int(np.searchsorted(programme.turn_bases, base)), :, crew]
        while step < grid.steps and table[step + 1] >= table[step]:
            step += 1
        self._until((step + 1) * grid.grain_s)
        place = int(np.searchsorted(programme.turn_bases, base))
        flight_s = min(crew * grid.grain_s, kind.block_s)
        self._from_base(base, step, flight_s, programme.turned_ferry(step)[place, :, crew])
