"""How long a step of mutual aid may take, as dated rows with their source, kept by each site for itself."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.aid_kinds import AidClock


@dataclass(frozen=True, slots=True, kw_only=True)
class AidRule:
    """How long a step may take, in seconds, for steps that begin from `valid_from` on."""

    id: str
    site: str
    name: str
    clock: AidClock
    partner: str = ""  # a site whose agreement says so; empty: with every partner that no row names
    within_s: float
    valid_from: datetime
    valid_until: datetime | None = None
    source: str
    version: int = 1
