"""Where an aircraft is: position frames of one address to a place, and whether to believe it.

A place comes from an even and an odd frame (BY_PAIR), else from one frame near the aircraft's last believed place
(BY_LAST), else near the receiver (BY_RECEIVER: soft until a pair confirms it). REFUSED: read, but it could not have
flown there, or the receiver could not have heard it. One aircraft at a time; places_batch.py does many at once and
comes here for whatever is unusual, so both decide alike.
"""

from typing import NamedTuple

from dispatch.motion import MotionGate, span_m
from protocols import cpr

LOCAL_S = (
    60.0  # the age at which a position no longer serves to place a single frame (a lost track, DESIGN §4)
)
RANGE_M = (
    555_600.0  # 300 NM, beyond the radio horizon of 50,000 ft: farther from a known receiver is a false pair
)
SQUITTER_S = 0.5  # positions are sent every 0.4 to 0.6 s, ICAO Annex 10 Vol IV §3.1.2.8.6.4.2

BY_PAIR = "pair"  # globally, from an even and an odd frame
BY_LAST = "last"  # near the aircraft's last believed position
BY_RECEIVER = "receiver"  # near the receiver: soft until a pair confirms it
REFUSED = "refused"  # read, but it could not have flown there or the receiver could not have heard it


class Placed(NamedTuple):
    """A place read from a frame, and how."""

    lon_deg: float
    lat_deg: float
    by: str


class Places:
    """What is remembered of one aircraft's positions. Times are of one clock."""

    __slots__ = ("even", "gate", "odd", "positions", "surface")

    def __init__(self) -> None:
        self.even: tuple[cpr.Cpr, float] | None = None
        self.odd: tuple[cpr.Cpr, float] | None = None
        self.surface = False
        self.positions = 0
        self.gate = MotionGate()

    def forget(self) -> None:
        """Nothing from before can be timed against what follows."""
        self.even = self.odd = None
        self.gate = MotionGate()

    def place(
        self,
        frame: cpr.Cpr,
        *,
        surface: bool,
        at_s: float | None,
        limit_mps: float,
        reference: cpr.LonLat | None,
    ) -> Placed | None:
        """The place of one more position frame, once it is unambiguous and could have been flown to.

        `at_s` None: no clock at all, the aircraft's own rhythm stands in. `limit_mps` is the fastest it may be,
        `reference` where the receiver stands.
        """
        self.positions += 1
        timed = at_s is not None
        time_s = at_s if at_s is not None else self.positions * SQUITTER_S
        if surface != self.surface:
            self.surface = surface
            self.even = self.odd = None
        if frame.odd:
            self.odd = (frame, time_s)
        else:
            self.even = (frame, time_s)
        found = self._resolve(frame, time_s, reference)
        if found is None or found.by == REFUSED:
            return found
        admitted = self.gate.admit(
            found.lon_deg, found.lat_deg, time_s, limit_mps=limit_mps, soft=found.by == BY_RECEIVER
        )
        # without any clock a pause cannot be told from a jump
        return found if admitted or not timed else found._replace(by=REFUSED)

    def _resolve(self, frame: cpr.Cpr, time_s: float, reference: cpr.LonLat | None) -> Placed | None:
        last = None
        if not self.gate.soft and abs(time_s - self.gate.at_s) <= LOCAL_S:
            last = (self.gate.lon_deg, self.gate.lat_deg)
        place = self._from_pair(frame, last or reference)
        if place is not None:
            return _in_range(place, BY_PAIR, reference)
        near = cpr.surface_near if self.surface else cpr.near
        if last is not None:
            place = near(frame, last)
            return None if place is None else _in_range(place, BY_LAST, reference)
        if reference is None:
            return None
        place = near(frame, reference)
        return None if place is None else _in_range(place, BY_RECEIVER, reference)

    def _from_pair(self, frame: cpr.Cpr, nearby: cpr.LonLat | None) -> cpr.LonLat | None:
        if self.even is None or self.odd is None:
            return None
        (even, even_s), (odd, odd_s) = self.even, self.odd
        if not self.surface:
            if abs(even_s - odd_s) > cpr.PAIR_WINDOW_S:
                return None
            return cpr.pair(even, odd, newest_is_even=not frame.odd)
        if nearby is None or abs(even_s - odd_s) > cpr.SURFACE_PAIR_WINDOW_S:
            return None
        return cpr.surface_pair(even, odd, nearby, newest_is_even=not frame.odd)


def _in_range(place: cpr.LonLat, by: str, reference: cpr.LonLat | None) -> Placed:
    if reference is not None and span_m(*place, *reference) > RANGE_M:
        by = REFUSED
    return Placed(place[0], place[1], by)
