"""What happens to closed air."""

from dataclasses import dataclass

from dispatch.records import Closure


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureDeclared:
    """Airspace is closed, whole."""

    closure: Closure


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureAmended:
    """A closure as it now is. `changed` names the fields that are others."""

    closure: Closure
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureLifted:
    """A closure ended before its time."""

    closure_id: str
    version: int
    reason: str


ClosureFact = ClosureDeclared | ClosureAmended | ClosureLifted
