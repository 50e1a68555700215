"""What burns: the thirteen standard fire behaviour fuel models, and how wet they are.

Pure data. Loads, depths and moistures of extinction: Albini (1976), USDA Forest Service INT-30, table 7, as described
by Anderson (1982), INT-122; they are in pounds and feet because the equations of spread (rothermel.py) were fitted so.
All thirteen are static models: no live load is cured into a dead one.

Which of them Jiangxi has is our reading of Anderson's descriptions, not a survey: open grass slopes (荒草坡) 1 and 3;
evergreen scrub 5, dry scrub and fern under pine (芒萁) 6 and 7; closed fir (杉木) 8; masson pine needles and fallen
broad leaves (马尾松, 阔叶) 9; either with much dead wood 10; cutting residue (采伐迹地) 11 to 13.
"""

from dataclasses import dataclass
from enum import IntEnum


class Fuel(IntEnum):
    """A fuel model by Anderson's number."""

    SHORT_GRASS = 1
    TIMBER_GRASS = 2
    TALL_GRASS = 3
    CHAPARRAL = 4
    BRUSH = 5
    DRY_BRUSH = 6
    SOUTHERN_ROUGH = 7
    CLOSED_LITTER = 8
    OPEN_LITTER = 9  # long needles or fallen hardwood leaves
    LITTER_UNDERSTORY = 10
    LIGHT_SLASH = 11
    MEDIUM_SLASH = 12
    HEAVY_SLASH = 13


FUEL_EN: dict[Fuel, str] = {
    Fuel.SHORT_GRASS: "short grass",
    Fuel.TIMBER_GRASS: "timber grass",
    Fuel.TALL_GRASS: "tall grass",
    Fuel.CHAPARRAL: "chaparral",
    Fuel.BRUSH: "brush",
    Fuel.DRY_BRUSH: "dry brush",
    Fuel.SOUTHERN_ROUGH: "southern rough",
    Fuel.CLOSED_LITTER: "litter under closed timber",
    Fuel.OPEN_LITTER: "pine and hardwood litter",
    Fuel.LITTER_UNDERSTORY: "litter and understory",
    Fuel.LIGHT_SLASH: "light slash",
    Fuel.MEDIUM_SLASH: "medium slash",
    Fuel.HEAVY_SLASH: "heavy slash",
}
FUEL_ZH: dict[Fuel, str] = {
    Fuel.SHORT_GRASS: "矮草",
    Fuel.TIMBER_GRASS: "林下草",
    Fuel.TALL_GRASS: "高草",
    Fuel.CHAPARRAL: "高灌丛",
    Fuel.BRUSH: "常绿灌丛",
    Fuel.DRY_BRUSH: "干灌丛",
    Fuel.SOUTHERN_ROUGH: "林下灌丛",
    Fuel.CLOSED_LITTER: "密林枯落物",
    Fuel.OPEN_LITTER: "松针与阔叶枯落物",
    Fuel.LITTER_UNDERSTORY: "枯落物与枯木",
    Fuel.LIGHT_SLASH: "轻采伐剩余物",
    Fuel.MEDIUM_SLASH: "中采伐剩余物",
    Fuel.HEAVY_SLASH: "重采伐剩余物",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FuelModel:
    """One fuel bed. Loads are ovendry, lb/ft²; surface-area-to-volume ratios ft²/ft³, of the others in rothermel.py."""

    dead_1h: float
    dead_10h: float = 0.0
    dead_100h: float = 0.0
    live: float = 0.0
    sigma_1h: float
    depth_ft: float
    extinction: float  # dead moisture at which it stops burning, fraction of dry weight
    sheltered: bool = False  # under a stand of trees, which takes the wind off


MODELS: dict[Fuel, FuelModel] = {
    Fuel.SHORT_GRASS: FuelModel(dead_1h=0.034, sigma_1h=3500, depth_ft=1.0, extinction=0.12),
    Fuel.TIMBER_GRASS: FuelModel(
        dead_1h=0.092,
        dead_10h=0.046,
        dead_100h=0.023,
        live=0.023,
        sigma_1h=3000,
        depth_ft=1.0,
        extinction=0.15,
    ),
    Fuel.TALL_GRASS: FuelModel(dead_1h=0.138, sigma_1h=1500, depth_ft=2.5, extinction=0.25),
    Fuel.CHAPARRAL: FuelModel(
        dead_1h=0.230,
        dead_10h=0.184,
        dead_100h=0.092,
        live=0.230,
        sigma_1h=2000,
        depth_ft=6.0,
        extinction=0.20,
    ),
    Fuel.BRUSH: FuelModel(
        dead_1h=0.046, dead_10h=0.023, live=0.092, sigma_1h=2000, depth_ft=2.0, extinction=0.20
    ),
    Fuel.DRY_BRUSH: FuelModel(
        dead_1h=0.069, dead_10h=0.115, dead_100h=0.092, sigma_1h=1750, depth_ft=2.5, extinction=0.25
    ),
    Fuel.SOUTHERN_ROUGH: FuelModel(
        dead_1h=0.052,
        dead_10h=0.086,
        dead_100h=0.069,
        live=0.017,
        sigma_1h=1750,
        depth_ft=2.5,
        extinction=0.40,
    ),
    Fuel.CLOSED_LITTER: FuelModel(
        dead_1h=0.069,
        dead_10h=0.046,
        dead_100h=0.115,
        sigma_1h=2000,
        depth_ft=0.2,
        extinction=0.30,
        sheltered=True,
    ),
    Fuel.OPEN_LITTER: FuelModel(
        dead_1h=0.134,
        dead_10h=0.019,
        dead_100h=0.007,
        sigma_1h=2500,
        depth_ft=0.2,
        extinction=0.25,
        sheltered=True,
    ),
    Fuel.LITTER_UNDERSTORY: FuelModel(
        dead_1h=0.138,
        dead_10h=0.092,
        dead_100h=0.230,
        live=0.092,
        sigma_1h=2000,
        depth_ft=1.0,
        extinction=0.25,
        sheltered=True,
    ),
    Fuel.LIGHT_SLASH: FuelModel(
        dead_1h=0.069, dead_10h=0.207, dead_100h=0.253, sigma_1h=1500, depth_ft=1.0, extinction=0.15
    ),
    Fuel.MEDIUM_SLASH: FuelModel(
        dead_1h=0.184, dead_10h=0.644, dead_100h=0.759, sigma_1h=1500, depth_ft=2.3, extinction=0.20
    ),
    Fuel.HEAVY_SLASH: FuelModel(
        dead_1h=0.322, dead_10h=1.058, dead_100h=1.288, sigma_1h=1500, depth_ft=3.0, extinction=0.25
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moisture:
    """Water in the fuel, fraction of dry weight.

    The starting values are those under which Anderson (1982) tells the thirteen models apart: dead 8 %, live 100 %.
    """

    dead_1h: float = 0.08
    dead_10h: float = 0.08
    dead_100h: float = 0.08
    live: float = 1.0
