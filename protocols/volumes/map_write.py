"""Volumes for the console's map and list: geometry to a metre and the words to draw beside it, thousands in one answer.

`since` a journal row: only what changed after it, with the ids of what is gone. The answer is compressed here, once for
all who ask the same.
"""

import gzip
from collections.abc import Mapping
from typing import Any

import msgspec

from dispatch.kinds import Role
from dispatch.volume_records import HeightLimit, Volume
from protocols.volumes.geojson_write import MAP_DIGITS, geometry, times_of
from protocols.volumes.kml import words

LEVEL = 4  # of compression: 5,000 volumes in some 0.2 s


def collection(
    volumes: Mapping[str, Volume], changed: Mapping[tuple[str, str], int], since: int, through: int
) -> bytes:
    """A FeatureCollection with `whole`, `through` and `gone`, gzipped."""
    whole = not 0 < since <= through
    found = [each for each in volumes.values() if whole or changed.get(("volumes", each.id), 0) > since]
    document = {
        "type": "FeatureCollection",
        "whole": whole,
        "through": through,
        "gone": [each.id for each in found if each.withdrawn_at is not None and not whole],
        "features": [_feature(each) for each in found if each.withdrawn_at is None],
    }
    return gzip.compress(msgspec.json.encode(document), LEVEL, mtime=0)


def _feature(volume: Volume) -> dict[str, Any]:
    terms = volume.terms
    return {
        "type": "Feature",
        "id": volume.id,
        "properties": {
            "version": volume.version,
            "name": terms.name,
            "kind": terms.kind,
            "class": terms.airspace_class or "",
            "control": terms.control or "",
            "floor": words(terms.floor),
            "ceiling": words(terms.ceiling),
            "floor_m": _metres(terms.floor),
            "permanent": terms.permanent,
            "times": times_of(terms),
            "note": terms.note,
            "remarks": list(terms.remarks),
            "file": terms.source.file,
            "line": terms.source.line,
            "by_atc": volume.saved_as is Role.ATC,
        },
        "geometry": geometry(terms.footprint, MAP_DIGITS),
    }


def _metres(limit: HeightLimit) -> float:
    return round(limit.value_m, 1)
