"""What happens to requests for airspace."""

from dataclasses import dataclass

from dispatch.kinds import AirspaceAction, AirspaceState
from dispatch.records import AirspaceRequest, Counter


@dataclass(frozen=True, slots=True, kw_only=True)
class AirspaceFiled:
    """A request to ATC, whole."""

    request: AirspaceRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class AirspaceAdvanced:
    """A request took a step of its lifecycle."""

    request_id: str
    action: AirspaceAction
    state: AirspaceState
    version: int
    reason: str = ""
    counter: Counter | None = None


AirspaceFact = AirspaceFiled | AirspaceAdvanced
