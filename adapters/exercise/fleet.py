"""The exercise's rescue aircraft, all of them: each flies what its tasking says. Pure: situation and seconds in."""

from dataclasses import dataclass

from adapters.exercise.crew import Situation, current, mission_of, order_of, stand_of
from adapters.exercise.flight import (
    Flight,
    Mission,
    Order,
    Performance,
    Phase,
    advance,
    parked,
    performance_of,
)
from adapters.exercise.transmit import Transponder
from dispatch.kinds import AircraftKind
from dispatch.records import Aircraft
from protocols.adsb_encode import LIGHT, ROTORCRAFT


@dataclass(slots=True, kw_only=True)
class _Craft:
    flight: Flight
    able: Performance
    mission: Mission | None = None


class Fleet:
    """Every simulated aircraft of a site. `max_drops` shortens sorties."""

    def __init__(self, max_drops: int) -> None:
        self._crafts: dict[str, _Craft] = {}
        self._max_drops = max_drops

    @property
    def flights(self) -> dict[str, Flight]:
        """By aircraft id."""
        return {aircraft_id: craft.flight for aircraft_id, craft in self._crafts.items()}

    def advance(self, situation: Situation, seconds: float) -> None:
        """Fly on for some seconds; aircraft not seen before begin parked at their base."""
        for aircraft in situation.aircraft.values():
            if not aircraft.simulated:
                continue
            craft = self._crafts.get(aircraft.id) or self._begin(aircraft, situation)
            if craft is None:
                continue
            tasking = current(situation, aircraft.id)
            if tasking is not None:
                craft.mission = mission_of(situation, tasking, self._max_drops) or craft.mission
            order = order_of(tasking)
            if craft.mission is not None and (
                order is not Order.STAND or craft.flight.phase is not Phase.PARKED
            ):
                craft.flight = advance(craft.flight, craft.able, craft.mission, order, seconds)

    def _begin(self, aircraft: Aircraft, situation: Situation) -> _Craft | None:
        base = situation.bases.get(aircraft.at_base_id or aircraft.home_base_id)
        if base is None:
            return None
        craft = _Craft(flight=parked(stand_of(base, aircraft)), able=performance_of(aircraft))
        self._crafts[aircraft.id] = craft
        return craft

    def transponders(self, situation: Situation, time_factor: float) -> list[Transponder]:
        """What is on the air now. Under a time factor speeds are sent as they are seen."""
        found = []
        for aircraft_id, craft in self._crafts.items():
            aircraft = situation.aircraft.get(aircraft_id)
            if aircraft is None or not aircraft.icao24 or craft.flight.phase is Phase.PARKED:
                continue
            flight = craft.flight
            found.append(
                Transponder(
                    address=int(aircraft.icao24, 16),
                    callsign=callsign_of(aircraft),
                    category=ROTORCRAFT if aircraft.kind is AircraftKind.HELICOPTER else LIGHT,
                    position=flight.position,
                    altitude_m=flight.altitude_m,
                    ground_speed_mps=flight.ground_speed_mps * time_factor,
                    track_deg=flight.track_deg,
                    climb_mps=flight.climb_mps * time_factor,
                )
            )
        return found


def callsign_of(aircraft: Aircraft) -> str:
    """GY and the number in the call name (赣鹰01 is GY01), else the registration without its dash."""
    digits = "".join(letter for letter in aircraft.name if letter in "0123456789")
    plain = "".join(letter for letter in aircraft.id.upper() if letter.isascii() and letter.isalnum())
    return (f"GY{digits}" if digits else plain)[:8] or "GY"
