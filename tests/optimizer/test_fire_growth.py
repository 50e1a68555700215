"""A fire's water from wind, slope, fuel and size: shape, figures, and that no input makes nonsense of it."""

import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.fire_growth import (
    Advance,
    Ground,
    advance,
    area_after_m2,
    length_to_breadth,
    midflame_share,
    water,
)
from optimizer.fuels import Fuel, Moisture

FUELS = st.sampled_from(Fuel)
ANY = st.none() | st.floats()
AREAS = st.floats(0, 1e10)


def how(fuel: Fuel = Fuel.OPEN_LITTER, wind_mps: float = 4.0, slope_deg: float = 0.0) -> Advance:
    return advance(Ground(fuel=fuel, wind_mps=wind_mps, slope_deg=slope_deg, moisture=Moisture()))


@given(
    st.none() | FUELS,
    ANY,
    ANY,
    st.none() | st.builds(Moisture, dead_1h=st.floats(0, 3), live=st.floats(0, 5)),
    AREAS,
)
def test_whatever_is_said_of_the_ground_the_water_is_finite_and_not_negative(
    fuel: Fuel | None, wind: float | None, slope: float | None, moisture: Moisture | None, area_m2: float
) -> None:
    """NaN and infinite winds, hurricanes, cliffs, soaked fuel."""
    said = advance(Ground(fuel=fuel, wind_mps=wind, slope_deg=slope, moisture=moisture))
    asked = water(said, area_m2)
    for figure in (
        said.head_mps, said.back_mps, said.intensity_kw_m, said.perimeter_mps, said.root_area_mps,
        asked.demand_l, asked.growth_lps, area_after_m2(said, area_m2, 14_400),
    ):  # fmt: skip
        assert math.isfinite(figure)
        assert figure >= 0
    assert said.back_mps <= said.head_mps
    assert 1 <= said.length_to_breadth <= 8


@given(FUELS, st.floats(0, 60), st.floats(0, 60), st.floats(0, 90), st.floats(0, 90), AREAS)
def test_more_wind_or_a_steeper_slope_never_asks_for_less(
    fuel: Fuel, wind: float, more: float, slope: float, steeper: float, area_m2: float
) -> None:
    less = how(fuel, min(wind, more), min(slope, steeper))
    greater = how(fuel, max(wind, more), max(slope, steeper))
    assert less.head_mps <= greater.head_mps * (1 + 1e-9)
    assert water(less, area_m2).demand_l <= water(greater, area_m2).demand_l * (1 + 1e-9)
    assert water(less, area_m2).growth_lps <= water(greater, area_m2).growth_lps * (1 + 1e-9)


@given(FUELS, st.floats(0, 30), st.floats(0, 45), st.floats(1, 1e8), st.floats(1, 86_400))
def test_growth_is_what_demand_gains_in_a_second_at_any_size(
    fuel: Fuel, wind: float, slope: float, area_m2: float, elapsed_s: float
) -> None:
    """Demand is linear in time: the planner's one growth figure is exact."""
    fire = how(fuel, wind, slope)
    now, later = water(fire, area_m2), water(fire, area_after_m2(fire, area_m2, elapsed_s))
    assert later.growth_lps == now.growth_lps
    assert later.demand_l - now.demand_l == pytest.approx(now.growth_lps * elapsed_s, rel=1e-6, abs=1e-3)


@given(FUELS, st.floats(0, 30), AREAS, AREAS)
def test_a_larger_fire_asks_for_more_and_grows_as_fast(
    fuel: Fuel, wind: float, one: float, other: float
) -> None:
    fire = how(fuel, wind)
    small, large = water(fire, min(one, other)), water(fire, max(one, other))
    assert small.demand_l <= large.demand_l
    assert small.growth_lps == large.growth_lps


def test_a_calm_fire_is_a_circle_that_grows_at_its_rate_all_round() -> None:
    fire = how(wind_mps=0.0)
    assert fire.length_to_breadth == 1
    assert fire.back_mps == pytest.approx(fire.head_mps)
    assert fire.perimeter_mps == pytest.approx(2 * math.pi * fire.head_mps)


@pytest.mark.parametrize(("midflame_mi_h", "ratio"), [(0, 1.0), (2, 1.18), (5, 1.58), (10, 2.79)])
def test_the_ellipse_is_as_long_as_andersons_curve(midflame_mi_h: float, ratio: float) -> None:
    """0.936 e^0.1147U + 0.461 e^-0.0692U - 0.397, U in mi/h: the form in which BehavePlus prints it (Andrews 2018)."""
    assert length_to_breadth(midflame_mi_h * 0.44704) == pytest.approx(ratio, abs=0.02)
    curve = 0.936 * math.exp(0.1147 * midflame_mi_h) + 0.461 * math.exp(-0.0692 * midflame_mi_h) - 0.397
    assert length_to_breadth(midflame_mi_h * 0.44704) == pytest.approx(curve, rel=1e-3)


def test_wind_at_flame_height_is_the_share_that_is_printed_for_open_fuel() -> None:
    """Of the wind at 20 ft: 0.36, 0.44, 0.55 and 0.42 (models 1, 3, 4, 5; Baughman and Albini 1980)."""
    for fuel, share in (
        (Fuel.SHORT_GRASS, 0.36),
        (Fuel.TALL_GRASS, 0.44),
        (Fuel.CHAPARRAL, 0.55),
        (Fuel.BRUSH, 0.42),
    ):
        assert midflame_share(fuel) * 1.15 == pytest.approx(share, abs=0.006)


def test_what_is_not_known_is_assumed_and_named() -> None:
    assert advance(Ground()).assumed == {"fuel", "wind", "slope", "moisture"}
    assert advance(Ground(wind_mps=math.nan, slope_deg=math.inf)).assumed >= {"wind", "slope"}
    assert (
        advance(Ground(fuel=Fuel.BRUSH, wind_mps=0.0, slope_deg=0.0, moisture=Moisture())).assumed
        == frozenset()
    )


def test_a_fire_of_each_size_asks_for_what_dispatchers_send() -> None:
    """Pine litter, light wind: tens of tonnes for ten hectares, hundreds for hundreds; grass in a gale far outgrows it."""
    asked = [water(how(), hectares * 1e4).demand_l / 1000 for hectares in (0.3, 10, 300, 1000)]
    assert asked == [pytest.approx(t, rel=0.05) for t in (8.4, 48, 266, 485)]
    assert water(how(), 1e4).growth_lps == pytest.approx(2.3, abs=0.1)
    assert water(how(Fuel.TALL_GRASS, 12.0), 1e4).growth_lps > 150


def test_the_documented_table_is_what_the_model_says() -> None:
    page = (Path(__file__).parents[2] / "docs/fire_growth.md").read_text()
    rows = [
        line.strip("| ").split(" | ") for line in page.splitlines() if re.match(r"\| \d+ \S+ \| \d+ \|", line)
    ]
    assert len(rows) == 24
    for name, wind, *figures in rows:
        fire = how(Fuel(int(name.split()[0])), float(wind))
        asked = water(fire, 1e5)
        said = (
            fire.head_mps * 60,
            fire.length_to_breadth,
            fire.intensity_kw_m,
            fire.perimeter_mps * 60,
            asked.demand_l / 1000,
            asked.growth_lps,
        )
        assert figures == [f"{x:.{len(f.partition('.')[2])}f}" for x, f in zip(said, figures, strict=True)]
