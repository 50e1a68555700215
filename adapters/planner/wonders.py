"""The last what-ifs that were answered, so that one can be made a proposal. In memory only: they record nothing."""

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.planner.asked import Asked
from dispatch.errors import Refused, Unknown
from optimizer.proposal import proposed
from optimizer.what_if import HYPOTHETICAL, LASTING, kinds

KEPT = 16  # the oldest goes


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """An answer of optimizer/wonder.py; `answer` is the changed plan's."""

    id: str
    asked: Asked
    changes: list[Mapping[str, Any]]
    difference: Mapping[str, Any]
    answer: Mapping[str, Any]

    @property
    def real(self) -> bool:
        """Whether the site has all that the plan needs, and the plan keeps every rule and sends somebody."""
        sends = bool(proposed(self.asked.situation, self.answer["plan"]))
        return sends and not kinds(self.changes) & HYPOTHETICAL and not self.answer["violations"]

    def conditions(self) -> tuple[Mapping[str, Any], ...]:
        """What later proposals keep to as well."""
        lasting = [change for change in self.changes if change["kind"] in LASTING]
        return (*self.asked.situation.conditions, *lasting)


class Wonders:
    """What-ifs by id."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, WhatIf] = OrderedDict()

    def keep(self, asked: Asked, found: Mapping[str, Any]) -> WhatIf:
        """A new one."""
        made = WhatIf(
            id=secrets.token_hex(8),
            asked=asked,
            changes=found["changes"],
            difference=found["difference"],
            answer=found["answer"],
        )
        self._kept[made.id] = made
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return made

    def get(self, what_if_id: str) -> WhatIf:
        """One that can be made a proposal. Raises Unknown, Refused(HYPOTHETICAL)."""
        found = self._kept.get(what_if_id)
        if found is None:
            raise Unknown("id", f"no what-if {what_if_id}; ask again")
        if not found.real:
            raise Refused("HYPOTHETICAL", "the plan needs what the site does not have", field="id")
        return found
