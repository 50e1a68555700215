"""What happened with sources for the conference system; part of the vocabulary of dispatch/facts.py. All stay at home."""

from dataclasses import dataclass

from dispatch.conference_records import ConferenceCall, ConferencePull


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferenceSourcesOffered:
    """A desk lets the conference system pull these for one call. The paths' secrets are not in here."""

    call: ConferenceCall


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferenceSourcesTakenBack:
    """No more of these, and why."""

    call_id: str
    source_ids: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferencePullBegan:
    """The conference system pulls a source; for a stream a VideoViewingBegan of the same id stands beside it."""

    call_id: str
    pull: ConferencePull


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferencePullEnded:
    """It pulls no more."""

    call_id: str
    pull_id: str
    lasted_s: float
    sent: int
    left_out: int


ConferenceFact = (
    ConferenceSourcesOffered | ConferenceSourcesTakenBack | ConferencePullBegan | ConferencePullEnded
)
"""The facts of this file."""
