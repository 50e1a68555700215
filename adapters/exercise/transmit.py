"""What a simulated aircraft transmits and when: states in, ADS-B frames out, at the rates of a real transponder.

Rates after DO-260B §2.2.3.3: position twice a second (even and odd in turn), velocity twice a second, which is
thinned here to once, identification every five seconds. One tick is half a second.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from dispatch.geo import Position
from protocols.adsb_encode import airborne_position, airborne_velocity, identification

TICK_S = 0.5
VELOCITY_TICKS = 2
IDENTIFICATION_TICKS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Transponder:
    """What is sent about one aircraft at one moment. Altitude is pressure altitude, taken equal to MSL in drills."""

    address: int
    callsign: str
    category: int
    position: Position
    altitude_m: float
    ground_speed_mps: float
    track_deg: float
    climb_mps: float


def messages(state: Transponder, tick: int) -> Iterator[bytes]:
    """The frames of one aircraft in tick number `tick`; aircraft take turns so that load is even."""
    turn = tick + state.address
    # the first ticks after a start say everything, so that the picture is whole at once
    if turn % IDENTIFICATION_TICKS == 0 or tick == 0:
        yield identification(state.address, state.callsign, state.category)
    yield airborne_position(state.address, state.position, state.altitude_m, odd=bool(tick % 2))
    if turn % VELOCITY_TICKS == 0 or tick == 0:
        yield airborne_velocity(state.address, state.ground_speed_mps, state.track_deg, state.climb_mps)
