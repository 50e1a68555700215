"""A packet to the items of its local set, once its label, its length and its checksum are right. Nothing is read yet.

    16 bytes Universal Label · length · items (tag, length, value) … · tag 1, length 2, checksum

The checksum is the sum of all bytes before its own value, taken as 16-bit words from the label's first byte on; it stands
last (MISB ST 0601 §8.1). A packet without it is refused: nothing else protects these bytes.
"""

from protocols.klv import ber
from protocols.klv.errors import KlvError
from protocols.klv.tags import CHECKSUM

LABEL = bytes.fromhex("060e2b34020b01010e01030101000000")  # MISB ST 0807, UAS Datalink Local Set
PREFIX = LABEL[:4]  # of every label of SMPTE's registry, SMPTE ST 298
LABEL_BYTES = 16
_FOOT = bytes((CHECKSUM, 2))


def running_sum(data: bytes) -> int:
    """The low 16 bits of the sum of `data` as big-endian words, an odd last byte being the upper half of one."""
    return (sum(data[0::2]) * 256 + sum(data[1::2])) & 0xFFFF


def is_uas(label: bytes) -> bool:
    """ST 0601's label. Its fourteenth and fifteenth byte were the revision in the first editions."""
    return label[:13] == LABEL[:13] and label[15:16] == LABEL[15:16]


def is_whole(packet: bytes) -> bool:
    """Whether it ends with the checksum of its bytes."""
    return packet[-4:-2] == _FOOT and int.from_bytes(packet[-2:]) == running_sum(packet[:-2])


def cut(packet: bytes) -> tuple[ber.Pair, ...]:
    """Tags and values in order, without the checksum. Raises KlvError."""
    if packet[:4] != PREFIX[: len(packet)] or not packet:
        raise KlvError("NO_LABEL", "does not begin with 06 0e 2b 34")
    if len(packet) < LABEL_BYTES:
        raise KlvError("TRUNCATED", "ends inside the label")
    if not is_uas(packet[:LABEL_BYTES]):
        raise KlvError("UNKNOWN_SET", f"label {packet[:LABEL_BYTES].hex()}")
    size, start = ber.length(packet, LABEL_BYTES)
    if size > ber.SET_LIMIT_BYTES:
        raise KlvError("OVERSIZE", f"a set of {size} bytes, more than {ber.SET_LIMIT_BYTES}")
    if size > len(packet) - start:
        raise KlvError("TRUNCATED", f"{size} bytes are said, {len(packet) - start} came")
    if size < len(packet) - start:
        raise KlvError("TRAILING", f"{len(packet) - start - size} bytes after the set")
    _check(packet, size)
    return tuple(ber.items(packet[start:-4]))


def _check(packet: bytes, size: int) -> None:
    if size < 4 or packet[-4:-2] != _FOOT:
        raise KlvError("NO_CHECKSUM", "the set does not end with one", path=(CHECKSUM,), name="checksum")
    said, sums = int.from_bytes(packet[-2:]), running_sum(packet[:-2])
    if said != sums:
        detail = f"0x{said:04x} is said, the sum is 0x{sums:04x}"
        raise KlvError("CRC", detail, path=(CHECKSUM,), name="checksum")
