"""EUROCAE ED-269 geographical zones for drones, as JSON: one volume for each geometry of a zone.

A zone binds drones: its restriction stands in the note and makes no prohibited area of it. Heights are `uomDimensions`
above `AGL`, `AMSL` (or `W84`); `null` above is unlimited. Daily times are UTC.
"""

from dataclasses import replace
from functools import partial
from typing import Any

from dispatch.kinds import HorizontalDatum
from dispatch.volume import MAX_NOTE, UNLIMITED
from dispatch.volume_kinds import VolumeFormat, VolumeKind, VolumeRemark
from dispatch.volume_records import ActiveTime, Footprint, HeightLimit, VolumeSource, VolumeTerms
from protocols.volumes import json_fields
from protocols.volumes.heights import FOOT_M, limit, metres
from protocols.volumes.json_fields import Fields
from protocols.volumes.reading import Collected, Fault, VolumesRead

DAYS = {"MON": 1, "TUE": 2, "WED": 3, "THU": 4, "FRI": 5, "SAT": 6, "SUN": 7}
DAY_S = 86_400


def zones_of(whole: Any) -> list[Any] | None:
    """The zones of a document, or None where it has none of this format's lists."""
    if not isinstance(whole, dict) or whole.get("type") == "FeatureCollection":
        return None
    for name in ("UASZoneList", "features"):
        if isinstance(whole.get(name), list):
            return list(whole[name])
    return None


def read_document(whole: Any, file: str, datum: HorizontalDatum) -> VolumesRead:
    """All zones."""
    collected = Collected(file=file, format=VolumeFormat.ED269, datum=datum)
    for n, zone in enumerate(zones_of(whole) or []):
        called = zone.get("identifier") if isinstance(zone, dict) else None
        feature = called if isinstance(called, str) and called.strip() else f"zones[{n}]"
        collected.take(feature, 0, partial(_volumes, collected, zone))
    return collected.done()


def _volumes(collected: Collected, zone: Any, source: VolumeSource) -> list[VolumeTerms]:
    of = json_fields.fields(zone, "zone")
    permanent, times = _times(of)
    said = [json_fields.text(of, name) for name in ("restriction", "restrictionConditions", "message")]
    identifier = json_fields.text(of, "identifier")
    made = []
    for n, each in enumerate(json_fields.items(of.get("geometry"), "geometry")):
        path = f"geometry[{n}]"
        part = json_fields.fields(each, path)
        floor, ceiling, remarks = _heights(part, path)
        made.append(
            VolumeTerms(
                name=json_fields.text(of, "name") or identifier,
                own_id=identifier,
                kind=VolumeKind.UAS_ZONE,
                footprint=_footprint(collected, part, path),
                floor=floor,
                ceiling=ceiling,
                permanent=permanent,
                times=times,
                note=" · ".join(filter(None, said))[:MAX_NOTE],
                source=source,
                remarks=remarks,
            )
        )
    if not made:
        raise Fault("NO_SHAPE", "has no geometry", field="geometry")
    return made


def _heights(of: Fields, path: str) -> tuple[HeightLimit, HeightLimit, tuple[VolumeRemark, ...]]:
    unit = json_fields.text(of, "uomDimensions", f"{path}.")
    floor = _height(of, "lower", unit, path)
    if floor is None:
        raise Fault("HEIGHT_MISSING", "no lowerLimit", field=f"{path}.lowerLimit")
    ceiling = _height(of, "upper", unit, path)
    if ceiling is None:
        return floor, replace(UNLIMITED, stated=""), (VolumeRemark.NO_CEILING,)
    return floor, ceiling, ()


def _height(of: Fields, which: str, unit: str, path: str) -> HeightLimit | None:
    field = f"{path}.{which}Limit"
    value = of.get(f"{which}Limit")
    if value is None:
        return None
    if isinstance(value, str):  # seen in files of national publishers
        said = value
        try:
            value = float(said)
        except ValueError:
            raise Fault("NUMBER", f"{said[:30]!r} is not a number", field=field) from None
    reference = json_fields.text(of, f"{which}VerticalReference", f"{path}.")
    return limit(json_fields.number(value, field), unit, reference, field)


