"""From degrees to pixels: Mercator around the middle of the picture, and the letters and colours that all of it uses."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from PIL import ImageFont

import adapters.data
from adapters.rooms.map_picture.scene import Place

WIDTH, HEIGHT = 1920, 1080
HEAD, FOOT, SIDE = 84, 52, 440  # pixels of the bars around the map
FONT_FILE = Path(adapters.data.__file__).parent / "fonts" / "NotoSansSC-Regular.ttf"

INK, FAINT, PAPER = "#16202a", "#5c6d7d", "#ffffff"
BAR, ON_BAR, DIM_ON_BAR = "#14212e", "#f4f7fa", "#a9b8c6"
DRILL, ALARM = "#d97706", "#c81e1e"
OURS = "#1d4ed8"
HUES = (OURS, "#7c3aed", "#0f766e", "#b45309", "#be185d", "#4d7c0f")


@cache
def font(size: int) -> Any:
    """The shipped letters."""
    return ImageFont.truetype(str(FONT_FILE), size)


def mercator(lat_deg: float) -> float:
    """In degrees of longitude at the equator."""
    return math.degrees(math.log(math.tan(math.pi / 4 + math.radians(lat_deg) / 2)))


@dataclass(frozen=True, slots=True)
class View:
    """Which part of the earth the map shows; `scale` 2 for what is drawn large and made smaller."""

    centre: Place
    half_km: float
    scale: int = 1

    @property
    def middle(self) -> Place:
        """Pixels: of the map, without the bars."""
        return (WIDTH - SIDE) / 2 * self.scale, (HEAD + (HEIGHT - HEAD - FOOT) / 2) * self.scale

    @property
    def per_deg(self) -> float:
        """Pixels of one degree of longitude."""
        half_px = (HEIGHT - HEAD - FOOT) / 2 * self.scale
        return half_px / (self.half_km / 111.2) * math.cos(math.radians(self.centre[1]))

    @property
    def per_km(self) -> float:
        """Pixels of a kilometre in the middle."""
        return (HEIGHT - HEAD - FOOT) / 2 * self.scale / self.half_km

    def at(self, place: Place) -> Place:
        """Pixels of a place."""
        x, y = self.middle
        east = (place[0] - self.centre[0]) * self.per_deg
        north = (mercator(place[1]) - mercator(self.centre[1])) * self.per_deg
        return x + east, y - north

    def line(self, places: Iterable[Place]) -> list[Place]:
        """Pixels of many."""
        return [self.at(each) for each in places]

    def near(self, places: Iterable[Place]) -> bool:
        """Whether some of it may be in the picture."""
        west = east = south = north = None
        for lon, lat in places:
            west, east = min(lon, west or lon), max(lon, east or lon)
            south, north = min(lat, south or lat), max(lat, north or lat)
        if west is None or east is None or south is None or north is None:
            return False
        far = self.half_km / 111.2 * 2.6
        lon, lat = self.centre
        return west < lon + far and east > lon - far and south < lat + far and north > lat - far

    def shows(self, place: Place) -> bool:
        """Whether a place is on the map itself."""
        x, y = self.at(place)
        s = self.scale
        return 0 <= x <= (WIDTH - SIDE) * s and HEAD * s <= y <= (HEIGHT - FOOT) * s
