"""What a sequence parameter set says: the codec string that decoders are set up with, and the size of the picture.

H.264: ITU-T H.264 §7.3.2.1.1; strings RFC 6381. H.265: ITU-T H.265 §7.3.2.2; strings ISO/IEC 14496-15 Annex E.
"""

from dataclasses import dataclass

MOST_SET_BYTES = 4_096  # ours: real ones have some 30 to 100
MOST_SIDE = 16_384
_WITH_CHROMA = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFormat:
    """`codec` as WebCodecs and RFC 6381 write it; pixels as shown, after cropping."""

    codec: str
    width: int
    height: int


class _Bits:
    """Bits of a unit's payload, without the bytes that only prevent start codes (§7.3.1)."""

    def __init__(self, data: bytes) -> None:
        self._bits = int.from_bytes(data, "big")
        self._left = len(data) * 8

    def take(self, count: int) -> int:
        """Raises ValueError at the end."""
        if count > self._left:
            raise ValueError("a parameter set that ends too soon")
        self._left -= count
        return self._bits >> self._left & ((1 << count) - 1)

    def unsigned(self) -> int:
        """ue(v), §9.1."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 31:
                raise ValueError("a number beyond 32 bits")
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        """se(v), §9.1.1."""
        code = self.unsigned()
        return (code + 1) // 2 if code & 1 else -(code // 2)


def _payload(unit: bytes, header: int) -> bytes:
    if len(unit) > MOST_SET_BYTES:
        raise ValueError("a parameter set too long")
    return unit[header:].replace(b"\x00\x00\x03", b"\x00\x00")


def _sized(codec: str, width: int, height: int) -> PictureFormat:
    if not (0 < width <= MOST_SIDE and 0 < height <= MOST_SIDE):
        raise ValueError(f"a picture of {width} by {height}")
    return PictureFormat(codec=codec, width=width, height=height)


def read_h264(unit: bytes) -> PictureFormat:
    """Of a set with its one byte of header. Raises ValueError."""
    bits = _Bits(_payload(unit, 1))
    profile, flags, level = bits.take(8), bits.take(8), bits.take(8)
    bits.unsigned()
    chroma = 1
    if profile in _WITH_CHROMA:
        chroma = bits.unsigned()
        if chroma == 3:
            bits.take(1)
        bits.unsigned()
        bits.unsigned()
        bits.take(1)
        if bits.take(1):
            _skip_scaling(bits, 8 if chroma != 3 else 12)
    bits.unsigned()
    order = bits.unsigned()
    if order == 0:
        bits.unsigned()
    elif order == 1:
        bits.take(1)
        bits.signed()
        bits.signed()
        for _ in range(min(bits.unsigned(), 255)):
            bits.signed()
    bits.unsigned()
    bits.take(1)
    width, rows = (bits.unsigned() + 1) * 16, bits.unsigned() + 1
    whole_frames = bits.take(1)
    if not whole_frames:
        bits.take(1)
    height = rows * 16 * (2 - whole_frames)
    bits.take(1)
    if bits.take(1):
        left, right, top, bottom = (bits.unsigned() for _ in range(4))
        across = 2 if chroma in (1, 2) else 1
        down = (2 if chroma == 1 else 1) * (2 - whole_frames)
        width -= (left + right) * across
        height -= (top + bottom) * down
    return _sized(f"avc1.{profile:02x}{flags:02x}{level:02x}", width, height)


def _skip_scaling(bits: _Bits, lists: int) -> None:
    for number in range(lists):
        if not bits.take(1):
            continue
        last = following = 8
        for _ in range(16 if number < 6 else 64):
            if following:
                following = (last + bits.signed()) % 256
            last = following or last


def read_h265(unit: bytes) -> PictureFormat:
    """Of a set with its two bytes of header. Raises ValueError."""
    bits = _Bits(_payload(unit, 2))
    bits.take(4)
    sub_layers = bits.take(3)
    bits.take(1)
    space, tier, profile = bits.take(2), bits.take(1), bits.take(5)
    compatible, constraints, level = bits.take(32), bits.take(48), bits.take(8)
    present = [(bits.take(1), bits.take(1)) for _ in range(sub_layers)]
    if sub_layers:
        bits.take(2 * (8 - sub_layers))
    for has_profile, has_level in present:
        bits.take(88 * has_profile)
        bits.take(8 * has_level)
    bits.unsigned()
    chroma = bits.unsigned()
    if chroma == 3:
        bits.take(1)
    width, height = bits.unsigned(), bits.unsigned()
    if bits.take(1):
        left, right, top, bottom = (bits.unsigned() for _ in range(4))
        width -= (left + right) * (2 if chroma in (1, 2) else 1)
        height -= (top + bottom) * (2 if chroma == 1 else 1)
    mirrored = int(f"{compatible:032b}"[::-1], 2)
    limits = constraints.to_bytes(6, "big").rstrip(b"\x00")
    parts = [
        f"{('', 'A', 'B', 'C')[space]}{profile}",
        f"{mirrored:X}",
        f"{'H' if tier else 'L'}{level}",
        *(f"{byte:X}" for byte in limits),
    ]
    return _sized("hev1." + ".".join(parts), width, height)
