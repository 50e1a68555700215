"""Where one picture ends and the next begins in a row of elementary bytes, for streams that do not say. Sans-IO.

An access unit begins at the first of its delimiter, its parameter sets, its messages, or a slice that is a picture's first,
after a slice of the one before (ITU-T H.264 §7.4.1.2.3, H.265 §7.4.2.4.4).
"""

from protocols.mpegts_tables import StreamKind

_START = b"\x00\x00\x01"
_BEFORE = {StreamKind.H264: frozenset({6, 7, 8, 9, 14, 15}), StreamKind.H265: frozenset({32, 33, 34, 35, 39})}
_LAST_SLICE = {StreamKind.H264: 5, StreamKind.H265: 31}
_FIRST_SLICE = {StreamKind.H264: 1, StreamKind.H265: 0}


class Access:
    """One stream's units so far; the caller adds bytes and takes away what is before each place that is told."""

    def __init__(self, kind: StreamKind) -> None:
        self.kind = kind
        self.data = bytearray()
        self.whole = False  # there is a slice: what is here may be a picture
        self._looked = 0

    def drop(self) -> None:
        """Something is missing, or it was taken."""
        self.data = bytearray()
        self.whole, self._looked = False, 0

    def add(self, more: bytes) -> int | None:
        """Where the next picture begins, once it is known; the caller cuts there and adds nothing before it has."""
        self.data += more
        return self.look()

    def cut(self, at: int) -> bytes:
        """Take one picture."""
        made = bytes(self.data[:at])
        del self.data[:at]
        self.whole, self._looked = False, 0
        return made

    def look(self) -> int | None:
        """As add, with what is there."""
        data, slices = self.data, _LAST_SLICE[self.kind]
        head = 1 if self.kind is StreamKind.H264 else 2
        while True:
            at = data.find(_START, self._looked)
            if at < 0:
                self._looked = max(self._looked, len(data) - 2)
                return None
            if at + 3 + head >= len(data):
                self._looked = at
                return None
            kind = data[at + 3] & 0x1F if head == 1 else data[at + 3] >> 1 & 0x3F
            is_slice = _FIRST_SLICE[self.kind] <= kind <= slices
            # first_mb_in_slice 0 and first_slice_segment_in_pic_flag are both a first bit of 1
            begins = bool(data[at + 3 + head] & 0x80) if is_slice else kind in _BEFORE[self.kind]
            if begins and self.whole:
                return at - 1 if at and data[at - 1] == 0 else at
            self.whole = self.whole or is_slice
            self._looked = at + 3
