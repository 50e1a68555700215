"""Importing a file of airspace volumes: read and compared in a thread, recorded in parts that never hold the desk long.

What a rule refuses is a fault beside those of the file, the rest stands. A part's key follows from what is in it, so a
retry after half an import records the other half.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from twisted.internet.threads import deferToThread

from adapters.web.table import Call
from dispatch import access, volume
from dispatch.errors import Busy, Forbidden, GanyingError, Malformed, NotStored, Refused
from dispatch.kinds import Role
from dispatch.volume_commands import ImportVolumes, WithdrawVolumes
from dispatch.volume_records import Volume, VolumeTerms
from dispatch.world import World
from protocols.json_volumes import (
    FaultAnswer,
    VolumeChange,
    VolumeImportQuery,
    VolumesImportAnswer,
    faults_of,
)
from protocols.volumes import formats
from protocols.volumes.reading import MAX_FAULTS, VolumesRead

VOLUMES_AT_ONCE = 100
CORNERS_AT_ONCE = 5_000
MOST_CHANGES = 200  # told by name


@dataclass(slots=True)
class _Planned:
    """What an import would do."""

    new: list[tuple[str, VolumeTerms]] = field(default_factory=list)
    changed: list[tuple[str, VolumeTerms]] = field(default_factory=list)
    gone: list[Volume] = field(default_factory=list)
    unchanged: int = 0
    faults: list[FaultAnswer] = field(default_factory=list)


async def take(call: Call) -> VolumesImportAnswer:
    """One file. Raises Forbidden, Refused (BAD_FILE), TooMuch; Busy and NotStored, after which a retry goes on."""
    role = call.who.session.role
    if role not in access.SAVE_VOLUME:
        raise Forbidden(f"keeping airspace volumes is for {', '.join(sorted(access.SAVE_VOLUME))}")
    if not call.raw:
        raise Malformed("file", "is empty")
    query: VolumeImportQuery = call.query
    world = call.site.desk.world
    try:
        read, planned = await deferToThread(_read, call.raw, query, world, role)
    except Malformed as error:  # well sent, and no chart
        raise Refused("BAD_FILE", error.detail, field=error.field) from None
    refused: dict[str, FaultAnswer] = {}  # by id
    if not query.dry_run:
        for part in _parts([*planned.new, *planned.changed]):
            command = ImportVolumes(volumes=tuple(terms for _, terms in part))
            refused |= await _ask(call, command, [(volume_id, terms.name) for volume_id, terms in part])
        for start in range(0, len(planned.gone), VOLUMES_AT_ONCE):
            gone = planned.gone[start : start + VOLUMES_AT_ONCE]
            withdrawing = WithdrawVolumes(
                volume_ids=tuple(each.id for each in gone),
                versions_seen=tuple(each.version for each in gone),
                reason=f"{query.source} 中已无此空域",
            )
            refused |= await _ask(call, withdrawing, [(each.id, each.terms.name) for each in gone])
    return _answer(query, read, planned, refused)


def _read(raw: bytes, query: VolumeImportQuery, world: World, role: Role) -> tuple[VolumesRead, _Planned]:
    """In a thread: a country's file takes seconds."""
    read = formats.read(raw, query.source, query.wanted, query.coordinates)
    planned = _Planned()
    kept = set()
    for terms in read.volumes:
        volume_id = volume.id_of(world.site, terms)
        kept.add(volume_id)
        present = world.volumes.get(volume_id)
        if volume.is_same(present, terms):
            planned.unchanged += 1
        elif not volume.may_change(present, role):
            planned.faults.append(_foreign(terms))
        elif present is None or present.withdrawn_at is not None:
            planned.new.append((volume_id, terms))
        else:
            planned.changed.append((volume_id, terms))
    if query.replace:
        planned.gone = _gone(read, query.source, world, role, kept)
    return read, planned


def _foreign(terms: VolumeTerms) -> FaultAnswer:
    return FaultAnswer(
        code="FORBIDDEN",
        detail="was saved by ATC; only ATC changes it",
        feature=terms.source.feature,
        line=terms.source.line,
        field="",
    )


def _gone(read: VolumesRead, source: str, world: World, role: Role, kept: set[str]) -> list[Volume]:
    """What the source no longer has. What it has in a form that cannot be read stays as it was."""
    if read.rejected > MAX_FAULTS:
        raise Malformed(
            "replace", f"{read.rejected} airspaces cannot be read: nothing is withdrawn for such a file"
        )
    broken = {each.feature for each in read.faults}
    return [
        each
        for each in world.volumes.values()
        if each.terms.source.file == source
        and each.id not in kept
        and each.withdrawn_at is None
        and volume.may_change(each, role)
        and each.terms.source.feature not in broken
        and each.terms.source.feature.rpartition("/")[0] not in broken
    ]


def _parts(planned: Sequence[tuple[str, VolumeTerms]]) -> Iterator[list[tuple[str, VolumeTerms]]]:
    part: list[tuple[str, VolumeTerms]] = []
    corners = 0
    for each in planned:
        footprint = each[1].footprint
        more = len(footprint.ring) + sum(len(hole.corners) for hole in footprint.holes)
        if part and (len(part) >= VOLUMES_AT_ONCE or corners + more > CORNERS_AT_ONCE):
            yield part
            part, corners = [], 0
        part.append(each)
        corners += more
    if part:
        yield part


async def _ask(
    call: Call, command: ImportVolumes | WithdrawVolumes, named: list[tuple[str, str]]
) -> dict[str, FaultAnswer]:
    """Nothing, or why none of a part was recorded."""
    digest = hashlib.sha256("\0".join(volume_id for volume_id, _ in named).encode()).hexdigest()[:10]
    try:
        await call.site.desk.ask(call.ask(command, part=f":{digest}"))
    except (Busy, NotStored):
        raise
    except GanyingError as error:
        return {
            volume_id: FaultAnswer(
                code=error.code, detail=error.detail, feature=name, line=0, field=error.field
            )
            for volume_id, name in named
        }
    return {}


def _answer(
    query: VolumeImportQuery,
    read: VolumesRead,
    planned: _Planned,
    refused: dict[str, FaultAnswer],
) -> VolumesImportAnswer:
    new = [each for each in planned.new if each[0] not in refused]
    changed = [each for each in planned.changed if each[0] not in refused]
    gone = [each for each in planned.gone if each.id not in refused]
    changes = chain(
        (VolumeChange(id=one, name=terms.name, change="new") for one, terms in new),
        (VolumeChange(id=one, name=terms.name, change="changed") for one, terms in changed),
        (VolumeChange(id=one.id, name=one.terms.name, change="withdrawn") for one in gone),
    )
    return VolumesImportAnswer(
        format=read.format,
        dry_run=query.dry_run,
        seen=read.seen,
        new=len(new),
        changed=len(changed),
        unchanged=planned.unchanged,
        rejected=read.rejected + len(planned.faults) + len(refused),
        withdrawn=len(gone),
        faults=[*faults_of(read), *planned.faults, *refused.values()],
        changes=list(islice(changes, MOST_CHANGES)),
        remarks={str(name): count for name, count in read.remarks().items()},
        passed=dict(read.passed),
    )
