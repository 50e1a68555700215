"""What happened with search patterns; part of the vocabulary of dispatch/facts.py."""

from dataclasses import dataclass

from dispatch.search_records import Search


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchDrawn:
    """A search is drawn, whole."""

    search: Search


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAmended:
    """A search as it now is. `changed` names the terms that are others."""

    search: Search
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchWithdrawn:
    """Nobody is to fly it."""

    search_id: str
    version: int
    reason: str
