"""The shipped rows: DOMAIN §3's table as defaults. Proposed figures are ours and wait for the province's word."""

from collections.abc import Callable, Iterator
from datetime import date

from dispatch.safety.parameters import CLOSURE, Parameters, Phase, Row
from dispatch.volume_kinds import VolumeKind

NAUTICAL_MILE_M, FOOT_M, KNOT_MPS = 1852.0, 0.3048, 1852.0 / 3600.0
SINCE = date(2026, 11, 1)
PROPOSED = "proposed (DOMAIN §3)"
OURS = "proposed"
STCA = "EUROCONTROL-GUID-159, look-ahead about 120 s"

NOBODY, OWN, EVERYBODY = 0.0, 1.0, 2.0  # airspace.whom: whose entry is told
# Kinds of which an aircraft needs somebody's leave; what is not named here (a region, an airway, a note) asks none.
_ASKS_LEAVE = (
    VolumeKind.PROHIBITED,
    VolumeKind.RESTRICTED,
    VolumeKind.DANGER,
    VolumeKind.CTR,
    VolumeKind.TMA,
    VolumeKind.CTA,
    VolumeKind.ATZ,
    VolumeKind.RESERVED,
    VolumeKind.TEMPORARY,
)


def _conflict(row: Callable[..., Row]) -> Iterator[Row]:
    yield row("conflict", "look_ahead_s", 120.0, STCA)
    yield row("conflict", "horizontal_m", 0.5 * NAUTICAL_MILE_M, PROPOSED)
    yield row("conflict", "vertical_m", 300 * FOOT_M, PROPOSED)
    yield row("conflict", "red_within_s", 40.0, PROPOSED)
    yield row("conflict", "red_horizontal_m", 0.25 * NAUTICAL_MILE_M, PROPOSED)
    yield row("conflict", "red_vertical_m", 150 * FOOT_M, PROPOSED)
    yield row("conflict", "begin_looks", 3, OURS)  # a look or two of a course that is off is no conflict
    yield row("conflict", "begin_looks_near", 2, OURS)  # within red_within_s
    yield row("conflict", "begin_looks_red", 1, OURS)
    yield row("conflict", "amber_within_s", 60.0, OURS)  # what is farther off is information
    yield row("conflict", "begin_looks_early", 8, OURS)  # of that: noise of velocities is independent
    yield row("conflict", "turn_dps", 2.0, OURS)  # a turn, and no noise: rate one is 3 degrees a second
    yield row("conflict", "turn_most_mps", 100.0, OURS)  # slower flies circuits
    yield row("conflict", "end_looks", 4, OURS)


def _rows() -> Iterator[Row]:
    def row(
        net: str, name: str, value: float, source: str, *, where: str = "", phase: Phase | None = None
    ) -> Row:
        return Row(net=net, name=name, value=value, phase=phase, where=where, valid_from=SINCE, source=source)

    yield from _conflict(row)
    yield row("terrain", "least_m", 50.0, PROPOSED)
    yield row("terrain", "look_ahead_s", 30.0, PROPOSED)
    yield row("terrain", "red_within_s", 15.0, OURS)
    yield row("terrain", "obstacle_width_m", 100.0, OURS)  # to either side of the way ahead
    yield row("terrain", "pad_zone_m", 1_000.0, OURS)  # round bases, pads and hospitals
    yield row("terrain", "dip_zone_m", 800.0, OURS)  # round water points
    yield row("terrain", "drop_zone_m", 2_000.0, OURS)  # round the scenes of fires
    # in dip and drop zones low flight is the work: what stands close beside the way cries out all the same
    yield row("terrain", "zone_obstacle_width_m", 60.0, OURS)
    yield row("terrain", "zone_least_m", 15.0, OURS)
    yield row(
        "terrain", "unknown_kept_s", 600.0, OURS
    )  # «no terrain data» stands so long after the last flight
    yield row("terrain", "begin_looks", 2, OURS)
    yield row("terrain", "end_looks", 4, OURS)

    yield row("airspace", "look_ahead_s", 60.0, PROPOSED)
    yield row("airspace", "whom", NOBODY, OURS)
    for kind in _ASKS_LEAVE:
        yield row("airspace", "whom", OWN, OURS, where=kind)
    yield row("airspace", "whom", EVERYBODY, OURS, where=CLOSURE)
    yield row("airspace", "red", 0, OURS)  # whether a breach is red: of the others it is amber
    for where in (VolumeKind.PROHIBITED, VolumeKind.RESTRICTED, VolumeKind.DANGER, CLOSURE):
        yield row("airspace", "red", 1, OURS, where=where)
    yield row("airspace", "pressure_within_m", 100.0, "proposed: 12 hPa from 1013.25")
    yield row("airspace", "begin_looks", 2, OURS)  # of an entry ahead; a breach begins at once
    yield row("airspace", "end_looks", 4, OURS)

    yield row("contact", "unseen_s", 60.0, OURS)  # in the air by the tasking, and no track yet
    yield row("contact", "end_looks", 1, OURS)

    yield row("endurance", "fuel_reserve_s", 1_200.0, "DOMAIN §3: return + 20 min (CCAR-135R2)")
    yield row("endurance", "fuel_early_s", 600.0, OURS)  # amber so long before
    yield row("endurance", "before_sunset_s", 1_800.0, PROPOSED)
    yield row("endurance", "before_duty_end_s", 3_600.0, PROPOSED)

    yield row("deviation", "route_m", 2_000.0, PROPOSED)
    yield row("deviation", "route_s", 60.0, PROPOSED)
    yield row("deviation", "block_m", 200.0, OURS)  # beyond its edge: what positions may be off by
    yield row("deviation", "block_height_m", 30.0, OURS)
    yield row("deviation", "block_s", 10.0, OURS)
    yield row("deviation", "pressure_within_m", 100.0, "proposed: 12 hPa from 1013.25")
    yield row("deviation", "end_looks", 4, OURS)

    yield row("identity", "jump_mps", 500 * KNOT_MPS, "DOMAIN §3")
    yield row("identity", "jump_least_m", 1_000.0, OURS)
    yield row("identity", "kept_s", 30.0, OURS)

    yield row("height", "jump_m", 300.0, "issue 6")
    yield row("height", "climb_mps", 30.0, OURS)  # what could have been flown
    yield row("height", "kept_s", 30.0, OURS)

    yield row("pressure", "age_s", 4_500.0, "as minima: an hour and a quarter")  # of a QNH
    yield row("pressure", "station_m", 75_000.0, OURS)  # 1 hPa in 75 km is a strong wind's gradient
    yield row("pressure", "within_m", 30.0, OURS)  # what is left: 2 hPa of way and age, and the altimeter

    yield row("drone", "ring_m", 5 * NAUTICAL_MILE_M, "NWCG PMS 515, working area (DOMAIN §3)")
    yield row("drone", "end_looks", 4, OURS)


SHIPPED: tuple[Row, ...] = tuple(_rows())


def shipped() -> Parameters:
    """The shipped rows alone."""
    return Parameters(SHIPPED)
