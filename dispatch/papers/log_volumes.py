"""Lines about airspace volumes: brought in, amended, withdrawn. Pure."""

from collections.abc import Callable
from typing import Any

from dispatch.facts import Recorded
from dispatch.papers.log_line import LogLine, line, why
from dispatch.volume_facts import VolumeSaved, VolumesImported, VolumeWithdrawn
from dispatch.world import World


def _imported(_: World, recorded: Recorded, fact: VolumesImported) -> LogLine:
    file = fact.volumes[0].terms.source.file if fact.volumes else ""
    count = len(fact.volumes)
    return line(recorded, f"导入空域 {count} 个（{file}）", f"Airspace volumes imported: {count} ({file})")


def _saved(_: World, recorded: Recorded, fact: VolumeSaved) -> LogLine:
    name, new = fact.volume.terms.name, not fact.changed
    return line(
        recorded,
        f"{'新增' if new else '修改'}空域“{name}”",
        f"Airspace volume {'added' if new else 'amended'}: “{name}”",
    )


def _withdrawn(world: World, recorded: Recorded, fact: VolumeWithdrawn) -> LogLine:
    found = world.volumes.get(fact.volume_id)
    name = f"“{found.terms.name}”" if found else fact.volume_id
    return line(
        recorded,
        why(f"撤销空域{name}", fact.reason),
        why(f"Airspace volume withdrawn: {name}", fact.reason),
    )


LINES: dict[type, Callable[[World, Recorded, Any], LogLine | None]] = {
    VolumesImported: _imported,
    VolumeSaved: _saved,
    VolumeWithdrawn: _withdrawn,
}
