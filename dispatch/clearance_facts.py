"""What happened around requests to ATC; part of the vocabulary of dispatch/facts.py.

Who it was stands in the row's header. None of these leaves the site: they name people.
"""

from dataclasses import dataclass

from dispatch.clearance_records import ClearanceRule, PhoneAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearanceRuleSaved:
    """A clearance rule as it now is."""

    clearance_rule: ClearanceRule


@dataclass(frozen=True, slots=True, kw_only=True)
class AirspacePhoned:
    """By whom and when the approval that comes with this was given, on the telephone."""

    request_id: str
    phone: PhoneAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class AirspaceQuestioned:
    """ATC asked the desk."""

    request_id: str
    number: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AirspaceAnswered:
    """The desk answered ATC."""

    request_id: str
    number: int
    text: str
