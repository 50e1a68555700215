"""Build the offline basemap: vector tiles of the region and a soft relief picture.

Run by build.sh with the project's Python. Reads basemap/source, writes into the folder that is given.
Leaves the look of it (colours, fonts, which zoom shows what) to src/map/style.ts.
"""

import csv
import gzip
import json
import math
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np
from shapely import LineString

SOURCE = Path(__file__).parent / "source"
HOME = "江西省"
# What the province's own map shows: the region with a margin, west, south, east, north.
EXTENT = (111.0, 22.6, 121.6, 32.4)
RELIEF_WIDTH = 1100
MAX_ZOOM = 10  # the outlines are generalised to 0.2 km: deeper tiles would only repeat them


def read_features(name):
    with gzip.open(SOURCE / name, "rt", encoding="utf-8") as file:
        return json.load(file)["features"]


def feature(geometry, minimum_zoom, **properties):
    kept = {key: value for key, value in properties.items() if value is not None}
    return {
        "type": "Feature",
        "tippecanoe": {"minzoom": minimum_zoom},
        "properties": kept,
        "geometry": geometry,
    }


def rings(geometry):
    if geometry["type"] == "Polygon":
        return geometry["coordinates"]
    return [ring for polygon in geometry["coordinates"] for ring in polygon]


def outlines(geometry):
    return {"type": "MultiLineString", "coordinates": rings(geometry)}


def label_point(geometry):
    """Centroid of the largest ring: where a province or prefecture is named when no town stands for it."""
    ring = max(rings(geometry), key=lambda one: abs(ring_area(one)))
    area = ring_area(ring)
    lon = lat = 0.0
    for (x0, y0), (x1, y1) in zip(ring, ring[1:], strict=False):
        cross = x0 * y1 - x1 * y0
        lon += (x0 + x1) * cross
        lat += (y0 + y1) * cross
    return {"type": "Point", "coordinates": [round(lon / (6 * area), 5), round(lat / (6 * area), 5)]}


def ring_area(ring):
    return 0.5 * sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(ring, ring[1:], strict=False))


def town_positions():
    """Best known point for each (province, short name): the most populous GeoNames entry of that name."""
    best = {}
    with gzip.open(SOURCE / "places_7prov_geonames.csv.gz", "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            for name in row["name_zh"].split("|"):
                key = (row["province"], name)
                weight = int(row["population"] or 0)
                if name and (key not in best or weight > best[key][0]):
                    best[key] = (weight, float(row["lon"]), float(row["lat"]))
    return best


def inside(point, geometry):
    x, y = point
    odd = False
    for ring in rings(geometry):
        for (x0, y0), (x1, y1) in zip(ring, ring[1:], strict=False):
            if (y0 > y) != (y1 > y) and x < (x1 - x0) * (y - y0) / (y1 - y0) + x0:
                odd = not odd
    return odd


def place(admin, towns):
    """The town that gives an area its name, if GeoNames has it inside the area; else the area's middle."""
    name = admin["properties"]["name"]
    province = admin["properties"]["province"].removesuffix("省")
    short = name[:-1] if len(name) > 2 else name
    for candidate in (name, short):
        found = towns.get((province, candidate))
        if found and inside(found[1:], admin["geometry"]):
            return {"type": "Point", "coordinates": [found[1], found[2]]}
    return label_point(admin["geometry"])


def short_name(name):
    for ending in ("土家族苗族自治州", "土家族自治县", "瑶族自治县", "畲族自治县", "自治州", "林区"):
        if name.endswith(ending):
            return name.removesuffix(ending)
    return name[:-1] if len(name) > 2 and name[-1] in "市县区州" else name


def admin_layers():
    areas, borders, labels = [], [], []
    towns = town_positions()
    for admin in read_features("admin_7prov_tianditu.geojson.gz"):
        level, name = admin["properties"]["level"], admin["properties"]["name"]
        home = admin["properties"]["province"] == HOME
        if level == "province":
            areas.append(feature(admin["geometry"], 0, name=name, home=home))
            borders.append(feature(outlines(admin["geometry"]), 0, level=level, home=home))
            if not home:
                labels.append(feature(label_point(admin["geometry"]), 0, name=name[:-1], level=level, home=home))
        elif level == "city":
            borders.append(feature(outlines(admin["geometry"]), 3, level=level, home=home))
            labels.append(
                feature(place(admin, towns), 3, name=short_name(name), full=name, level=level, home=home)
            )
        elif home:
            borders.append(feature(outlines(admin["geometry"]), 6, level="county", home=True))
            labels.append(
                feature(place(admin, towns), 6, name=short_name(name), full=name, level="county", home=True)
            )
    return {"area": areas, "border": borders, "place": labels}


def water_layers():
    names = {"Poyang Hu": "鄱阳湖", "Dongting Hu": "洞庭湖", "Tai Hu": "太湖", "Chao Hu": "巢湖"}
    names |= {"Xinanjiang Shuiku": "千岛湖", "Xinfengjiang Shuiku": "新丰江水库", "Liangzi Hu": "梁子湖"}
    rivers_named = {"Gan": "赣江", "Chang Jiang": "长江", "Yangtze": "长江", "Xiang": "湘江", "Min": "闽江"}
    lakes = [
        feature(one["geometry"], 0, name=names.get(one["properties"]["name"]))
        for one in read_features("lakes_region_naturalearth.geojson.gz")
    ]
    rivers = [
        feature(
            one["geometry"],
            0 if (one["properties"]["scalerank"] or 9) < 7 else 5,
            name=rivers_named.get(one["properties"]["name"]),
            great=(one["properties"]["scalerank"] or 9) < 4,
        )
        for one in read_features("rivers_region_naturalearth.geojson.gz")
    ]
    return {"lake": lakes, "river": rivers}


def write_tiles(target):
    layers = admin_layers() | water_layers()
    with tempfile.TemporaryDirectory() as folder:
        named = []
        for name, features in layers.items():
            path = Path(folder) / f"{name}.geojson"
            path.write_text(
                json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False),
                encoding="utf-8",
            )
            named += ["-L", f"{name}:{path}"]
        # -r1: tippecanoe thins points at low zoom unless told to keep every one
        subprocess.run(  # noqa: S603
            [
                str(Path(sys.executable).parent / "tippecanoe"),
                "--quiet",
                "--force",
                "-z",
                str(MAX_ZOOM),
                "-r1",
                "--no-tile-size-limit",
                "--no-tiny-polygon-reduction",
                "-o",
                str(target),
                *named,
            ],
            check=True,
        )


