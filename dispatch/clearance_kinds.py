"""The closed vocabularies of what ATC is asked for, beside the kinds of request (kinds.py)."""

from enum import StrEnum


class RuleMark(StrEnum):
    """How far a clearance rule is to be trusted."""

    CITED = "cited"  # 有出处: the source says so
    UNVERIFIED = "unverified"  # 待核实 (uv): second-hand, not yet read in the text itself
    PROPOSED = "proposed"  # 建议值 (p): ours, until the responsible unit states its own
