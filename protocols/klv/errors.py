"""What can be wrong with a local set, as a value with a stable code that names the item.

    NO_LABEL      does not begin with a Universal Label
    UNKNOWN_SET   a Universal Label of another set than ST 0601's
    LENGTH        a length or a tag that is no BER: indefinite, reserved, padded, over four bytes
    OVERSIZE      a set longer than anything honest, or with too many items
    TRUNCATED     the bytes end before what a length says
    OVERRUN       an item reaches beyond its set
    TRAILING      bytes after the set, where one set was expected
    NO_CHECKSUM   the last item is not the two bytes of tag 1
    CRC           the running sum is another one, as in every format here
    WIDTH, TEXT, TIME, MAP   of one item: its length, its text, a time outside the calendar, a fixed-point code that is none

Those before WIDTH end the set: nothing of it is believed. The last four end one item, which keeps its bytes.
"""

from dispatch.errors import GanyingError


class KlvError(GanyingError):
    """A fault of a local set. `tag` None where it is the set's; of a nested set `path` is like (48, 3)."""

    def __init__(self, code: str, detail: str, *, path: tuple[int, ...] = (), name: str = "") -> None:
        where = "tag " + ".".join(str(each) for each in path) if path else ""
        super().__init__(code, detail, field=f"{where} {name}".strip())
        self.path = path

    @property
    def tag(self) -> int | None:
        """The outermost tag."""
        return self.path[0] if self.path else None