def write_sketch(target):
    """Counties of the province as thin lines and names, for the small sketch on a phone: no map library there."""
    lines, places = [], []
    towns = town_positions()
    for admin in read_features("admin_7prov_tianditu.geojson.gz"):
        level, name = admin["properties"]["level"], admin["properties"]["name"]
        home = admin["properties"]["province"] == HOME
        if level == "district" and home:
            lines += [["county", path] for path in sketch_paths(admin["geometry"])]
            places.append([short_name(name), *place(admin, towns)["coordinates"]])
        elif level == "province":
            lines += [["province", path] for path in sketch_paths(admin["geometry"]) if home or near(path)]
    for lake in read_features("lakes_region_naturalearth.geojson.gz"):
        lines += [["lake", path] for path in sketch_paths(lake["geometry"]) if near(path)]
    target.write_text(
        json.dumps({"lines": lines, "places": places}, ensure_ascii=False, separators=(",", ":")), encoding="utf-8"
    )


def near(path):
    west, south, east, north = 113.0, 24.0, 119.0, 30.6  # the province with its edges
    return any(west < lon < east and south < lat < north for lon, lat in path)


def sketch_paths(geometry):
    """Rings thinned to about 500 m and rounded to 100 m."""
    for ring in rings(geometry):
        thin = LineString(ring).simplify(0.005).coords
        if len(thin) > 4:
            yield [[round(lon, 3), round(lat, 3)] for lon, lat in thin]


def read_heights():
    with gzip.open(SOURCE / "dem_5arcmin_region_pvlib.csv.gz", "rt", encoding="utf-8") as file:
        rows = [line for line in file if not line.startswith("#")]
    heights = np.array([[float(cell) for cell in row.strip().rstrip(",").split(",")] for row in rows])
    return np.where(heights < 0, 0.0, heights)


def mercator(lat):
    return math.log(math.tan(math.pi / 4 + math.radians(lat) / 2))


def sample(heights, lon, lat):
    """Smoothed heights at fractional cells: bicubic by two separable Catmull-Rom passes."""
    column = (lon - 108.291667) * 12.0
    row = (34.791667 - lat) * 12.0
    across = catmull_rom(heights, column, axis=1)
    return catmull_rom(across, row, axis=0)


def catmull_rom(values, at, axis):
    base = np.floor(at).astype(int)
    part = at - base
    weights = (
        -0.5 * part**3 + part**2 - 0.5 * part,
        1.5 * part**3 - 2.5 * part**2 + 1.0,
        -1.5 * part**3 + 2.0 * part**2 + 0.5 * part,
        0.5 * part**3 - 0.5 * part**2,
    )
    shape = [1, 1]
    shape[axis] = len(at)
    total = 0.0
    for offset, weight in zip((-1, 0, 1, 2), weights, strict=True):
        taken = np.take(values, np.clip(base + offset, 0, values.shape[axis] - 1), axis=axis)
        total = total + taken * weight.reshape(shape)
    return total


def relief():
    """Grey and alpha, uint8[height, width, 2]: light from the north-west, transparent on the flat."""
    west, south, east, north = EXTENT
    height = round(RELIEF_WIDTH * (mercator(north) - mercator(south)) / math.radians(east - west))
    lon = np.linspace(west, east, RELIEF_WIDTH)
    y = np.linspace(mercator(north), mercator(south), height)
    lat = np.degrees(2 * np.arctan(np.exp(y)) - math.pi / 2)
    surface = sample(read_heights(), lon, lat)
    slope_y, slope_x = np.gradient(surface)
    light = (slope_x + slope_y) / 22.0  # metres per pixel that give full shade, chosen by eye
    light = np.clip(light, -1, 1)
    grey = np.where(light < 0, 255, 0).astype(np.uint8)
    alpha = (np.abs(light) * np.where(light < 0, 70, 170) * edge_fade(*light.shape)).astype(np.uint8)
    return np.dstack([grey, alpha])


def edge_fade(height, width):
    """1 inside, falling to 0 at the edge, so that the picture has no border on the map."""
    across = np.minimum(np.arange(width), np.arange(width)[::-1]) / (0.12 * width)
    down = np.minimum(np.arange(height), np.arange(height)[::-1]) / (0.12 * height)
    return np.clip(down, 0, 1)[:, None] * np.clip(across, 0, 1)[None, :]


def write_png(target, pixels):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    height, width, _ = pixels.shape
    raw = b"".join(b"\x00" + pixels[row].tobytes() for row in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 4, 0, 0, 0)  # 8 bit, grey with alpha
    target.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b"")
    )


def main():
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    write_tiles(target / "region.pmtiles")
    write_sketch(target / "sketch.json")
    write_png(target / "relief.png", relief())


main()
