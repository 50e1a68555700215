"""Kinds of weather reports, of minima and of hazards; part of dispatch/kinds.py."""

from enum import StrEnum


class WeatherKind(StrEnum):
    """How a report came to be."""

    METAR = "metar"
    SPECI = "speci"
    STATION = "station"  # 自动站
    HAND = "hand"  # 人工录入


class MinimumMeasure(StrEnum):
    """What a row of the minima limits."""

    VISIBILITY_M = "visibility_m"  # least, metres
    CEILING_M = "ceiling_m"  # least, metres above ground
    WIND_MPS = "wind_mps"  # most, mean wind
    GUST_MPS = "gust_mps"  # most
    CROSSWIND_MPS = "crosswind_mps"  # most; without a runway's direction the whole wind counts as crosswind
    DENSITY_ALTITUDE_M = "density_altitude_m"  # most, at the place of work
    BEFORE_SUNSET_S = "before_sunset_s"  # least time between the landing and sunset
    REPORT_AGE_S = "report_age_s"  # older reports are of the past
    STATION_DISTANCE_M = "station_distance_m"  # stations farther away say nothing of a place


WHOLE_SITE = frozenset({MinimumMeasure.REPORT_AGE_S, MinimumMeasure.STATION_DISTANCE_M})  # of no one flight


class HazardKind(StrEnum):
    """What a model or a survey says lies there."""

    PLUME = "plume"  # 烟羽, 毒气
    BLAST = "blast"  # 爆炸
    INUNDATION = "inundation"  # 淹没
    FIRE_PERIMETER = "fire_perimeter"  # 火线: for information, unless it says keep_out


class Certainty(StrEnum):
    """How sure its source is, in CAP's words."""

    OBSERVED = "observed"
    LIKELY = "likely"
    POSSIBLE = "possible"
    UNKNOWN = "unknown"
