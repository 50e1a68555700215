"""What is asked of search patterns; part of dispatch/commands.py."""

from dataclasses import dataclass

from dispatch.search_records import SearchTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawSearch:
    """A new search for an incident; `tasking_id`: who flies it, empty where that is not known yet."""

    incident_id: str
    terms: SearchTerms
    tasking_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendSearch:
    """It is to be flown like this instead. None: by whom stays as it is."""

    search_id: str
    version_seen: int
    terms: SearchTerms
    tasking_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawSearch:
    """Nobody is to fly it, and why."""

    search_id: str
    version_seen: int
    reason: str


SearchCommand = DrawSearch | AmendSearch | WithdrawSearch
