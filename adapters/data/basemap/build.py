"""Make `region.json.gz` beside this file from the console's basemap: borders, waters, towns, for pictures the server draws.

Run by hand when the source changes: `python adapters/data/basemap/build.py`.
"""

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shapely.geometry import Point, shape

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[2] / "webui" / "basemap" / "source"
HOME = "江西省"
TOLERANCE_DEG = {"province": 0.002, "city": 0.002, "district": 0.002}  # some 200 m: the source has no more
ELSEWHERE_DEG = 0.006  # counties of other provinces
WATERS = {
    "Poyang Hu": "鄱阳湖",
    "Dongting Hu": "洞庭湖",
    "Tai Hu": "太湖",
    "Chao Hu": "巢湖",
    "Liangzi Hu": "梁子湖",
    "Xinanjiang Shuiku": "千岛湖",
    "Xinfengjiang Shuiku": "新丰江水库",
    "Gan": "赣江",
    "Chang Jiang": "长江",
    "Yangtze": "长江",
    "Xiang": "湘江",
    "Min": "闽江",
}
_ENDINGS = ("土家族苗族自治州", "土家族自治县", "瑶族自治县", "畲族自治县", "自治州", "林区")


def main() -> None:
    """Write the file."""
    towns = _towns()
    borders: list[Any] = []
    places: list[Any] = []
    for feature in _features("admin_7prov_tianditu.geojson.gz"):
        said, area = feature["properties"], shape(feature["geometry"])
        level, home = said["level"], said["province"] == HOME
        tolerance = TOLERANCE_DEG[level] if home or level != "district" else ELSEWHERE_DEG
        borders += [[level, home, ring] for ring in _rings(area.simplify(tolerance))]
        name = said["name"]
        if level == "province" and home:
            continue
        inside = None if level == "province" else _town(towns, said, area)
        point = inside or area.representative_point()
        places.append([level, home, _short(name), round(point.x, 4), round(point.y, 4)])
    made = {"borders": borders, "places": places, "lakes": list(_lakes()), "rivers": list(_rivers())}
    text = json.dumps(made, ensure_ascii=False, separators=(",", ":")) + "\n"
    (HERE / "region.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def _features(name: str) -> Any:
    with gzip.open(SOURCE / name, "rt", encoding="utf-8") as stream:
        return json.load(stream)["features"]


def _rings(area: Any) -> Iterator[list[list[float]]]:
    for part in getattr(area, "geoms", [area]):
        for ring in (part.exterior, *part.interiors):
            if len(ring.coords) > 4:
                yield [[round(lon, 4), round(lat, 4)] for lon, lat, *_ in ring.coords]


def _lakes() -> Iterator[Any]:
    for feature in _features("lakes_region_naturalearth.geojson.gz"):
        name, area = WATERS.get(feature["properties"]["name"], ""), shape(feature["geometry"])
        middle = area.representative_point()
        rings = list(_rings(area))
        if rings:
            yield [name, [round(middle.x, 4), round(middle.y, 4)], rings]


def _rivers() -> Iterator[Any]:
    for feature in _features("rivers_region_naturalearth.geojson.gz"):
        rank = feature["properties"]["scalerank"] or 9
        way = shape(feature["geometry"])
        for part in getattr(way, "geoms", [way]):
            line = [[round(lon, 4), round(lat, 4)] for lon, lat, *_ in part.coords]
            yield [WATERS.get(feature["properties"]["name"], ""), rank < 4, line]


def _towns() -> dict[tuple[str, str], tuple[int, Point]]:
    """Of each province and name the most populous."""
    best: dict[tuple[str, str], tuple[int, Point]] = {}
    with gzip.open(SOURCE / "places_7prov_geonames.csv.gz", "rt", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            for name in filter(None, row["name_zh"].split("|")):
                people, key = int(row["population"] or 0), (row["province"], name)
                if key not in best or people > best[key][0]:
                    best[key] = people, Point(float(row["lon"]), float(row["lat"]))
    return best


def _town(towns: dict[tuple[str, str], tuple[int, Point]], said: Any, area: Any) -> Point | None:
    """The town that gives an area its name, if it is known inside it."""
    for name in (said["name"], said["name"][:-1]):
        found = towns.get((said["province"].removesuffix("省"), name))
        if found is not None and area.contains(found[1]):
            return found[1]
    return None


def _short(name: str) -> str:
    ending = next((each for each in _ENDINGS if name.endswith(each)), "")
    if ending:
        return name.removesuffix(ending)
    return name[:-1] if len(name) > 2 and name[-1] in "省市县区州" else name


if __name__ == "__main__":
    main()
