"""What holds on a link from one connection to its end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from protocols.link_gate import Gate
from protocols.link_lanes import Have, Lane, Way


@dataclass(slots=True, kw_only=True)
class Conversation:
    """One connection."""

    number: int
    heard_at: datetime
    beat_at: datetime
    have: Mapping[Lane, Have]
    ways: dict[Lane, Way] = field(default_factory=dict)  # from the partner's Greet on, most urgent first
    full: bool = False  # the socket holds more than it likes
    gate: Gate = field(default_factory=Gate)
    closing: bool = False
