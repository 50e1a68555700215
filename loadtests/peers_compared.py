"""Our decode of a recording beside another decoder's: what is equal, what differs, and why.

Ours comes in through the public door, `ganying decode`, as JSON lines. Both sides are told as fields with the same
names and units; a field that neither side states is not counted, one that only one side states differs. Every
difference is put under the reason that holds for it: a `Why` has a predicate that checks the reason on the values
themselves, so a difference that merely looks like an explained one stays unexplained, and fails the run.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

GANYING = Path(sys.executable).with_name("ganying")
DATA = Path(__file__).parent.parent / "tests" / "data"
KEPT_EXAMPLES = 3  # of unexplained differences, per field

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One field of one message on which the two do not agree, with all that both say of the message."""

    field: str
    ours: Any
    theirs: Any
    line: Fields  # as `ganying decode` prints it
    told: Fields  # as the peer gives it


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """A reason for fields to differ: `holds` checks it, `because` says it in a line.

    `one_sided`: it is for fields that only one side states; otherwise for those that both state, differently.
    """

    name: str
    fields: frozenset[str]
    because: str
    holds: Callable[[Pair], bool]
    one_sided: bool = False

    def explains(self, pair: Pair) -> bool:
        """Whether this is the reason."""
        one_sided = pair.ours is None or pair.theirs is None
        return pair.field in self.fields and one_sided is self.one_sided and self.holds(pair)


@dataclass(slots=True, kw_only=True)
class Comparison:
    """One recording beside one peer. `within`: how far numbers of a field may lie apart and be equal (default 1e-6)."""

    recording: str
    peer: str
    whys: tuple[Why, ...] = ()
    within: Mapping[str, float] = field(default_factory=dict)
    messages: int = 0
    equal: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    unexplained: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[Pair]] = field(default_factory=dict)

    @property
    def differing(self) -> int:
        """Fields that are not equal, explained or not."""
        return self.classes.total() + self.unexplained.total()

    @property
    def fields(self) -> int:
        """Fields that at least one side states."""
        return self.equal + self.differing

    def message(self, ours: Fields, theirs: Fields, *, line: Fields, told: Fields) -> None:
        """One message as both tell it."""
        self.messages += 1
        for name in sorted(ours.keys() | theirs.keys()):
            mine, other = ours.get(name), theirs.get(name)
            if mine is None and other is None:
                continue
            if same(mine, other, self.within.get(name, 1e-6)):
                self.equal += 1
            else:
                self._differ(Pair(field=name, ours=mine, theirs=other, line=line, told=told))

    def _differ(self, pair: Pair) -> None:
        for why in self.whys:
            if why.explains(pair):
                self.classes[why.name] += 1
                return
        self.unexplained[pair.field] += 1
        kept = self.examples.setdefault(pair.field, [])
        if len(kept) < KEPT_EXAMPLES:
            kept.append(pair)


def same(mine: Any, other: Any, within: float = 1e-6) -> bool:
    """Whether two values are one; numbers within `within`, of which bools are none."""
    if isinstance(mine, int | float) and isinstance(other, int | float):
        if isinstance(mine, bool) or isinstance(other, bool):
            return mine is other
        return abs(mine - other) <= within
    return bool(mine == other)


def decoded(
    kind: str, file: Path | None = None, *words: str, data: bytes | None = None
) -> list[dict[str, Any]]:
    """The lines that `ganying decode --format KIND` prints of a file, or of bytes on its stdin."""
    command = [str(GANYING), "decode", "-" if file is None else str(file), "--format", kind, *words]
    done = subprocess.run(command, input=data, capture_output=True, check=True, timeout=120)
    return [json.loads(line) for line in done.stdout.splitlines()]


def tables(comparisons: Iterable[Comparison], not_shown: Mapping[str, str]) -> str:
    """All of it in Markdown: the figures, the reasons, what is not shown, and what nobody can explain."""
    ran = list(comparisons)
    text = [
        "| recording | peer | messages | fields | equal | differing |",
        "|---|---|--:|--:|--:|--:|",
        *(
            f"| {each.recording} | {each.peer} | {each.messages:,} | {each.fields:,} | {each.equal:,} "
            f"| {each.differing:,} |"
            for each in ran
        ),
        "",
        "| differing | fields | where | why |",
        "|---|--:|---|---|",
        *_reasons(ran),
        "",
        "Not shown, because no independent peer could be had:",
        "",
        *(f"- {what}: {why}" for what, why in not_shown.items()),
    ]
    for each in ran:
        for name, count in each.unexplained.items():
            text += ["", f"UNEXPLAINED {each.recording} | {each.peer} | {name}: {count}"]
            text += [
                f"    ours {pair.ours!r} theirs {pair.theirs!r} {pair.told}" for pair in each.examples[name]
            ]
    return "\n".join(text)


def _reasons(ran: list[Comparison]) -> list[str]:
    rows: dict[tuple[str, str], tuple[Why, Counter[str]]] = {}
    for each in ran:
        by_name = {why.name: why for why in each.whys}
        for name, count in each.classes.items():
            _, where = rows.setdefault((each.peer, name), (by_name[name], Counter()))
            where[each.recording] += count
    return [
        f"| {name} | {where.total():,} | {peer}: {', '.join(where)} | {why.because} |"
        for (peer, name), (why, where) in rows.items()
    ]
