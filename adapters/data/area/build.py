"""Make `divisions.json.gz` beside this file from the basemap's borders: outlines, and a point inside every division.

Run by hand when the source changes: `python adapters/data/area/build.py`.
"""

import gzip
import json
from pathlib import Path
from typing import Any

from shapely.geometry import mapping, shape

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[2] / "webui" / "basemap" / "source" / "admin_7prov_tianditu.geojson.gz"
TOLERANCE_DEG = 0.005  # about 500 m: enough to say whose an alarm is, not where a border runs
COUNTY_TOLERANCE_DEG = 0.01


def main() -> None:
    """Write the file."""
    with gzip.open(SOURCE, "rt", encoding="utf-8") as stream:
        features = json.load(stream)["features"]
    provinces, divisions, counties = {}, {}, {}
    for feature in features:
        said, outline = feature["properties"], shape(feature["geometry"])
        code = str(said["adcode"])
        if said["level"] == "province":
            provinces[code[:2]] = {
                "name": said["name"],
                "outline": rounded(mapping(outline.simplify(TOLERANCE_DEG))),
            }
        inside = outline.representative_point()
        names = dict.fromkeys(part for part in (said["province"], said["city"], said["name"]) if part)
        west, south, east, north = outline.bounds
        if said["level"] == "district":
            counties[code] = rounded(mapping(outline.simplify(COUNTY_TOLERANCE_DEG)))
        divisions[code] = [
            "".join(names),
            round(inside.x, 4),
            round(inside.y, 4),
            round(max(east - west, north - south) * 111.2 / 2, 1),
        ]
    made = {"provinces": provinces, "divisions": divisions, "counties": counties}
    text = json.dumps(made, ensure_ascii=False, separators=(",", ":")) + "\n"
    (HERE / "divisions.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def rounded(value: Any) -> Any:
    """Coordinates to four digits, about 10 m."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, (list, tuple)) else value


if __name__ == "__main__":
    main()
