"""The sizes of generated scenarios: those of the shared ones."""

from dataclasses import dataclass

Box = tuple[float, float, float, float]  # west, south, east, north, degrees
_JIANGXI: Box = (113.9, 24.6, 118.4, 30.0)
_SEVEN_PROVINCES: Box = (111.5, 23.5, 120.1, 31.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many of each, and where. `pads`: landing places drawn in addition to the named bases."""

    named_bases: int
    pads: int
    water_points: int
    hospitals: int
    fires: int
    tasks: int
    aircraft: int
    box: Box
    in_air: float
    rotors_only: bool = False


SIZES = {
    "S": Size(
        named_bases=14,
        pads=0,
        water_points=8,
        hospitals=6,
        fires=3,
        tasks=0,
        aircraft=6,
        box=_JIANGXI,
        in_air=0.0,
        rotors_only=True,
    ),
    "M": Size(
        named_bases=14,
        pads=0,
        water_points=30,
        hospitals=6,
        fires=6,
        tasks=4,
        aircraft=25,
        box=_JIANGXI,
        in_air=0.0,
    ),
    "L": Size(
        named_bases=30,
        pads=0,
        water_points=200,
        hospitals=6,
        fires=26,
        tasks=14,
        aircraft=120,
        box=_JIANGXI,
        in_air=0.03,
    ),
    "XL": Size(
        named_bases=30,
        pads=40,
        water_points=1000,
        hospitals=22,
        fires=100,
        tasks=50,
        aircraft=500,
        box=_SEVEN_PROVINCES,
        in_air=0.07,
    ),
}
