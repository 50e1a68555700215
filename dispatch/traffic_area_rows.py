"""The defaults of incident airspace, dated, with their sources. The newest row that is in force counts."""

from datetime import UTC, datetime

from dispatch.traffic_area_records import TrafficRules

NAUTICAL_MILE_M = 1_852.0
FOOT_M = 0.3048
KNOT_MPS = NAUTICAL_MILE_M / 3600

ROWS = (
    TrafficRules(
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
        source="NWCG PMS 515，建议值（proposed）；取整、区域与航线尺寸、同时作业架数由本站建议",  # DOMAIN §3
        call_m=12 * NAUTICAL_MILE_M,
        hold_m=7 * NAUTICAL_MILE_M,
        working_m=5 * NAUTICAL_MILE_M,
        helicopter_m=500 * FOOT_M,
        manoeuvre_m=1_000 * FOOT_M,
        orbit_m=1_500 * FOOT_M,
        control_m=2_500 * FOOT_M,
        media_m=3_500 * FOOT_M,
        rounding_m=10.0,
        speed_mps=150 * KNOT_MPS,
        trail_m=0.5 * NAUTICAL_MILE_M,
        zone_m=300.0,
        lane_m=400.0,
        merge_deg=30.0,
        most_at_work=4,  # the planner's layers over one scene (optimizer/situation_incidents.py)
    ),
)


def rules_at(now: datetime) -> TrafficRules:
    """The row in force; the first one before any was."""
    in_force = [row for row in ROWS if row.valid_from <= now]
    return max(in_force, key=lambda row: row.valid_from) if in_force else ROWS[0]
