"""What is asked of sources for the conference system; part of dispatch/commands.py."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferSources:
    """Let the conference system pull these streams, and the room's map or not, for one call."""

    room_id: str
    streams: tuple[str, ...] = ()
    with_map: bool = False
    valid_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeBackSources:
    """No more of a source; `source_id` empty: of all of the call."""

    call_id: str
    source_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginPull:
    """The site itself: the conference system asks for a source; written down before the first picture is sent."""

    call_id: str
    source_id: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndPull:
    """The site itself: it pulls no more. `sent`, `left_out`: pictures."""

    call_id: str
    pull_id: str
    lasted_s: float = 0.0
    sent: int = 0
    left_out: int = 0


ConferenceCommand = OfferSources | TakeBackSources | BeginPull | EndPull
"""The commands of this file."""
