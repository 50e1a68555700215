"""What is asked about hazards; part of dispatch/commands.py."""

from dataclasses import dataclass

from dispatch.hazard_records import HazardTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeHazard:
    """A hazard, or a newer run of one: kind, source and name say which."""

    terms: HazardTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class EndHazard:
    """It is over before its time, and why."""

    hazard_id: str
    version_seen: int
    reason: str


HazardCommand = TakeHazard | EndHazard