def _footprint(collected: Collected, of: Fields, path: str) -> Footprint:
    where = f"{path}.horizontalProjection"
    shape = json_fields.fields(of.get("horizontalProjection"), where)
    match shape.get("type"):
        case "Polygon":
            shell, holes = json_fields.polygon(collected, shape.get("coordinates"), where)
            return Footprint(ring=shell, holes=holes)
        case "Circle":
            unit = json_fields.text(of, "uomDimensions", f"{path}.").upper()
            per_unit = {"M": 1.0, "FT": FOOT_M}.get(unit)
            if per_unit is None:
                raise Fault("UNIT_MISSING", "a radius without M or FT", field=f"{path}.uomDimensions")
            return Footprint(
                centre=json_fields.position(collected, shape.get("center"), where),
                radius_m=metres(json_fields.number(shape.get("radius"), f"{where}.radius"), per_unit),
            )
        case other:
            raise Fault("NO_SHAPE", f"{str(other)[:30]!r} is no shape of a zone", field=where)


def _times(of: Fields) -> tuple[bool, tuple[ActiveTime, ...]]:
    """Whether it is permanent, and its times. Without any applicability it is permanent."""
    times: list[ActiveTime] = []
    rows = json_fields.items(of.get("applicability") or [], "applicability")
    permanent = not rows
    for n, row in enumerate(rows):
        path = f"applicability[{n}]."
        part = json_fields.fields(row, path)
        begins, ends = part.get("startDateTime"), part.get("endDateTime")
        period = ActiveTime(
            begins_at=None if begins is None else json_fields.instant(begins, f"{path}startDateTime"),
            ends_at=None if ends is None else json_fields.instant(ends, f"{path}endDateTime"),
        )
        daily = part.get("schedule") or part.get("dailyPeriod") or []
        hours = [_daily(period, each, path) for each in json_fields.items(daily, f"{path}schedule")]
        if json_fields.text(part, "permanent", path).upper() == "YES":
            if all(each == ActiveTime() for each in hours):
                permanent = True
                continue
        elif begins is None and ends is None:
            raise Fault("TIMES", "neither permanent nor a beginning or end", field=f"{path}permanent")
        times.extend(hours or [period])
    return permanent, () if permanent else tuple(times)


def _daily(period: ActiveTime, row: Any, path: str) -> ActiveTime:
    of = json_fields.fields(row, f"{path}schedule")
    days = [each for each in json_fields.items(of.get("day") or [], f"{path}day") if each != "ANY"]
    unknown = [each for each in days if each not in DAYS]
    if unknown:
        raise Fault("TIMES", f"{str(unknown[0])[:20]!r} is no day of the week", field=f"{path}day")
    begin, end = of.get("startTime"), of.get("endTime")
    return replace(
        period,
        weekdays=tuple(sorted(DAYS[each] for each in days)),
        from_s=0 if begin is None else _second(begin, f"{path}startTime") % DAY_S,
        until_s=DAY_S if end is None else _until(end, f"{path}endTime"),
    )


def _until(value: Any, path: str) -> int:
    second = _second(value, path)
    return DAY_S if second in (0, DAY_S - 1) else second  # 23:59:59 is written for midnight


def _second(value: Any, path: str) -> int:
    """`17:00:00.00Z`: a time of day in UTC."""
    plain = value.removesuffix("Z").partition(".")[0] if isinstance(value, str) else ""
    parts = plain.split(":")
    if not isinstance(value, str) or not value.endswith("Z") or len(parts) not in (2, 3):
        raise Fault("TIMES", f"{str(value)[:20]!r} is not a time of day in UTC", field=path)
    if not all(part.isascii() and part.isdigit() and len(part) == 2 for part in parts):
        raise Fault("TIMES", f"{value[:20]!r} is not a time of day in UTC", field=path)
    hour, minute, second = (*(int(part) for part in parts), 0)[:3]
    if hour > 24 or minute > 59 or second > 59 or (hour == 24 and (minute or second)):
        raise Fault("TIMES", f"{value[:20]!r} is not a time of day", field=path)
    return hour * 3600 + minute * 60 + second
