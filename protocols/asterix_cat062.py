"""CAT062, tracks of an air traffic control system that fuses its own sensors (EUROCONTROL-SPEC-0149-9).

What was last measured counts before what was computed: the measured flight level before the tracked altitude. A track
that the system itself coasts, or ends, keeps its place. The velocity is in the system's plane, whose north leaves
true north by the convergence of its projection: a degree or two 200 km from the system's centre.
"""

from dispatch.kinds import AltitudeDatum, SourceKind, ThingKind
from protocols import asterix_time
from protocols.asterix import Record
from protocols.asterix_told import (
    CATEGORIES,
    COASTED,
    Told,
    address,
    mode_3a,
    rate_mps,
    signed,
    vector,
)
from protocols.modes_fields import FOOT_M

_FINE_DEG = 180 / 2**25
_P95 = 1.96  # of one dimension, the item states one standard deviation
_METRES_A_DEGREE = 111_320.0  # of latitude, near enough for an accuracy
# I062/380 COM flight status, as I048/230
_ON_GROUND = {0: False, 1: True, 2: False, 3: True}
# Which sensor's age I062/290 states, by its subitem
_SENSORS = {
    "PSR": "psr",
    "SSR": "ssr",
    "MDS": "mode_s",
    "ADS": "adsc",
    "ES": "adsb_es",
    "VDL": "adsb_vdl",
    "UAT": "adsb_uat",
    "MLT": "mlat",
}


def told(record: Record) -> Told:
    """A record's word."""
    items = record.items
    said = Told(
        source_kind=SourceKind.SYSTEM_TRACK,
        second_of_day=asterix_time.of_day_s(items.get("070")),
    )
    if (number := items.get("040")) is not None:
        said.number = int.from_bytes(number)
    if (place := items.get("105")) is not None:
        said.place("062/105", signed(place[:4]) * _FINE_DEG, signed(place[4:]) * _FINE_DEG)
    said.squawk = mode_3a(items.get("060"))
    _heights(said, record)
    if (velocity := items.get("185")) is not None:
        said.moving("062/185", *vector(signed(velocity[:2]) / 4, signed(velocity[2:]) / 4))
    if (rate := items.get("220")) is not None:
        said.vertical_rate_mps = rate_mps(signed(rate))
    said.accuracy_m = _accuracy_m(record)
    _downlinked(said, record)
    _status(said, items.get("080", b""))
    if (fleet := items.get("300")) is not None and fleet[0]:
        said.thing_kind = ThingKind.VEHICLE
    return said


def sensor_ages_s(record: Record) -> dict[str, float]:
    """How long ago each kind of sensor last saw the track."""
    return {
        _SENSORS[name]: int.from_bytes(octets) / 4
        for name, octets in record.split("290").items()
        if name in _SENSORS
    }


def _heights(said: Told, record: Record) -> None:
    items = record.items
    if (measured := items.get("136")) is not None:
        said.level("062/136", signed(measured) / 4)
    if said.altitude_m is None and (tracked := items.get("135")) is not None:
        value = int.from_bytes(tracked) & 0x7FFF
        level = (value - ((value & 0x4000) << 1)) / 4
        if tracked[0] & 0x80:  # corrected by the pressure on the ground
            said.height("062/135", level * 100 * FOOT_M, AltitudeDatum.MSL)
        else:
            said.level("062/135", level)
    if (geometric := items.get("130")) is not None:
        said.height("062/130", signed(geometric) * 6.25 * FOOT_M, AltitudeDatum.ELLIPSOID)


def _downlinked(said: Told, record: Record) -> None:
    """What the aircraft says of itself, else its flight plan."""
    inner = record.split("380")
    said.icao24 = address(inner.get("ADR"))
    if (name := inner.get("ID")) is not None:
        said.named("062/380 ID", name)
    if (target := record.items.get("245")) is not None and said.callsign is None:
        said.named("062/245", target[1:])
        if target[0] >> 6 == 2:  # a registration, not downlinked
            said.registration, said.callsign = said.callsign, None
    if said.callsign is None and (plan := record.split("390").get("CS")) is not None:
        text = plan.decode("ascii", "replace").strip()
        said.callsign = text if text.isalnum() and text.isascii() else None
    if (category := inner.get("EMC")) is not None:
        said.emitter_category = CATEGORIES.get(category[0])
    if (capability := inner.get("COM")) is not None:
        said.on_ground = _ON_GROUND.get(capability[0] >> 2 & 7)
    if (status := inner.get("SAB")) is not None:
        if status[0] & 0x02 or said.on_ground is None:
            said.on_ground = bool(status[0] & 0x02)
        if status[1] & 7 != 7:
            said.distress(status[1] & 7)


def _status(said: Told, octets: bytes) -> None:
    """I062/080."""
    said.simulated = len(octets) > 1 and bool(octets[1] & 0x80)
    ended = len(octets) > 1 and octets[1] & 0x40
    coasting = len(octets) > 3 and octets[3] & 0x80
    if ended or coasting:
        said.unplaced = COASTED
    if len(octets) > 4:
        code = octets[4] >> 3 & 7
        if code not in (0, 7):
            said.distress(code)
        elif code == 0 and said.emergency is None:
            said.calm = True
    if len(octets) > 5 and octets[5] & 0x10:
        said.on_ground = True


def _accuracy_m(record: Record) -> float | None:
    """I062/500."""
    inner = record.split("500")
    if (plane := inner.get("APC")) is not None:
        north, east = int.from_bytes(plane[2:]) * 0.5, int.from_bytes(plane[:2]) * 0.5
    elif (degrees := inner.get("APW")) is not None:
        # the longitude's is the larger figure for the same distance: taken as it is, never too small
        north = int.from_bytes(degrees[:2]) * _FINE_DEG * _METRES_A_DEGREE
        east = int.from_bytes(degrees[2:]) * _FINE_DEG * _METRES_A_DEGREE
    else:
        return None
    return _P95 * vector(east, north)[0]
