"""A state machine as a value: one table that is walked by rules, shown as buttons, drawn in docs and tested whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from dispatch.errors import Refused

S = TypeVar("S", bound=StrEnum)
A = TypeVar("A", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle(Generic[S, A]):
    """`table[state, action]` is the next state; what is not in the table is refused by name."""

    name: str
    initial: S
    table: Mapping[tuple[S, A], S]

    def advance(self, state: S, action: A) -> S:
        """The state after `action`. Raises Refused(NOT_NOW) naming what would be possible."""
        try:
            return self.table[state, action]
        except KeyError:
            possible = ", ".join(self.actions(state)) or "nothing"
            raise Refused(
                "NOT_NOW",
                f"{self.name} is {state}: {action} is not possible, only {possible}",
                field="action",
            ) from None

    def actions(self, state: S) -> tuple[A, ...]:
        """What can be done in `state`, in table order."""
        return tuple(action for at, action in self.table if at is state)

    def final(self, state: S) -> bool:
        """Whether nothing can be done any more."""
        return not self.actions(state)

    def states(self) -> frozenset[S]:
        """Every state that can be reached from the initial one."""
        seen = {self.initial}
        while True:
            more = {self.table[at, action] for at, action in self.table if at in seen} - seen
            if not more:
                return frozenset(seen)
            seen |= more
