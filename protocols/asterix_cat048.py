"""CAT048, plots and tracks of one radar (EUROCONTROL-SPEC-0149-4).

A position is polar, from where the radar stands: the caller says where that is, or CAT034 does (I034/120). The plot
measured this time (I048/040) counts before the track's computed one (I048/042), which some radars keep in slant range
and some on the ground, as I048/170 says. A track that was not detected this time keeps its place: the picture does
its own coasting and draws it as such.
"""

from dispatch.kinds import AltitudeDatum, SourceKind, ThingKind
from dispatch.polar import Plot, Radar, at_ground_range, plotted, pressure_doubt_m
from protocols import asterix_time
from protocols.asterix import Record
from protocols.asterix_told import (
    COASTED,
    FALSE_TARGET,
    FIELD_MONITOR,
    UNPLACED,
    Told,
    address,
    angle_deg,
    level_of,
    mode_3a,
    signed,
    speed_mps,
    vector,
)
from protocols.modes_accuracy import NAUTICAL_MILE_M
from protocols.modes_fields import FOOT_M

# I048/030: reflection, side lobe, second time around, angel, fixed plot, phantom, birds, flock of birds
_FALSE = frozenset((1, 2, 4, 5, 7, 10, 19, 20))
_ON_ROAD, _BAD_ADDRESS, _HELICOPTER = 6, 16, 24
_RANGE_M = NAUTICAL_MILE_M / 256
_CARTESIAN_M = NAUTICAL_MILE_M / 128
_HEIGHT_DOUBT_M = 500.0  # a 3D radar's own height, at 95 %
# I048/230 flight status: airborne, on the ground; 4, 5 either, 7 not known
_ON_GROUND = {0: False, 1: True, 2: False, 3: True}


def told(record: Record, radar: Radar | None) -> Told:
    """A record's word; without `radar` nothing has a place."""
    items = record.items
    said = Told(source_kind=SourceKind.RADAR, second_of_day=asterix_time.of_day_s(items.get("140")))
    said.icao24 = address(items.get("220"))
    if (number := items.get("161")) is not None:
        said.number = int.from_bytes(number) & 0xFFF
    detected = _described(said, record)
    if (name := items.get("240")) is not None:
        said.named("048/240", name)
    said.squawk = mode_3a(items.get("070"))
    _height(said, record)
    if (moving := items.get("200")) is not None:
        said.moving("048/200", speed_mps(int.from_bytes(moving[:2])), angle_deg(moving[2:]))
    if (capability := items.get("230")) is not None:
        said.on_ground = _ON_GROUND.get(capability[0] >> 2 & 7)
    if "040" in items or "042" in items:
        if not detected:
            said.unplaced = COASTED
        elif radar is None:
            said.unplaced = UNPLACED
        else:
            _place(said, record, radar)
    return said


def _described(said: Told, record: Record) -> bool:
    """What kind of report it is; whether something was detected."""
    items = record.items
    report = items.get("020")
    detected = True
    if report is not None:
        detected = report[0] >> 5 != 0
        said.simulated = bool(report[0] & 0x10) or (len(report) > 1 and bool(report[1] & 0x80))
        if report[0] & 0x02:
            said.passed = FIELD_MONITOR
    codes = {octet >> 1 for octet in items.get("030", b"")}
    status = items.get("170", b"")
    if codes & _FALSE or (len(status) > 1 and status[1] & 0x40):  # GHO
        said.passed = said.passed or FALSE_TARGET
    if _BAD_ADDRESS in codes:
        said.icao24 = ""
    if _HELICOPTER in codes:
        said.thing_kind = ThingKind.HELICOPTER
    elif _ON_ROAD in codes:
        said.thing_kind = ThingKind.VEHICLE
    return detected


def _height(said: Told, record: Record) -> None:
    if (octets := record.items.get("090")) is not None and (level := level_of(octets)) is not None:
        said.level("048/090", level)
    if (octets := record.items.get("110")) is not None:
        value = int.from_bytes(octets) & 0x3FFF
        value -= (value & 0x2000) << 1
        said.height("048/110", value * 25 * FOOT_M, AltitudeDatum.MSL)


def _place(said: Told, record: Record, radar: Radar) -> None:
    items = record.items
    height_m, doubt_m = said.altitude_m, 0.0
    if height_m is not None:
        measured = said.altitude_datum is AltitudeDatum.MSL
        doubt_m = _HEIGHT_DOUBT_M if measured else pressure_doubt_m(height_m)
    plot: Plot | None
    if (polar := items.get("040")) is not None:
        slant_m = int.from_bytes(polar[:2]) * _RANGE_M
        plot = plotted(radar, slant_m, angle_deg(polar[2:]), height_m, height_doubt_m=doubt_m)
        if plot is None:
            said.doubt("048/040", f"slant range {slant_m:.0f} m at height {height_m or 0:.0f} m")
    else:
        plot = _tracked(record, radar, height_m, doubt_m)
        if plot is None:
            said.doubt("048/042", "no such place")
    if plot is not None:
        said.lon_deg, said.lat_deg, said.accuracy_m = plot.lon_deg, plot.lat_deg, plot.accuracy_m


def _tracked(record: Record, radar: Radar, height_m: float | None, doubt_m: float) -> Plot | None:
    octets = record.items["042"]
    x_m, y_m = signed(octets[:2]) * _CARTESIAN_M, signed(octets[2:]) * _CARTESIAN_M
    range_m, azimuth_deg = vector(x_m, y_m)
    status = record.items.get("170", b"")
    if len(status) > 1 and status[1] & 0x10:  # TCC: projected already
        return at_ground_range(radar, range_m, azimuth_deg)
    return plotted(radar, range_m, azimuth_deg, height_m, height_doubt_m=doubt_m)
