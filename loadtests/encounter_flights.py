"""Two aircraft that meet, or nearly: flown second by second, and seen as ADS-B would see them.

Which of the two it is is said by what was flown, not by how it was drawn: a pair is a conflict when it came within 85 %
of the limits (0.5 NM and 300 ft at one moment), a near miss when it kept 125 % to 300 % of them; what lies between is
thrown away. Courses wander by a degree or two. What is seen has the noise of positions (NACp 8 to 10), of velocities
(1 kt, 64 ft/min steps and half a metre a second), heights in steps of 25 ft, and every tenth report is missing.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.conflicts import AMBER, FOOT_M

Floats = NDArray[np.float64]
SECONDS = 300
CONFLICT, NEAR_MISS = 0.85, (1.25, 3.0)
KNOT_MPS = 1852 / 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """Of one aircraft, float64[second]: metres on a plane, m/s, degrees."""

    x: Floats
    y: Floats
    z: Floats
    speed: Floats
    course: Floats
    climb: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Encounter:
    """A pair with what became of it. `lost_s`: when separation was first lost; None: it was not."""

    kind: str
    paths: tuple[Path, Path]
    lost_s: int | None


def flown(
    random: np.random.Generator, at: tuple[float, float, float], speed: float, course: Floats, climb: Floats
) -> Path:
    """From its place at the middle of the time, both ways, with a wandering course."""
    wander = np.cumsum(random.normal(0, 0.25, SECONDS))
    wander -= np.linspace(wander[0], wander[-1], SECONDS)
    headed = course + np.clip(wander, -3, 3)
    east, north = speed * np.sin(np.radians(headed)), speed * np.cos(np.radians(headed))
    middle = SECONDS // 2

    def along(rate: Floats, here: float) -> Floats:
        gone = np.concatenate(([0.0], np.cumsum(rate[:-1])))
        placed: Floats = here + gone - gone[middle]
        return placed

    return Path(
        x=along(east, at[0]),
        y=along(north, at[1]),
        z=along(climb, at[2]),
        speed=np.full(SECONDS, speed),
        course=headed % 360.0,
        climb=climb,
    )


def worst(a: Path, b: Path) -> Floats:
    """At each second the larger of both distances, as shares of their limits."""
    far = np.hypot(b.x - a.x, b.y - a.y) / AMBER.horizontal_m
    high = np.abs(b.z - a.z) / AMBER.vertical_m
    shares: Floats = np.maximum(far, high)
    return shares


def _level(course: float) -> tuple[Floats, Floats]:
    return np.full(SECONDS, course), np.zeros(SECONDS)


def _miss(random: np.random.Generator) -> tuple[float, float]:
    """How far beside and above at the nearest: anything that may become either sort."""
    if random.random() < 0.5:
        return random.uniform(0, 350), random.uniform(0, 900) * FOOT_M
    return random.uniform(0, 2_600), random.uniform(0, 250) * FOOT_M


def _straight(random: np.random.Generator, turn_deg: float, speeds: tuple[float, float]) -> tuple[Path, Path]:
    course = random.uniform(0, 360)
    beside, above = _miss(random)
    across = math.radians(course + 90)
    one = flown(random, (0.0, 0.0, 600.0), speeds[0], *_level(course))
    at = (beside * math.sin(across), beside * math.cos(across), 600.0 + above)
    return one, flown(random, at, speeds[1], *_level(course + turn_deg))


def head_on(random: np.random.Generator) -> tuple[Path, Path]:
    """Opposite courses."""
    return _straight(random, 180 + random.uniform(-10, 10), (random.uniform(40, 75), random.uniform(40, 75)))


def crossing(random: np.random.Generator) -> tuple[Path, Path]:
    """Courses 40° to 140° apart."""
    turn = random.choice((-1, 1)) * random.uniform(40, 140)
    return _straight(random, turn, (random.uniform(40, 75), random.uniform(40, 75)))


def overtaking(random: np.random.Generator) -> tuple[Path, Path]:
    """The same way, one faster."""
    slow = random.uniform(30, 45)
    return _straight(random, random.uniform(-6, 6), (slow, slow + random.uniform(15, 30)))


def climbing(random: np.random.Generator) -> tuple[Path, Path]:
    """One level, one climbing or descending: through its height, or to a level above or below it."""
    course = random.uniform(0, 360)
    turn = random.uniform(0, 360)
    way = random.choice((-1.0, 1.0))
    rate = way * random.uniform(3, 8)
    climb = np.full(SECONDS, rate)
    if random.random() < 0.6:  # levels off before it
        off_s = SECONDS // 2 - int(random.uniform(0, 40))
        climb[off_s:] = 0.0
        above = -way * random.uniform(330, 900) * FOOT_M
    else:
        above = random.uniform(-150, 150) * FOOT_M
    beside = random.uniform(0, 500)
    one = flown(random, (0.0, 0.0, 700.0), random.uniform(40, 70), *_level(course))
    two = flown(
        random,
        (beside, 0.0, 700.0 + above),
        random.uniform(40, 70),
        np.full(SECONDS, course + turn),
        climb,
    )
    return one, two


def circuit(random: np.random.Generator) -> tuple[Path, Path]:
    """Two on one left-hand circuit at one height, the second somewhere behind, perhaps faster."""
    speed = random.uniform(32, 45)
    legs_s = (
        random.uniform(50, 90),
        random.uniform(25, 45),
    )  # along, across; quarter turns of 15 s between them
    ends = np.cumsum([0.0, *((legs_s[n % 2], 15.0)[m] for n in range(4) for m in range(2))])
    lap_s = float(ends[-1])
    turns = np.array([0.0, 0.0, -90.0, -90.0, -180.0, -180.0, -270.0, -270.0, -360.0])
    fine = np.arange(0, lap_s, 0.1)
    turned = np.radians(np.interp(fine, ends, turns))
    x, y = np.cumsum(np.sin(turned)) * 0.1 * speed, np.cumsum(np.cos(turned)) * 0.1 * speed
    faster = 1.0 if random.random() < 0.6 else random.uniform(1.05, 1.3)

    def path(begin_s: float, share: float) -> Path:
        times = (np.arange(SECONDS) * share + begin_s) % lap_s
        at = np.minimum((times * 10).astype(int), len(fine) - 1)
        return Path(
            x=x[at],
            y=y[at],
            z=np.full(SECONDS, 300.0) + random.normal(0, 5),
            speed=np.full(SECONDS, speed * share),
            course=np.degrees(turned[at]) % 360.0,
            climb=np.zeros(SECONDS),
        )

    return path(random.uniform(10, lap_s / 2), 1.0), path(0.0, faster)


KINDS: dict[str, Callable[[np.random.Generator], tuple[Path, Path]]] = {
    "head-on": head_on,
    "crossing": crossing,
    "overtaking": overtaking,
    "climb/descend": climbing,
    "same circuit": circuit,
}


def made(kind: str, each: int, seed: int) -> list[Encounter]:
    """So many conflicts, and as many near misses."""
    random = np.random.default_rng([seed, list(KINDS).index(kind)])
    conflicts: list[Encounter] = []
    misses: list[Encounter] = []
    while len(conflicts) < each or len(misses) < each:
        a, b = KINDS[kind](random)
        shares = worst(a, b)
        nearest = float(shares.min())
        if nearest <= CONFLICT and shares[0] > 1.0 and len(conflicts) < each:
            lost_s = int(np.argmax(shares < 1.0))
            if lost_s >= 45:
                conflicts.append(Encounter(kind=kind, paths=(a, b), lost_s=lost_s))
        elif NEAR_MISS[0] <= nearest <= NEAR_MISS[1] and len(misses) < each:
            misses.append(Encounter(kind=kind, paths=(a, b), lost_s=None))
    return conflicts + misses


def seen(path: Path, random: np.random.Generator) -> dict[str, Floats]:
    """As ADS-B tells it; NaN where a report is missing."""
    sigma_m = random.choice(
        (4.0, 12.0, 37.0)
    )  # NACp 10, 9, 8: half their 95 % bounds of 10, 30, 92.6 m, less a little
    drift = (
        np.cumsum(random.normal(0, 0.15, SECONDS)) * sigma_m / 10
    )  # errors of GNSS wander, they do not leap
    there = random.random(SECONDS) > 0.1
    there[0] = True
    step_mps = 64 * FOOT_M / 60
    return {
        "x": np.where(there, path.x + random.normal(0, sigma_m * 0.3, SECONDS) + drift, np.nan),
        "y": np.where(there, path.y + random.normal(0, sigma_m * 0.3, SECONDS) + drift[::-1], np.nan),
        "z": np.round((path.z + random.normal(0, 2.0, SECONDS)) / (25 * FOOT_M)) * 25 * FOOT_M,
        "speed": np.round((path.speed + random.normal(0, 0.5, SECONDS)) / KNOT_MPS) * KNOT_MPS,
        "course": (path.course + np.degrees(random.normal(0, 0.5, SECONDS) / path.speed)) % 360.0,
        "climb": np.round((path.climb + random.normal(0, 0.3, SECONDS)) / step_mps) * step_mps,
    }
