"""Where an aircraft is: position frames of one address to a place, and whether to believe it.

A place comes from an even and an odd frame (BY_PAIR), else from one frame near the aircraft's last believed place
(BY_LAST), else near the receiver (BY_RECEIVER: soft until a pair confirms it). REFUSED: read, but it could not have
flown there; OUT_OF_RANGE: the receiver could not have heard it.

Two aircraft with one address send halves that do not belong together. Where the last place is known and the pair's
cannot be reached from it, the single frame near it is tried. A pair that is to begin a track must be of one aircraft:
the other half, placed near it, no farther than was flown in between. So one of the two keeps its track, and the places
of the other are refused, but right: whoever gathers them sees two.

One aircraft at a time; places_batch.py does many at once and comes here for whatever is unusual, so both decide alike.
"""

import math
from typing import NamedTuple

from dispatch.motion import MotionGate, reachable, span_m
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
REFUSED = "refused"  # read, but it could not have flown there
OUT_OF_RANGE = "out_of_range"  # read, but the receiver could not have heard it

HALVES_M = 250.0  # by which two halves of one place may be apart without a flight: encoding steps and a nervous clock
ARRIVED_M = 3_000.0  # the same where arrival is the only time: a jet flies it while a text waits in buffers

Half = tuple[cpr.Cpr, float]  # a frame and its time


class Placed(NamedTuple):
    """A place read from a frame, and how."""

    lon_deg: float
    lat_deg: float
    by: str


class Flown(NamedTuple):
    """When a frame came, and how far its aircraft may have got."""

    at_s: float
    limit_mps: float
    halves_m: float  # beyond which two halves of one moment are of two aircraft


class Places:
    """What is remembered of one aircraft's positions. Times are of one clock."""

    __slots__ = ("even", "gate", "odd", "positions", "surface")

    def __init__(self) -> None:
        self.even: Half | None = None
        self.odd: Half | None = None
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
        clocked: bool,
        limit_mps: float,
        reference: cpr.LonLat | None,
    ) -> Placed | None:
        """The place of one more position frame, once it is unambiguous and could have been flown to.

        `at_s` None: no clock at all, the aircraft's own rhythm stands in. `clocked`: by the receiver's counter, not by
        arrival. `limit_mps` is the fastest it may be,
        `reference` where the receiver stands. A refused place is where the frame says; it is not believed.
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
        # without any clock nobody knows how long two halves are apart
        flown = Flown(time_s, limit_mps if timed else math.inf, HALVES_M if clocked else ARRIVED_M)
        found = self._resolve(frame, flown, reference)
        if found is None:
            return None
        if reference is not None and span_m(found.lon_deg, found.lat_deg, *reference) > RANGE_M:
            return found._replace(by=OUT_OF_RANGE)
        admitted = self.gate.admit(
            found.lon_deg, found.lat_deg, time_s, limit_mps=limit_mps, soft=found.by == BY_RECEIVER
        )
        # without any clock a pause cannot be told from a jump
        return found if admitted or not timed else found._replace(by=REFUSED)

    def _resolve(self, frame: cpr.Cpr, flown: Flown, reference: cpr.LonLat | None) -> Placed | None:
        last = self._last(flown.at_s)
        half = self.even if frame.odd else self.odd
        pair = None if half is None else self._of_halves(frame, flown.at_s, half, last or reference)
        near = cpr.surface_near if self.surface else cpr.near
        if last is None:
            if pair is not None and (self.surface or _of_one(pair, half, flown)):
                return Placed(*pair, BY_PAIR)
            place = None if reference is None else near(frame, reference)
            return None if place is None else Placed(*place, BY_RECEIVER)
        if pair is not None and self._reaches(pair, flown):
            return Placed(*pair, BY_PAIR)
        place = near(frame, last)
        if place is not None and (pair is None or self._reaches(place, flown)):
            return Placed(*place, BY_LAST)
        return self._astray(pair, place, half, flown)

    def _astray(
        self,
        pair: cpr.LonLat | None,
        near: cpr.LonLat | None,
        half: Half | None,
        flown: Flown,
    ) -> Placed | None:
        """Neither place can be reached: the pair's, if it is of one aircraft, else that of the single frame."""
        sound = pair is not None and (near is None or self.surface or _of_one(pair, half, flown))
        if sound and pair is not None:
            return Placed(*pair, BY_PAIR)
        return None if near is None else Placed(*near, BY_LAST)

    def _last(self, time_s: float) -> cpr.LonLat | None:
        """The last believed place, where it is surely one and young enough to place a single frame by."""
        gate = self.gate
        if gate.soft or not abs(time_s - gate.at_s) <= LOCAL_S:
            return None
        return gate.lon_deg, gate.lat_deg

    def _reaches(self, place: cpr.LonLat, flown: Flown) -> bool:
        gate = self.gate
        return reachable((gate.lon_deg, gate.lat_deg, gate.at_s), (*place, flown.at_s), flown.limit_mps)

    def _of_halves(
        self, frame: cpr.Cpr, time_s: float, half: Half, nearby: cpr.LonLat | None
    ) -> cpr.LonLat | None:
        even, odd = (half[0], frame) if frame.odd else (frame, half[0])
        apart_s = abs(time_s - half[1])
        if not self.surface:
            return cpr.pair(even, odd, newest_is_even=not frame.odd) if apart_s <= cpr.PAIR_WINDOW_S else None
        if nearby is None or apart_s > cpr.SURFACE_PAIR_WINDOW_S:
            return None
        return cpr.surface_pair(even, odd, nearby, newest_is_even=not frame.odd)


def _of_one(place: cpr.LonLat, half: Half | None, flown: Flown) -> bool:
    """Whether the other half of a pair is of the aircraft at `place`: as far off as can have been flown, no more."""
    other = None if half is None else cpr.near(half[0], place)
    if half is None or other is None:
        return False
    return span_m(*place, *other) <= flown.halves_m + flown.limit_mps * abs(flown.at_s - half[1])
