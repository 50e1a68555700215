"""One aircraft's timeline as values: where it stands (`State`), how it may leave (`Departure`), what it flies
(`Sortie`). A timeline is its first state and the sorties after it; `schedule.py` keeps them for all aircraft.

The ground leg before a departure is not part of a sortie: its end is only known when the next one starts, so
the state remembers when it began, and the departure says whether it must be written down.
"""

from dataclasses import dataclass
from enum import Enum

from optimizer.legs import Leg


class Where(Enum):
    """Whether an aircraft can wait: at a base and on a hospital's pad it can, in the air it cannot."""

    BASE = "base"
    PAD = "pad"
    AIR = "air"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """An aircraft free for its next sortie from `free_s` on.

    `ground_from_s`: when the pending ground leg began; `refuelling`: that leg fills the tanks. `ready_from_s`:
    since when it counts as ready reserve at `base`, infinity if it does not. `patients` and `cargo`: incidents
    whose people or goods are on board.
    """

    where: Where
    place: int
    base: int
    free_s: float
    ground_from_s: float
    refuelling: bool
    ready_from_s: float
    fuel_kg: float
    continuous_s: float
    today_s: float
    patients: tuple[int, ...] = ()
    cargo: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """One way of leaving a state: at once, after a rest, after filling the tanks first.

    `ground_leg`: a ground leg from `ground_from_s` to the departure belongs in the plan. `filled`: the booking
    (base, start, end) of the refuelling point where this way fills the tanks first.
    """

    where: Where
    place: int
    base: int
    earliest_s: float
    ground_from_s: float
    refuelling: bool
    ground_leg: bool
    fuel_kg: float
    continuous_s: float
    today_s: float
    ready_from_s: float
    filled: tuple[int, float, float] | None = None
    cargo: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sortie:
    """From one state to the next; it lands at a base unless it is locked legs that end elsewhere.

    `legs` hold the ground leg before the flight, if one is needed. `drops`: (incident, litres, times);
    `visits`: (incident, completion); `at_scene`, `at_water`, `at_fuel`: bookings (index, start, end);
    `stood_ready`: (base, from, until), closed by this sortie. `recovery`: it only brings the aircraft home. `air`: where
    it is before its last leg, the way home, where other work could begin instead (`onward.py`).
    """

    legs: tuple[Leg, ...]
    after: State
    flight_s: float
    drops: tuple[tuple[int, float, tuple[float, ...]], ...] = ()
    visits: tuple[tuple[int, float], ...] = ()
    at_scene: tuple[tuple[int, float, float], ...] = ()
    at_water: tuple[tuple[int, float, float], ...] = ()
    at_fuel: tuple[tuple[int, float, float], ...] = ()
    stood_ready: tuple[tuple[int, float, float], ...] = ()
    incidents: tuple[int, ...] = ()
    recovery: bool = False
    air: State | None = None
