"""An aircraft's options, the most promising on top: what `choice.py` keeps of them between two choices."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from optimizer.books import FireBook, TaskBook
from optimizer.capacity import Ledger
from optimizer.fire_work import FireChoice, Trial
from optimizer.timeline import Departure, Sortie, State
from optimizer.travel import Indices, Matrix

LEAST_GAIN = 1e-6  # of a score: less is rounding

Stamp = tuple[int, int]
Watched = FireBook | TaskBook | Ledger


@dataclass(slots=True)
class Option:
    """One line of a menu: work at one incident after one way of departing. `choice` is None for a task.

    `trial` (fire work) or `sortie` (a task) is what the last look found; `watched` is what its worth depends on,
    `stamp` how that stood then. `opened`: it has been on top, so the next water point of its fire is written down.
    """

    way: Departure
    incident: int
    bound: float
    factor: float
    choice: FireChoice | None
    visits: int = 1
    stamp: Stamp | None = None
    trial: Trial | None = None
    sortie: Sortie | None = None
    watched: tuple[Watched, ...] = ()
    rank: int = 0
    opened: bool = False
    compared: bool = False
    spared: bool = False
    fallen: int = -1
    first_s: float = 0.0
    seen: int = -1

    @property
    def found(self) -> bool:
        """Whether the last look found anything that can be flown."""
        return self.trial is not None or self.sortie is not None

    def stamp_now(self) -> Stamp:
        """Changes whenever something is booked that could change what the option is worth; first the incident's."""
        total = 0
        for thing in self.watched:
            total += thing.stamp
        return self.watched[0].stamp, total


@dataclass(slots=True)
class More:
    """Fires not written down yet: `lines` in order of their bound times factor, from `at` on."""

    way: Departure
    lines: list[tuple[float, int]]
    factors: list[float]
    rows: "Rows"
    at: int = 0

    def points(self, n: int, bonus: float) -> Iterator[Option]:
        """The water points of one fire, written down one by one as they are wanted."""
        rows = self.rows
        fire, factor, stamp = rows.fires[n], self.factors[n], rows.stamps[n]
        points = zip(
            rows.bound[n].tolist(),
            rows.water[n].tolist(),
            rows.litres[n].tolist(),
            rows.first_s[n].tolist(),
            strict=True,
        )
        for rank, (most, point, lifted, at_s) in enumerate(points):
            if most <= LEAST_GAIN:
                return  # the rest is no better
            yield Option(
                way=self.way,
                incident=fire,
                bound=most + bonus,
                factor=factor,
                choice=FireChoice(fire=fire, water=point, litres=lifted),
                first_s=at_s,
                seen=stamp,
                rank=rank,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What `Chooser` worked out for the fires within reach of one way: all [fire, choice], best first."""

    fires: list[int]
    bound: Matrix
    water: Indices
    litres: Matrix
    first_s: Matrix
    stamps: list[int]


@dataclass(slots=True)
class Menu:
    """The options of an aircraft in one state. Per (way, fire) `shares` is what the first look left of the
    bound, `falls` (stamp of the fire, share) what a later one left of the gain, and `spares` are further water
    points, for when those on the menu are taken."""

    state: State
    entries: list[tuple[float, int, Option | More]] = field(default_factory=list)
    lines: int = 0
    shares: dict[tuple[int, int], float] = field(default_factory=dict)
    falls: dict[tuple[int, int], tuple[int, float]] = field(default_factory=dict)
    spares: dict[tuple[int, int], Iterator[Option]] = field(default_factory=dict)
