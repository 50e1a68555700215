"""The ground of the map: borders, waters, towns, soft relief where the console's is there. Drawn once for a view."""

import gzip
import json
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from shapely import LineString

import adapters.data
from adapters.rooms.map_picture.scene import Place
from adapters.rooms.map_picture.view import HEAD, HEIGHT, SIDE, WIDTH, View, font

REGION = Path(adapters.data.__file__).parent / "basemap" / "region.json.gz"
RELIEF = Path(__file__).resolve().parents[3] / "webui" / "dist" / "basemap" / "relief.png"
RELIEF_EXTENT = (111.0, 22.6, 121.6, 32.4)  # webui/basemap/build.py
RELIEF_STRENGTH = 0.28
LAND, LAKE, RIVER = "#f3f3ea", "#b5d3ec", "#8fb8dc"
LINES = {"district": ("#b9b6a8", 1), "city": ("#9d9a8c", 2), "province": ("#6b5f7a", 4)}
LABELS = {"city": (30, "#33404c"), "district": (24, "#56636f"), "province": (36, "#8a7f98")}
WATER_LABEL = "#2f6ea3"
DASH, GAP = 6, 3  # in widths of the line
Box = tuple[float, float, float, float]  # left, top, right, bottom, pixels
FINE = 2  # drawn so many times larger, then made smaller


@cache
def region() -> Any:
    """Borders, places, lakes, rivers."""
    return json.loads(gzip.decompress(REGION.read_bytes()))


@lru_cache(maxsize=4)
def ground(centre: Place, half_km: float, kept_free: tuple[Place, ...] = ()) -> Image.Image:
    """A picture of the whole size; not to be changed. No name is written over places that are kept free."""
    large = View(centre, half_km, FINE)
    image = Image.new("RGB", (WIDTH * FINE, HEIGHT * FINE), LAND)
    draw = ImageDraw.Draw(image)
    for _, _, rings in region()["lakes"]:
        if large.near(rings[0]):
            draw.polygon(large.line(rings[0]), fill=LAKE, outline=RIVER)
    for _, great, way in region()["rivers"]:
        if large.near(way):
            draw.line(large.line(way), fill=RIVER, width=(9 if great else 5) * FINE // 2, joint="curve")
    for level, (colour, width) in LINES.items():
        for of, _, ring in region()["borders"]:
            if of == level and large.near(ring):
                _border(draw, large.line(ring), colour, width * FINE, broken=level == "province")
    small = image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    _shade(small, View(centre, half_km))
    _name(small, View(centre, half_km), kept_free)
    return small


def _border(draw: Any, line: Any, colour: str, width: int, *, broken: bool) -> None:
    """A province's is a broken line, as on printed maps."""
    if not broken:
        draw.line(line, fill=colour, width=width, joint="curve")
        return
    fine = list(LineString(line).segmentize(width).coords)
    for at in range(0, len(fine) - 1, DASH + GAP):
        draw.line(fine[at : at + DASH + 1], fill=colour, width=width, joint="curve")


def _shade(image: Image.Image, view: View) -> None:
    """The console's own relief, where the page is built: cells of 9 km, for the eye alone."""
    if not RELIEF.exists():
        return
    west, south, east, north = RELIEF_EXTENT
    left, top = view.at((west, north))
    right, bottom = view.at((east, south))
    with Image.open(RELIEF) as kept:
        across, down = kept.width / (right - left), kept.height / (bottom - top)
        box = (-left * across, -top * down, (WIDTH - left) * across, (HEIGHT - top) * down)
        if box[0] < 0 or box[1] < 0 or box[2] > kept.width or box[3] > kept.height:
            return  # beyond what it covers
        part = kept.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC, box=box)
    grey, alpha = part.split()
    image.paste(grey.convert("RGB"), (0, 0), alpha.point(lambda value: int(value * RELIEF_STRENGTH)))


def _name(image: Image.Image, view: View, kept_free: tuple[Place, ...]) -> None:
    draw = ImageDraw.Draw(image)
    taken = [(x - 60, y - 12, x + 60, y + 40) for x, y in view.line(kept_free)]
    for name, middle, _ in region()["lakes"]:
        if name and view.shows(middle):
            _label(draw, taken, view.at(middle), name, 26, WATER_LABEL)
    order = ("city", "province", "district") if view.half_km > 20 else ("city", "district")
    for level in order:
        for of, home, name, lon, lat in region()["places"]:
            if of == level and view.shows((lon, lat)) and (home or view.half_km < 70 or level != "district"):
                size, colour = LABELS[level]
                x, y = view.at((lon, lat))
                if _label(draw, taken, (x, y), name, size, colour) and level != "province":
                    draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill="#ffffff", outline=colour, width=2)
    for name, _, way in region()["rivers"]:
        seen = [each for each in way if view.shows(each)] if name else []
        if seen:
            _label(draw, taken, view.at(seen[len(seen) // 2]), name, 24, WATER_LABEL)


def _label(  # noqa: PLR0917  # as draw.text takes them
    draw: Any, taken: list[Box], at: Place, name: str, size: int, colour: str
) -> bool:
    """Above its place, unless something stands there."""
    x, y = at
    half = len(name) * size / 2
    box = (x - half - 6, y - size - 16, x + half + 6, y + 4)
    inside = box[0] > 0 and box[2] < WIDTH - SIDE and box[1] > HEAD
    if not inside or any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken):
        return False
    taken.append(box)
    draw.text((x, y - 10), name, font=font(size), fill=colour, anchor="ms", stroke_width=3, stroke_fill=LAND)
    return True
