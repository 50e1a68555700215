"""Airspace volumes (空域): what may be said of one, who may say it, when it is active.

Volumes are the chart: published or granted airspace, for months or for good, read from files or drawn by hand. They are
told to people and to the safety nets and stop nobody by themselves. What nobody of ours may be planned through for a few
hours is a closure (closure.py). Desk and ATC keep the volumes; what ATC has saved only ATC changes.
"""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

from dispatch import access, ids, volume_shape
from dispatch.commands import Ask
from dispatch.errors import Forbidden, Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.kinds import AltitudeDatum, Role
from dispatch.volume_commands import AmendVolume, ImportVolumes, SaveVolume, VolumeCommand, WithdrawVolumes
from dispatch.volume_facts import VolumeSaved, VolumesImported, VolumeWithdrawn
from dispatch.volume_kinds import VolumeFormat, VolumeRemark
from dispatch.volume_records import ActiveTime, HeightLimit, Volume, VolumeTerms
from dispatch.world import World

MOST_VOLUMES = 20_000  # in use at one site
MOST_AT_ONCE = 500  # of one command, so that the desk is not held for long
MOST_TIMES = 200
MAX_NAME, MAX_NOTE, MAX_REASON, MAX_OWN_ID, MAX_FILE, MAX_FEATURE = 200, 1000, 500, 128, 200, 240
LEAST_HEIGHT_M, MOST_HEIGHT_M = -1_000.0, 100_000.0
DAY_S = 86_400
# Ground lies between these, and QNH moves a flight level by less: what is apart by more is not a matter of terrain.
_GROUND_M = (-500.0, 9_000.0)
_PRESSURE_SLACK_M = 700.0
_AMENDABLE = (
    "name",
    "kind",
    "airspace_class",
    "control",
    "floor",
    "ceiling",
    "permanent",
    "times",
    "note",
)
GROUND = HeightLimit(datum=AltitudeDatum.AGL, value_m=0.0, stated="SFC")
UNLIMITED = HeightLimit(datum=AltitudeDatum.MSL, value_m=0.0, unlimited=True, stated="UNL")


def checked(terms: VolumeTerms) -> VolumeTerms:
    """The same in order, with remarks. Raises Refused or Malformed with the code of what is wrong."""
    for name, most in (("note", MAX_NOTE), ("own_id", MAX_OWN_ID)):
        if len(getattr(terms, name)) > most:
            raise Refused("TOO_LONG", f"{len(getattr(terms, name))} characters, at most {most}", field=name)
    if not terms.name.strip():
        raise Refused("NO_NAME", "has no name", field="name")
    if len(terms.name) > MAX_NAME:
        raise Refused("TOO_LONG", f"{len(terms.name)} characters, at most {MAX_NAME}", field="name")
    heights = check_heights(terms.floor, terms.ceiling)
    _check_times(terms)
    footprint, shape = volume_shape.checked(terms.footprint)
    unknown = (VolumeRemark.TIMES_UNKNOWN,) if not terms.permanent and not terms.times else ()
    # what was done to the ring stays said when it is in order the second time
    remarks = dict.fromkeys((*terms.remarks, *shape, *heights, *unknown))
    return replace(terms, name=terms.name.strip(), footprint=footprint, remarks=tuple(remarks))


def check_heights(floor: HeightLimit, ceiling: HeightLimit) -> tuple[VolumeRemark, ...]:
    """Raises Refused where the ceiling is surely not above the floor; a remark where only the ground can tell."""
    for name, limit in (("floor", floor), ("ceiling", ceiling)):
        if not limit.unlimited and not LEAST_HEIGHT_M <= limit.value_m <= MOST_HEIGHT_M:
            raise Refused(
                "HEIGHT",
                f"{limit.value_m:g} m is not within {LEAST_HEIGHT_M:g} to {MOST_HEIGHT_M:g}",
                field=name,
            )
    if floor.unlimited:
        raise Refused("HEIGHT", "a floor has an end", field="floor")
    if ceiling.unlimited:
        return ()
    slack_m = _slack_m(floor.datum, ceiling.datum)
    if ceiling.value_m + slack_m <= floor.value_m:
        raise Refused(
            "FLOOR_ABOVE_CEILING",
            f"the ceiling {_said(ceiling)} is not above the floor {_said(floor)}",
            field="ceiling",
        )
    plain = floor.datum is ceiling.datum or (floor.datum is AltitudeDatum.AGL and floor.value_m <= 0.0)
    return () if plain else (VolumeRemark.HEIGHTS_DIFFER,)


