"""The height stack of incident airspace: at which metres QNH each kind of aircraft flies. Pure."""

import math

from dispatch.kinds import AircraftKind, TaskKind
from dispatch.search_kinds import Turn
from dispatch.traffic_area_kinds import TrafficLayerKind
from dispatch.traffic_area_records import TrafficArea, TrafficLayer, TrafficRules

_K = TrafficLayerKind
# Left-turn tankers, right-turn control aircraft (NWCG PMS 515); helicopters fly circuits instead.
_TURNS = {_K.TANKER_MANOEUVRE: Turn.LEFT, _K.TANKER_ORBIT: Turn.LEFT, _K.AIR_CONTROL: Turn.RIGHT}
FROM_ABOVE = (TaskKind.AIR_COMMAND, TaskKind.RELAY, TaskKind.RECON, TaskKind.PATROL, TaskKind.HAZMAT_SENSING)
BY_KIND: dict[AircraftKind, tuple[TrafficLayerKind, ...]] = {
    AircraftKind.HELICOPTER: (_K.HELICOPTER,),
    AircraftKind.FIXED_WING: (_K.TANKER_MANOEUVRE, _K.TANKER_ORBIT),
}


def stack(ground_m: float, rules: TrafficRules) -> tuple[TrafficLayer, ...]:
    """The layers, lowest first, above the highest ground; each rounded up, so that no two come closer than the
    rule's distance less one rounding."""
    heights = {
        _K.HELICOPTER: rules.helicopter_m,
        _K.TANKER_MANOEUVRE: rules.manoeuvre_m,
        _K.TANKER_ORBIT: rules.orbit_m,
        _K.AIR_CONTROL: rules.control_m,
        _K.MEDIA: rules.media_m,
    }
    return tuple(
        TrafficLayer(
            kind=kind,
            above_m=above_m,
            altitude_m=math.ceil((ground_m + above_m) / rules.rounding_m) * rules.rounding_m,
            turn=_TURNS.get(kind),
        )
        for kind, above_m in heights.items()
    )


def kinds_for(kind: AircraftKind, task: TaskKind | None) -> tuple[TrafficLayerKind, ...]:
    """Which layers are an aircraft's, for what it does there."""
    return (_K.AIR_CONTROL,) if task in FROM_ABOVE else BY_KIND[kind]


def layers_for(area: TrafficArea, kind: AircraftKind, task: TaskKind | None) -> tuple[TrafficLayer, ...]:
    """The same as heights."""
    wanted = kinds_for(kind, task)
    return tuple(layer for layer in area.layers if layer.kind in wanted)
