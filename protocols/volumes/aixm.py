"""AIXM 5.1: airspaces of a message as volumes, one for each geometry component.

Of an airspace's time slices the newest BASELINE (or SNAPSHOT) is read; TEMPDELTA slices that activate it add times to it.
A delta without its baseline in the file names the airspace it is about and makes nothing. What is not an airspace is
counted. Subtracted and intersected parts are refused: half of such a sum would be a wrong volume.
"""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from dispatch.kinds import HorizontalDatum
from dispatch.volume import MAX_NOTE, UNLIMITED
from dispatch.volume_kinds import AirspaceClass, VolumeFormat, VolumeKind, VolumeRemark
from dispatch.volume_records import ActiveTime, Footprint, HeightLimit, VolumeSource, VolumeTerms
from protocols.volumes.aixm_shape import Shapes
from protocols.volumes.aixm_xml import Element, Tree, tree
from protocols.volumes.heights import limit
from protocols.volumes.reading import Collected, Fault, VolumesRead

KINDS = {
    "P": VolumeKind.PROHIBITED,
    "R": VolumeKind.RESTRICTED,
    "D": VolumeKind.DANGER,
    "CTR": VolumeKind.CTR,
    "CTR_P": VolumeKind.CTR,
    "TMA": VolumeKind.TMA,
    "TMA_P": VolumeKind.TMA,
    "CTA": VolumeKind.CTA,
    "CTA_P": VolumeKind.CTA,
    "OCA": VolumeKind.CTA,
    "UTA": VolumeKind.CTA,
    "ATZ": VolumeKind.ATZ,
    "ATZ_P": VolumeKind.ATZ,
    "HTZ": VolumeKind.ATZ,
    "AWY": VolumeKind.AIRWAY,
    "FIR": VolumeKind.FIR,
    "FIR_P": VolumeKind.FIR,
    "UIR": VolumeKind.FIR,
    "SECTOR": VolumeKind.FIR,
    "SECTOR_C": VolumeKind.FIR,
    "RMZ": VolumeKind.RADIO_MANDATORY,
    "TMZ": VolumeKind.TRANSPONDER_MANDATORY,
    "TSA": VolumeKind.RESERVED,
    "TRA": VolumeKind.RESERVED,
    "A": VolumeKind.ADVISORY,
    "W": VolumeKind.ADVISORY,
    "D_OTHER": VolumeKind.DANGER,
    "PROTECT": VolumeKind.PROTECTED,
    "NATURE": VolumeKind.PROTECTED,
}  # CodeAirspaceType
_DAYS = {
    "MON": (1,),
    "TUE": (2,),
    "WED": (3,),
    "THU": (4,),
    "FRI": (5,),
    "SAT": (6,),
    "SUN": (7,),
    "ANY": (),
    "": (),
}
_ACTIVE = frozenset({"ACTIVE", "IN_USE", "INTERMITTENT"})


def read(body: bytes, file: str, datum: HorizontalDatum = HorizontalDatum.WGS84) -> VolumesRead:
    """All airspaces of a message. Raises Malformed, TooMuch."""
    document = tree(body)
    collected = Collected(file=file, format=VolumeFormat.AIXM, datum=datum)
    for member in _members(document):
        if member.tag != "Airspace":
            collected.passed[member.tag[:40]] += 1
            continue
        collected.take(
            member.said("identifier") or member.attributes.get("id", ""),
            member.line,
            partial(_volumes, document, collected, member),
        )
    return collected.done()


def _members(document: Tree) -> list[Element]:
    holders = list(document.root.below("hasMember", "member"))
    found = [each for holder in holders for each in holder.children]
    return found or [document.root]


