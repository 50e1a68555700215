"""How good a transponder says its position is, as the radius that holds the true one with 95 %.

An aircraft states its accuracy category (NACp) in its operational status and its target state. Until it has, only the
type code of a position speaks: it names a containment radius (NIC), which is never smaller than the 95 % one.
Sources: RTCA DO-260B §2.2.3.2.7.2.7 (NACp, 95 % bound EPU), §2.2.3.2.3.1 and table 2-11 (type code and NIC). Of
type codes that mean several radii, or meant another before DO-260A, the largest is taken.
"""

from collections.abc import Mapping
from typing import Any

NAUTICAL_MILE_M = 1852.0

# EPU in metres by NACp; 0 is "unknown or 10 NM and more", 12 to 15 are reserved.
EPU_M: tuple[float | None, ...] = (
    None,
    10 * NAUTICAL_MILE_M,
    4 * NAUTICAL_MILE_M,
    2 * NAUTICAL_MILE_M,
    1 * NAUTICAL_MILE_M,
    0.5 * NAUTICAL_MILE_M,
    0.3 * NAUTICAL_MILE_M,
    0.1 * NAUTICAL_MILE_M,
    0.05 * NAUTICAL_MILE_M,
    30.0,
    10.0,
    3.0,
    None,
    None,
    None,
    None,
)

# Containment radius in metres by type code of a position; without a row: not said.
CONTAINMENT_M: Mapping[int, float] = {
    5: 7.5,
    6: 25.0,
    7: 0.1 * NAUTICAL_MILE_M,
    9: 7.5,
    10: 25.0,
    11: 0.1 * NAUTICAL_MILE_M,
    12: 0.2 * NAUTICAL_MILE_M,
    13: 0.6 * NAUTICAL_MILE_M,
    14: 1 * NAUTICAL_MILE_M,
    15: 2 * NAUTICAL_MILE_M,
    16: 10 * NAUTICAL_MILE_M,
    17: 20 * NAUTICAL_MILE_M,
    20: 7.5,
    21: 25.0,
}


def nacp(fields: Mapping[str, Any]) -> int | None:
    """The category that a frame states, from the fields of one DF17 or 18; None where it states none.

    Target state (type code 29) of DO-260A and B has it in one place; operational status (31) only since DO-260A.
    """
    typecode = fields.get("typecode")
    if (typecode == 29 and fields["subtype"] <= 1) or (
        typecode == 31 and fields["subtype"] <= 1 and fields["version"] >= 1
    ):
        return int(fields["nac_p"])
    return None


def accuracy_m(stated_nacp: int | None, typecode: int) -> float | None:
    """Of a position with this type code from an aircraft that last stated this category, if any."""
    return CONTAINMENT_M.get(typecode) if stated_nacp is None else EPU_M[stated_nacp]