def _slack_m(floor: AltitudeDatum, ceiling: AltitudeDatum) -> float:
    """By how much a ceiling may lie below a floor in figures and still be above it."""
    if floor is ceiling:
        return 0.0
    if ceiling is AltitudeDatum.AGL:
        return _GROUND_M[1]
    if floor is AltitudeDatum.AGL:
        return -_GROUND_M[0] + _PRESSURE_SLACK_M
    return _PRESSURE_SLACK_M


def _said(limit: HeightLimit) -> str:
    return limit.stated or f"{limit.value_m:g} m {limit.datum}"


def _check_times(terms: VolumeTerms) -> None:
    if len(terms.times) > MOST_TIMES:
        raise Refused("TOO_MANY_TIMES", f"{len(terms.times)} times, at most {MOST_TIMES}", field="times")
    if terms.permanent and terms.times:
        raise Refused("TIMES", "is permanent and has times", field="times")
    for n, each in enumerate(terms.times):
        field = f"times[{n}]"
        for at in (each.begins_at, each.ends_at):
            if at is not None and at.tzinfo is None:
                raise Malformed(field, "has no time zone")
        if each.begins_at is not None and each.ends_at is not None and each.ends_at <= each.begins_at:
            raise Refused("TIMES", "ends before it begins", field=field)
        if not set(each.weekdays) <= set(range(1, 8)):
            raise Refused("TIMES", "weekdays are 1 (Monday) to 7", field=field)
        if not (0 <= each.from_s < DAY_S and 0 < each.until_s <= DAY_S):
            raise Refused("TIMES", "hours are seconds of a day", field=field)


def is_active(volume: Volume, now: datetime) -> bool:
    """Whether it is active at this time."""
    if volume.withdrawn_at is not None:
        return False
    return volume.terms.permanent or any(_is_on(each, now) for each in volume.terms.times)


def _is_on(time: ActiveTime, now: datetime) -> bool:
    if (time.begins_at is not None and now < time.begins_at) or (
        time.ends_at is not None and now >= time.ends_at
    ):
        return False
    at = now.astimezone(UTC)
    second = at.hour * 3600 + at.minute * 60 + at.second
    over = time.until_s <= time.from_s  # into the next day: the day it began on counts
    today = time.from_s <= second < (DAY_S if over else time.until_s)
    if today and _on_day(time, at):
        return True
    return over and second < time.until_s and _on_day(time, at - timedelta(days=1))


def _on_day(time: ActiveTime, at: datetime) -> bool:
    return not time.weekdays or at.isoweekday() in time.weekdays


def may_change(present: Volume | None, role: Role | None) -> bool:
    """What ATC has saved only ATC changes."""
    return present is None or present.saved_as is not Role.ATC or role is Role.ATC


def id_of(site: str, terms: VolumeTerms) -> str:
    """Of a volume from a file: the same file and feature is the same volume."""
    return ids.derive(site, "VOL", f"{terms.source.file}\0{terms.source.feature}")


def is_same(present: Volume | None, terms: VolumeTerms) -> bool:
    """Whether importing changes nothing. Another line of the file is no change."""
    if present is None or present.withdrawn_at is not None:
        return False
    source = replace(terms.source, line=present.terms.source.line)
    return present.terms == replace(terms, source=source)


def decide(world: World, ask: Ask, command: VolumeCommand, now: datetime) -> tuple[Fact, ...]:
    """Keep the chart. Raises Malformed, Forbidden, Unknown or Refused."""
    access.require(ask, access.SAVE_VOLUME, "keeping airspace volumes")
    match command:
        case ImportVolumes():
            return _import(world, ask, command, now)
        case SaveVolume():
            return _save(world, ask, command, now)
        case AmendVolume():
            return _amend(world, ask, command)
        case WithdrawVolumes():
            return _withdraw(world, ask, command)


def _import(world: World, ask: Ask, command: ImportVolumes, now: datetime) -> tuple[Fact, ...]:
    if len(command.volumes) > MOST_AT_ONCE:
        raise Refused("TOO_MANY", f"{len(command.volumes)} volumes, at most {MOST_AT_ONCE} at once")
    made: dict[str, Volume] = {}
    for terms in command.volumes:
        _check_source(terms)
        volume_id = id_of(world.site, terms)
        present = world.volumes.get(volume_id)
        if not may_change(present, ask.role):
            raise Forbidden(f"{terms.name} was saved by ATC; only ATC changes it")
        if volume_id in made:
            raise Refused("TWICE", f"{terms.source.feature!r} is there twice", field="source.feature")
        kept = checked(terms)
        if not is_same(present, kept):
            made[volume_id] = _new(
                ask, kept, now, (world.site, volume_id), present.version + 1 if present else 1
            )
    if not made:
        raise Refused("NOTHING_CHANGED", "everything is as it was", field="volumes")
    _check_room(world, sum(1 for each in made if each not in world.volumes))
    return (VolumesImported(volumes=tuple(made.values())),)