def _volumes(
    document: Tree, collected: Collected, airspace: Element, source: VolumeSource
) -> list[VolumeTerms]:
    slices = [each for holder in airspace.all("timeSlice") for each in holder.children]
    baseline = _newest([each for each in slices if each.said("interpretation") in ("BASELINE", "SNAPSHOT")])
    if baseline is None:
        given = sorted({each.said("interpretation") for each in slices})
        raise Fault(
            "NO_BASELINE",
            f"only {', '.join(given) or 'no'} slices of {source.feature}; the airspace itself is not in this file",
            field="timeSlice",
        )
    deltas = [each for each in slices if each.said("interpretation") == "TEMPDELTA"]
    permanent, times, notes = _times(baseline, deltas)
    components = baseline.all("geometryComponent")
    if not components:
        raise Fault("NO_SHAPE", "has no geometryComponent", field="geometryComponent")
    common = {
        "own_id": airspace.said("identifier")[:128],
        "name": baseline.said("name") or baseline.said("designator") or source.feature,
        "kind": KINDS.get(baseline.said("type"), VolumeKind.OTHER),
        "airspace_class": _class(baseline),
        "permanent": permanent,
        "times": times,
        "note": " · ".join(filter(None, (baseline.said("designator"), *notes)))[:MAX_NOTE],
        "source": source,
    }
    made = []
    for each in components:
        footprint, floor, ceiling, remarks = _component(document, collected, each)
        made.append(
            VolumeTerms(**common, footprint=footprint, floor=floor, ceiling=ceiling, remarks=remarks)  # type: ignore[arg-type]  # the table above has each field's type
        )
    return made


def _newest(slices: list[Element]) -> Element | None:
    def order(one: Element) -> tuple[int, int]:
        numbers = (one.said("sequenceNumber"), one.said("correctionNumber"))
        return tuple(int(each) if each.isascii() and each.isdigit() else 0 for each in numbers)  # type: ignore[return-value]  # two of them

    return max(slices, key=order, default=None)


def _class(baseline: Element) -> AirspaceClass | None:
    found = {each.text for each in baseline.below("classification")}
    known = [AirspaceClass(each) for each in found if each in set(AirspaceClass) and each != "W"]
    return known[0] if len(known) == 1 == len(found) else None


Component = tuple[Footprint, HeightLimit, HeightLimit, tuple[VolumeRemark, ...]]


def _component(document: Tree, collected: Collected, holder: Element) -> Component:
    part = holder.find("AirspaceGeometryComponent")
    operation = part.said("operation") if part is not None else ""
    if operation not in ("", "BASE", "UNION"):
        raise Fault(
            "OPERATION", f"a part is {operation[:20]}; only whole and added parts are read", field="operation"
        )
    volume = next(holder.below("AirspaceVolume"), None)
    if volume is None:
        raise Fault("NO_SHAPE", "has no AirspaceVolume", field="theAirspaceVolume")
    shapes = Shapes(document, collected)
    whole = _depended(document, volume)
    heights = whole if whole is not None and volume.find("upperLimit") is None else volume
    floor, low = _height(heights, "lower")
    ceiling, high = _height(heights, "upper")
    footprint = _footprint(shapes, whole if whole is not None else volume)
    arcs = (VolumeRemark.ARC_AS_CORNERS,) if shapes.arcs else ()
    return footprint, floor, ceiling, (*low, *high, *arcs)


def _depended(document: Tree, volume: Element) -> Element | None:
    """The volume of another airspace that gives this one its shape."""
    dependency = next(volume.below("AirspaceVolumeDependency"), None)
    if dependency is None:
        return None
    kind, pointer = dependency.said("dependency"), dependency.find("theAirspace")
    if kind not in ("FULL_GEOMETRY", "HORZ_PROJECTION") or pointer is None:
        raise Fault("OPERATION", f"a dependency {kind[:20]!r}", field="contributorAirspace")
    other = document.follow(pointer)
    slices = [each for holder in other.all("timeSlice") for each in holder.children]
    baseline = _newest([each for each in slices if each.said("interpretation") in ("BASELINE", "SNAPSHOT")])
    found = list(baseline.below("AirspaceVolume")) if baseline is not None else []
    if len(found) != 1 or next(found[0].below("AirspaceVolumeDependency"), None) is not None:
        raise Fault(
            "OPERATION", "the airspace it depends on has not one shape of its own", field="theAirspace"
        )
    return found[0]


