"""What happened with hazards; part of the vocabulary of dispatch/facts.py. The airspace that they close are closures."""

from dataclasses import dataclass

from dispatch.hazard_records import Hazard


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardTaken:
    """A hazard as its source has it now, whole; the first or a newer run."""

    hazard: Hazard


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardEnded:
    """It is not there any more, or never was."""

    hazard_id: str
    version: int
    reason: str
