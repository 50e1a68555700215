"""What a site answers that keeps no run cards, no duty roster, no chart and no ground."""

from typing import Any

NO_CARD = {
    "version": 1,
    "county": "",
    "county_name": "",
    "proposed": None,
    "fitting": [],
    "applied": None,
    "proposes_other": False,
    "clocks": [],
    "raised_level": None,
    "raised_card": None,
}  # of a site that keeps no run cards


NO_CONFLICTS: dict[str, Any] = {
    "at": "2026-11-24T03:00:00Z",
    "known": True,
    "way": [],
    "conflicts": [],
    "alternatives": [],
    "limits": {
        "apart_m": 1000.0,
        "slack_s": 120.0,
        "height_m": 100.0,
        "near_place_m": 3000.0,
        "valid_from": "2026-11-26",
        "source": "proposed",
    },
}  # of a plan that meets nobody


PLAIN_SITE: dict[str, Any] = {  # what a site answers that keeps none of it
    "video/senders": {"listening": False, "items": []},
    "video/recordings": {"items": [], "next": None},
    "video/clips": {"items": [], "next": None},
    "duty": {"on_duty": [], "coming": [], "handover": None},
    "volumes/map": {"whole": True, "through": 0, "gone": [], "features": []},
    "weather": {
        "at": "2026-11-24T03:00:00Z",
        "minima": 0,
        "report_age_s": 4500,
        "stations": [],
        "forecasts": [],
    },
    "aid": {"items": [], "next": None},
    "partner-airspace": {"items": []},
    "hazards": {"at": "2026-11-24T03:00:00Z", "items": []},
    "fitness": [],  # everybody may fly
    "terrain": {"state": "none", "fit": False, "tiles": [], "faults": [], "obstacles": 0},
    "terrain/elevation": {"elevation_m": None, "fit": False},
    "tracks/heights": {"numbers": [], "heights_m": []},
    "tracks/height": {
        "height_above_ground_m": None,
        "within_m": None,
        "by": None,
        "ground_m": None,
        "reason": "no_terrain",
        "obstacle": None,
    },
}
