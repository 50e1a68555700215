"""One link as the console shows it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adapters.link.past_site import PastTold
from adapters.link.socket import FRAME_TOO_LARGE
from protocols.link_state import LinkState


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStatus:
    """One link as the console shows it. `reason` is the code of what ended it last, empty while all is well."""

    site: str
    name: str
    state: LinkState
    lag_ms: int
    queue: int
    skew_ms: int
    reason: str
    detail: str = ""
    via: str = ""  # reached over this partner, whose link's state this is
    version: str = ""  # of the dialogue that the partner speaks, `major.minor`
    capabilities: tuple[str, ...] = ()
    bytes_out: Mapping[str, int] = field(default_factory=dict)  # by class of traffic, since the start
    bytes_in: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)  # rows and messages, by reason
    held: int = 0  # rows of third sites that wait for it
    down_since: datetime | None = None  # since it was first seen not live
    agreement: str = ""
    flows: tuple[dict[str, Any], ...] = ()  # by class of object, since the start
    past: PastTold | None = None  # tracks of times that were missed


def refusals(counts: Counter[str]) -> Counter[str]:
    """What a session counted of messages that were not taken, by the reason people read."""
    reasons = {
        "malformed": "MALFORMED",
        "unknown_message": "UNKNOWN_MESSAGE",
        "tracks_refused": "TRACKS_TOO_OFTEN",
        "paused": "TOO_MANY_FRAMES",
        "oversize": FRAME_TOO_LARGE,
    }
    return Counter({reason: counts[event] for event, reason in reasons.items() if counts[event]})