def _check_source(terms: VolumeTerms) -> None:
    source = terms.source
    if source.format is VolumeFormat.HAND or not source.file.strip() or not source.feature.strip():
        raise Malformed("source", "names no file and feature")
    if len(source.file) > MAX_FILE or len(source.feature) > MAX_FEATURE:
        raise Malformed("source", f"over {MAX_FILE} or {MAX_FEATURE} characters")


def _new(ask: Ask, terms: VolumeTerms, now: datetime, named: tuple[str, str], version: int) -> Volume:
    site, volume_id = named
    return Volume(
        id=volume_id,
        site=site,
        terms=terms,
        saved_at=now,
        saved_by=ask.actor,
        saved_as=ask.role or Role.DISPATCHER,
        version=version,
    )


def _check_room(world: World, more: int) -> None:
    if len(world.volumes) + more > MOST_VOLUMES:
        raise Refused("TOO_MANY_VOLUMES", f"a site keeps {MOST_VOLUMES} volumes at most", field="volumes")


def _save(world: World, ask: Ask, command: SaveVolume, now: datetime) -> tuple[Fact, ...]:
    volume_id = ids.derive(world.site, "VOL", f"{ask.actor}\0{ask.command_id}")
    if volume_id in world.volumes:
        raise Refused("EXISTS", f"volume {volume_id} exists", field="id")
    _check_room(world, 1)
    source = replace(
        command.terms.source, file="", format=VolumeFormat.HAND, line=0, feature=command.terms.name.strip()
    )
    kept = checked(replace(command.terms, source=source))
    return (VolumeSaved(volume=_new(ask, kept, now, (world.site, volume_id), 1)),)


def standing(world: World, ask: Ask, volume_id: str, version_seen: int) -> Volume:
    """A volume in use that this caller may change. Raises Unknown, Forbidden or Refused."""
    present = world.volumes.get(volume_id)
    if present is None:
        raise Unknown("volume_id", f"no volume {volume_id}")
    if not may_change(present, ask.role):
        raise Forbidden(f"{present.terms.name} was saved by ATC; only ATC changes it")
    access.check_version(version_seen, present.version, f"volume {volume_id}")
    if present.withdrawn_at is not None:
        raise Refused("NOT_NOW", f"volume {volume_id} was withdrawn; import it again", field="volume_id")
    return present


def _amend(world: World, ask: Ask, command: AmendVolume) -> tuple[Fact, ...]:
    present = standing(world, ask, command.volume_id, command.version_seen)
    new = {name: getattr(command, name) for name in _AMENDABLE if getattr(command, name) is not None}
    if new.get("permanent") and "times" not in new:
        new["times"] = ()
    if new.get("times") and "permanent" not in new:
        new["permanent"] = False
    said = tuple(
        each
        for each in present.terms.remarks
        if each not in (VolumeRemark.TIMES_UNKNOWN, VolumeRemark.HEIGHTS_DIFFER)
    )
    terms = checked(replace(present.terms, remarks=said, **new))
    changed = tuple(
        each.name
        for each in fields(VolumeTerms)
        if each.name != "remarks" and getattr(terms, each.name) != getattr(present.terms, each.name)
    )
    if not changed:
        raise Refused("NOTHING_CHANGED", "everything is as it was", field="volume_id")
    amended = replace(
        present, terms=terms, version=present.version + 1, history=()
    )  # the fold has the history
    return (VolumeSaved(volume=amended, changed=changed),)


def _withdraw(world: World, ask: Ask, command: WithdrawVolumes) -> tuple[Fact, ...]:
    if not command.reason.strip():
        raise Malformed("reason", "withdrawing a volume needs a reason")
    if len(command.reason) > MAX_REASON:
        raise Malformed("reason", f"{len(command.reason)} characters, at most {MAX_REASON}")
    if not 0 < len(command.volume_ids) == len(command.versions_seen) <= MOST_AT_ONCE:
        raise Malformed("volume_ids", f"1 to {MOST_AT_ONCE}, each with the version seen")
    if len(set(command.volume_ids)) < len(command.volume_ids):
        raise Malformed("volume_ids", "names one twice")
    found = [
        standing(world, ask, volume_id, seen)
        for volume_id, seen in zip(command.volume_ids, command.versions_seen, strict=True)
    ]
    return tuple(
        VolumeWithdrawn(volume_id=each.id, version=each.version + 1, reason=command.reason.strip())
        for each in found
    )
