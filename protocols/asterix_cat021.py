"""CAT021, reports of ADS-B ground stations (EUROCONTROL-SPEC-0149-12), editions 2.x, 0.26 and 0.23.

Which edition a station speaks is asterix_edition.py's question. What the station itself doubts is not shown as a
place: a report that failed its position or range check, or that it marks suspect or not to be used.
"""

from collections.abc import Mapping

from dispatch.kinds import AltitudeDatum, SourceKind
from protocols import asterix_time
from protocols.asterix import Record
from protocols.asterix_told import (
    CATEGORIES,
    FIELD_MONITOR,
    SUSPECT,
    Told,
    address,
    angle_deg,
    mode_3a,
    rate_mps,
    signed,
    speed_mps,
)
from protocols.modes_accuracy import EPU_M, NAUTICAL_MILE_M
from protocols.modes_fields import FOOT_M

# 95 % radius by NUCp of transponders before DO-260A (DO-260 table 2-11); 0: not known
_NUCP_M: Mapping[int, float] = {
    1: 10 * NAUTICAL_MILE_M,
    2: 5 * NAUTICAL_MILE_M,
    3: 1 * NAUTICAL_MILE_M,
    4: 0.5 * NAUTICAL_MILE_M,
    5: 0.25 * NAUTICAL_MILE_M,
    6: 0.1 * NAUTICAL_MILE_M,
    7: 0.05 * NAUTICAL_MILE_M,
    8: 10.0,
    9: 3.0,
}
# Containment radius by NIC without its supplements, the largest of each (DO-260B table 2-70); it is never smaller
# than the 95 % one.
_NIC_M: Mapping[int, float] = {
    1: 20 * NAUTICAL_MILE_M,
    2: 8 * NAUTICAL_MILE_M,
    3: 4 * NAUTICAL_MILE_M,
    4: 2 * NAUTICAL_MILE_M,
    5: 1 * NAUTICAL_MILE_M,
    6: 0.6 * NAUTICAL_MILE_M,
    7: 0.2 * NAUTICAL_MILE_M,
    8: 0.1 * NAUTICAL_MILE_M,
    9: 75.0,
    10: 25.0,
    11: 7.5,
}
# Containment radius by PIC, I021/090 fourth octet
_PIC_M: Mapping[int, float] = {
    1: 20 * NAUTICAL_MILE_M,
    2: 10 * NAUTICAL_MILE_M,
    3: 8 * NAUTICAL_MILE_M,
    4: 4 * NAUTICAL_MILE_M,
    5: 2 * NAUTICAL_MILE_M,
    6: 1 * NAUTICAL_MILE_M,
    7: 0.6 * NAUTICAL_MILE_M,
    8: 0.5 * NAUTICAL_MILE_M,
    9: 0.3 * NAUTICAL_MILE_M,
    10: 0.2 * NAUTICAL_MILE_M,
    11: 0.1 * NAUTICAL_MILE_M,
    12: 0.04 * NAUTICAL_MILE_M,
    13: 0.013 * NAUTICAL_MILE_M,
    14: 0.004 * NAUTICAL_MILE_M,
}
_COARSE_DEG = 180 / 2**23
_FINE_DEG = 180 / 2**30
_OLD_DEG = 180 / 2**25


def told(record: Record) -> Told:
    """An edition 2.x record's word."""
    items = record.items
    said = Told(source_kind=SourceKind.ADSB, second_of_day=_second_of_day(items))
    _described(said, items.get("040", b""), items.get("080"))
    number = items.get("161")
    if number is not None:
        said.number = int.from_bytes(number) & 0xFFF
    if (fine := items.get("131")) is not None:
        said.place("021/131", signed(fine[:4]) * _FINE_DEG, signed(fine[4:]) * _FINE_DEG)
    elif (coarse := items.get("130")) is not None:
        said.place("021/130", signed(coarse[:3]) * _COARSE_DEG, signed(coarse[3:]) * _COARSE_DEG)
    said.accuracy_m = _accuracy_m(items.get("090"), items.get("210"))
    _flight(said, items)
    if (vector := items.get("160")) is not None and not vector[0] & 0x80:  # else faster than it can say
        said.moving("021/160", speed_mps(int.from_bytes(vector[:2])), angle_deg(vector[2:]))
    for name in ("155", "157"):
        rate = items.get(name)
        if rate is not None and not rate[0] & 0x80:
            value = int.from_bytes(rate)
            said.vertical_rate_mps = rate_mps(value - ((value & 0x4000) << 1))
            break
    said.squawk = mode_3a(items.get("070"))
    if (status := items.get("200")) is not None:
        said.distress(status[0] >> 2 & 7)
    return said


