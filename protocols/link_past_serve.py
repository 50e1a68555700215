"""What a partner asks of our track archive after a cut, and what is answered. Pure: the archive is read elsewhere.

    <- PastAsk(7, from, to, 128 KiB)    wanted(): read it
    -> PastPart(7, from, through)       answer(), once it is read and the line is free; then wanted(): through to `to`
    <- PastAsk(8, through, to)          is there already

One question, one answer read, so a partner that asks a thousand times costs what one question costs. What may leave is
judged when it is read; where that has changed since, `forget` has it read again (adapters/link/past.py).
"""

from dataclasses import dataclass
from datetime import datetime

from protocols.codec.link_past import PastAsk, PastPart


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What the archive gave for a question: everything of [from_us, through_us), or a code."""

    from_us: int
    through_us: int
    code: str = ""
    rows: int = 0
    packed: dict[str, bytes] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeTold:
    """How answering does: of which time the partner asks, and how far it has got."""

    state: str = "none"  # none, serving
    from_us: int = 0
    to_us: int = 0
    through_us: int = 0
    rows: int = 0
    bytes: int = 0
    code: str = ""


class PastServe:
    """What a partner asks of our archive: one question, its answer, and what it is going to ask next, read ahead."""

    def __init__(self) -> None:
        self.rows = self.bytes = 0
        self._question: tuple[PastAsk, datetime] | None = None
        self._wanted: tuple[int, int, int] | None = None  # from, to, bytes: to be read
        self._ready: Read | None = None
        self._began_us = self._to_us = self._through_us = 0
        self._code = ""

    def asked(self, ask: PastAsk, now: datetime) -> None:
        """A question; it takes the place of one that is open."""
        self._question = (ask, now)
        if ask.to_us != self._to_us or ask.from_us != self._through_us:
            self._began_us, self._to_us = ask.from_us, ask.to_us
        self._through_us = ask.from_us
        if (
            self._ready is not None
            and self._ready.from_us == ask.from_us
            and self._ready.through_us <= ask.to_us
        ):
            return
        wanted = (ask.from_us, ask.to_us)
        if self._wanted is None or self._wanted[:2] != wanted:  # else it is being read already
            self._ready, self._wanted = None, (*wanted, ask.most_bytes)

    def wanted(self) -> tuple[int, int, int] | None:
        """What to read now: from, to, about so many bytes. The answer comes by `read`, or `forget` is called."""
        return self._wanted

    def read(self, found: Read) -> None:
        """The archive's answer; of a question that is not wanted any more: nothing.

        A newer question may begin where the one before did and end sooner: then more was read than it asks for.
        """
        wanted = self._wanted
        if wanted is not None and wanted[0] == found.from_us and found.through_us <= wanted[1]:
            self._wanted, self._ready = None, found

    def forget(self) -> None:
        """What may leave has changed: what was read is read again."""
        self._ready = None
        if self._question is not None:
            ask = self._question[0]
            self._wanted = (ask.from_us, ask.to_us, ask.most_bytes)
        else:
            self._wanted = None

    def answer(self, now: datetime) -> PastPart | None:
        """The part to be sent, where there is one; call `left` once it is out."""
        if self._question is None or self._ready is None:
            return None
        (ask, at), found = self._question, self._ready
        return PastPart(
            number=ask.number,
            from_us=found.from_us,
            through_us=found.through_us,
            code=found.code,
            held_ms=max(0, round((now - at).total_seconds() * 1000)),
            rows=found.rows,
            packed=found.packed or {},
        )

    def left(self, part: PastPart) -> None:
        """It is out; what comes after it is read meanwhile."""
        assert self._question is not None  # noqa: S101  # `answer` has given the part
        ask = self._question[0]
        self._question = self._ready = None
        self._through_us, self._code = part.through_us, part.code
        self.rows += part.rows
        self.bytes += part.size
        more = part.from_us < part.through_us < ask.to_us
        self._wanted = (part.through_us, ask.to_us, ask.most_bytes) if more else None

    def lost(self) -> None:
        """The link is away, and with it the question."""
        self._question = self._wanted = self._ready = None
        self._to_us = 0

    def told(self) -> ServeTold:
        """For people."""
        busy = self._question is not None or self._wanted is not None or self._ready is not None
        return ServeTold(
            state="serving" if busy else "none",
            from_us=self._began_us,
            to_us=self._to_us,
            through_us=self._through_us,
            rows=self.rows,
            bytes=self.bytes,
            code=self._code,
        )