def _footprint(shapes: Shapes, volume: Element) -> Footprint:
    projection = volume.find("horizontalProjection")
    if projection is not None and projection.children:
        return shapes.surface(projection.children[0])
    line = volume.find("centreline")
    if line is not None and line.children:
        width_m = shapes.length_m(volume.find("width"), "width")
        return Footprint(line=shapes.line(line.children[0]), half_width_m=width_m / 2.0)
    raise Fault("NO_SHAPE", "has neither horizontalProjection nor centreline", field="theAirspaceVolume")


def _height(volume: Element, which: str) -> tuple[HeightLimit, tuple[VolumeRemark, ...]]:
    name = f"{which}Limit"
    found = volume.find(name)
    if found is None or not found.text:
        raise Fault("HEIGHT_MISSING", f"no {name}", field=name)
    text, unit = found.text.upper(), found.attributes.get("uom", "")
    reference = volume.said(f"{name}Reference")
    if text == "GND":
        return limit(0.0, "M", "AGL", name), ()
    if text == "UNL":
        if which == "lower":
            raise Fault("HEIGHT", "a floor has an end", field=name)
        return replace(UNLIMITED, stated="UNL"), ()
    try:
        value = float(text)
    except ValueError:
        raise Fault("HEIGHT", f"{text[:20]!r} is not a height", field=name) from None
    return limit(value, unit, reference, name), ()


def _times(baseline: Element, deltas: list[Element]) -> tuple[bool, tuple[ActiveTime, ...], list[str]]:
    valid = _period(baseline, "validTime")
    sheets: list[ActiveTime] = []
    notes: list[str] = []
    activations = list(baseline.below("AirspaceActivation"))
    active = [each for each in activations if each.said("status") in _ACTIVE]
    for each in active:
        for sheet in each.below("Timesheet"):
            read_ = _sheet(sheet, valid)
            if read_ is None:
                notes.append("a timesheet that is not read (local time, or holidays)")
            else:
                sheets.append(read_)
    sheets += [
        _period(delta, "validTime")
        for delta in deltas
        if any(each.said("status") in _ACTIVE for each in delta.below("AirspaceActivation"))
    ]
    if sheets or notes or (activations and not active):
        return False, tuple(sheets), notes
    return (True, (), notes) if valid.ends_at is None else (False, (valid,), notes)


def _period(slice_: Element, tag: str) -> ActiveTime:
    period = slice_.find(tag, "TimePeriod")
    if period is None:
        return ActiveTime()
    return ActiveTime(begins_at=_instant(period, "beginPosition"), ends_at=_instant(period, "endPosition"))


def _instant(period: Element, tag: str) -> datetime | None:
    text = period.said(tag)
    if not text:
        return None  # indeterminatePosition="unknown"
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Fault("TIMES", f"{text[:40]!r} is not a time", field=tag) from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)  # AIXM's times are UTC


def _sheet(sheet: Element, valid: ActiveTime) -> ActiveTime | None:
    """A row of times, None where it is not in UTC or speaks of holidays or events."""
    day, until = sheet.said("day"), sheet.said("dayTil")
    if sheet.said("timeReference") not in ("UTC", "") or day not in _DAYS or until not in ("", day):
        return None
    if sheet.find("startEvent") is not None or sheet.find("endEvent") is not None:
        return None
    begin, end = _second(sheet.said("startTime"), 0), _second(sheet.said("endTime"), 86_400)
    return replace(valid, weekdays=_DAYS[day], from_s=begin % 86_400, until_s=end or 86_400)


def _second(text: str, default: int) -> int:
    if not text:
        return default
    hour, _, minute = text.partition(":")
    if not (hour.isdigit() and minute.isdigit() and int(hour) <= 24 and int(minute) < 60):
        raise Fault("TIMES", f"{text[:10]!r} is not a time of day", field="Timesheet")
    return min(86_400, int(hour) * 3600 + int(minute) * 60)