def told_before_1(record: Record) -> Told:
    """An edition 0.26 or 0.23 record's word."""
    items = record.items
    said = Told(source_kind=SourceKind.ADSB, second_of_day=asterix_time.of_day_s(items.get("030")))
    if (described := items.get("040")) is not None:
        said.on_ground = bool(described[0] & 0x40)
        said.simulated = bool(described[0] & 0x30)
        said.passed = FIELD_MONITOR if described[0] & 0x08 else ""
        if described[1] >> 5 in (1, 2):  # 0 is a "non unique address" there
            said.icao24 = address(items.get("080"))
    if (place := items.get("130")) is not None:
        half, unit = len(place) // 2, _OLD_DEG if len(place) == 8 else _COARSE_DEG
        said.place("021/130", signed(place[:half]) * unit, signed(place[half:]) * unit)
    _flight(said, items)
    if (vector := items.get("160")) is not None:
        said.moving("021/160", speed_mps(signed(vector[:2])), angle_deg(vector[2:]))
    rate = items.get("155") or items.get("157")
    if rate is not None:
        said.vertical_rate_mps = rate_mps(signed(rate))
    said.squawk = mode_3a(items.get("070"))
    if (status := items.get("200")) is not None:
        said.distress(status[0])
    return said


def _described(said: Told, octets: bytes, target: bytes | None) -> None:
    """I021/040."""
    if octets and octets[0] >> 5 in (0, 2):  # else duplicate or anonymous: no address to know it by
        said.icao24 = address(target)
    if octets and octets[0] & 0x02:
        said.passed = FIELD_MONITOR
    if len(octets) > 1:
        said.on_ground = bool(octets[1] & 0x40)
        said.simulated = bool(octets[1] & 0x30)
        if octets[1] >> 1 & 3 == 1:
            said.unplaced = SUSPECT
    if len(octets) > 2 and octets[2] & 0x3A:  # IPC, NOGO, CPR, RCF
        said.unplaced = SUSPECT


def _flight(said: Told, items: Mapping[str, bytes]) -> None:
    """What is laid out alike in all editions."""
    if (level := items.get("145")) is not None:
        said.level("021/145", signed(level) / 4)
    if (height := items.get("140")) is not None:
        said.height("021/140", signed(height) * 6.25 * FOOT_M, AltitudeDatum.ELLIPSOID)
    if (name := items.get("170")) is not None:
        said.named("021/170", name)
    if (category := items.get("020")) is not None:
        said.emitter_category = CATEGORIES.get(category[0])


def _second_of_day(items: Mapping[str, bytes]) -> float | None:
    """Of the position where it is said, else of the report."""
    received = asterix_time.of_day_s(items.get("073"))
    fraction = items.get("074")
    if received is not None and fraction is not None:
        # full second indication: 0 the same second, 1 the next, 2 the one before
        whole = received // 1 + {1: 1, 2: -1}.get(fraction[0] >> 6, 0)
        precise = whole + (int.from_bytes(fraction) & 0x3FFF_FFFF) / 2**30
        received = precise % asterix_time.DAY_S
    of_position = asterix_time.of_day_s(items.get("071"))
    if of_position is not None:
        return of_position
    if received is not None:
        return received
    for name in ("077", "075", "072"):
        second = asterix_time.of_day_s(items.get(name))
        if second is not None:
            return second
    return None


def _accuracy_m(quality: bytes | None, version: bytes | None) -> float | None:
    """I021/090 by I021/210: what the transponder says, in the terms of its standard."""
    if quality is None:
        return None
    first = quality[0] >> 1 & 0xF
    if version is not None and version[0] >> 3 & 7 == 0:
        return _NUCP_M.get(first)
    nacp = quality[1] >> 1 & 0xF if len(quality) > 1 else 0
    if EPU_M[nacp] is not None:
        return EPU_M[nacp]
    pic = quality[3] >> 4 if len(quality) > 3 else 0
    return _PIC_M.get(pic) or (_NIC_M.get(first) if version is not None else None)
