"""Reads which ground is a site's own (adapters/data/area) for alarms; dispatch/area.py is what is done with it."""

import gzip
import json
from functools import cache
from importlib.resources import files
from typing import Any

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from dispatch.area import Counties, Division, Ground
from dispatch.geo import Position


def _data() -> Any:
    packed = (files("adapters.data") / "area" / "divisions.json.gz").read_bytes()
    return json.loads(gzip.decompress(packed))


@cache
def outline_of(site: str) -> BaseGeometry | None:
    """The outline of the province that a site's id begins with, if it is one of ours or a neighbour's. Not on the
    reactor the first time.
    """
    found = _data()["provinces"].get(site[:2])
    return None if found is None else shape(found["outline"])


@cache
def ground_of(site: str) -> Ground:
    """The ground of a site by the province code that its id begins with; all of the world where that is not known.

    The first time costs some tenths of a second: not on the reactor.
    """
    data = _data()
    divisions = {
        code: Division(
            code=code,
            name=name,
            position=Position(lon_deg=lon_deg, lat_deg=lat_deg),
            radius_m=reach_km * 1000.0,
        )
        for code, (name, lon_deg, lat_deg, reach_km) in data["divisions"].items()
    }
    counties = Counties(
        codes=tuple(data["counties"]), outlines=[shape(each) for each in data["counties"].values()]
    )
    own = data["provinces"].get(site[:2])
    if own is None:
        return Ground(divisions=divisions, counties=counties)
    outline = shape(own["outline"])
    shapely.prepare(outline)
    return Ground(
        outline=outline, centre=divisions[site[:2] + "0000"].position, divisions=divisions, counties=counties
    )
