"""What a departure brings along: the crew's continuous flight, the ground leg before it, the readiness it ends."""

from optimizer.craft import Craft
from optimizer.legs import Leg, LegKind
from optimizer.timeline import Departure, Where


def continuous_at(craft: Craft, way: Departure, leave_s: float) -> float:
    """Continuous flight of the crew at a departure: 0 after a ground leg that is a rest."""
    if way.ground_leg and leave_s - way.ground_from_s >= craft.min_rest_s:
        return 0.0
    return way.continuous_s


def ground_before(way: Departure, leave_s: float) -> list[Leg]:
    """The ground leg that ends with the departure, if the plan needs it."""
    if not way.ground_leg:
        return []
    return [
        Leg(
            kind=LegKind.GROUND,
            start_s=way.ground_from_s,
            end_s=max(
                leave_s, way.ground_from_s
            ),  # where nobody needs time to turn round, sums round to less
            place=way.base,
            refuel=way.refuelling,
        )
    ]


def stood_ready(way: Departure, leave_s: float) -> tuple[tuple[int, float, float], ...]:
    """The span of readiness that a departure closes."""
    if way.where is not Where.BASE or way.ready_from_s >= leave_s:
        return ()
    return ((way.base, way.ready_from_s, leave_s),)
