"""The rate of spread against BehavePlus's own code and against Anderson's published figures."""

import csv
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.fuels import MODELS, Fuel, Moisture
from optimizer.rothermel import spread

BEHAVE = Path(__file__).parents[1] / "data/fire/behave.csv"
M_S_PER_CHAIN_H = 20.1168 / 3600
M_S_PER_MI_H = 0.44704
KW_M_PER_BTU_FT_S = 3.4614

# Anderson (1982), INT-122: chains an hour and feet of flame with 5 mi/h at flame height, dead fuel at 8 %, live at 100 %.
ANDERSON = {
    1: (78, 4),
    2: (35, 6),
    3: (104, 12),
    4: (75, 19),
    5: (18, 4),
    6: (32, 6),
    7: (20, 5),
    8: (1.6, 1),
    9: (7.5, 2.6),
    10: (7.9, 4.8),
    11: (6.0, 3.5),
    12: (13, 8),
    13: (13.5, 10.5),
}
FUELS = st.sampled_from(Fuel)
WINDS = st.floats(0, 40)
SLOPES = st.floats(0, 1)
DRY = st.floats(0.01, 0.6)


def test_rate_and_intensity_are_those_of_behaveplus() -> None:
    """468 cases: thirteen fuels, three moistures, four winds, three slopes, past the wind limit too."""
    with BEHAVE.open() as rows:
        cases = list(csv.DictReader(rows))
    assert len(cases) == 468
    for row in cases:
        wet = float(row["moisture"])
        head = spread(
            MODELS[Fuel(int(row["fuel_model"]))],
            Moisture(dead_1h=wet, dead_10h=wet, dead_100h=wet),
            float(row["midflame_mi_h"]) * M_S_PER_MI_H,
            math.tan(math.radians(float(row["slope_deg"]))),
        )
        assert head.rate_mps / M_S_PER_CHAIN_H == pytest.approx(
            float(row["rate_chains_h"]), rel=1e-4, abs=1e-9
        )
        intensity = head.intensity_kw_m / KW_M_PER_BTU_FT_S
        assert intensity == pytest.approx(float(row["intensity_btu_ft_s"]), rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("number", ANDERSON)
def test_anderson_tells_the_fuels_apart_by_the_same_figures(number: int) -> None:
    """His were read off nomograms: within an eighth, the two with a live layer that he rounds apart within a third."""
    rate_chains_h, flame_ft = ANDERSON[number]
    head = spread(MODELS[Fuel(number)], Moisture(), 5 * M_S_PER_MI_H, 0.0)
    most = 1 / 3 if number in (5, 7) else 1 / 8
    assert head.rate_mps / M_S_PER_CHAIN_H == pytest.approx(rate_chains_h, rel=most)
    flame = 0.45 * (head.intensity_kw_m / KW_M_PER_BTU_FT_S) ** 0.46  # Byram (1959)
    assert flame == pytest.approx(flame_ft, rel=1 / 8)


@given(FUELS, DRY, WINDS, WINDS, SLOPES, SLOPES)
def test_more_wind_or_slope_never_slows_the_head(
    fuel: Fuel, wet: float, wind: float, more: float, slope: float, steeper: float
) -> None:
    moisture = Moisture(dead_1h=wet, dead_10h=wet, dead_100h=wet)
    calm, strong = sorted((wind, more))
    flat, steep = sorted((slope, steeper))
    slow = spread(MODELS[fuel], moisture, calm, flat)
    fast = spread(MODELS[fuel], moisture, strong, steep)
    assert 0 <= slow.rate_mps <= fast.rate_mps * (1 + 1e-12)
    assert slow.wind_mps <= fast.wind_mps * (1 + 1e-12)


@given(FUELS, WINDS, SLOPES, DRY, DRY)
def test_wetter_dead_fuel_never_burns_faster(
    fuel: Fuel, wind: float, slope: float, one: float, other: float
) -> None:
    dry, wet = sorted((one, other))
    rates = [
        spread(MODELS[fuel], Moisture(dead_1h=m, dead_10h=m, dead_100h=m), wind, slope).rate_mps
        for m in (dry, wet)
    ]
    assert rates[1] <= rates[0] * (1 + 1e-12)


def test_fuel_past_its_extinction_does_not_burn() -> None:
    soaked = Moisture(dead_1h=1.0, dead_10h=1.0, dead_100h=1.0, live=5.0)
    for model in MODELS.values():
        head = spread(model, soaked, 10.0, 0.5)
        assert (head.rate_mps, head.heat_kj_m2, head.wind_mps) == (0.0, 0.0, 0.0)
