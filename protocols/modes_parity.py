"""Parity of many Mode S frames at once: the remainder of each, 24 bits. Zero: sound; else what lies over the parity.

Source: ICAO Annex 10 Vol IV §3.1.2.3.3. The remainder is linear, so it is the sum (exclusive or) of what each group
of bits contributes by its place; eight tables, one for every eleven of the 88 bits before the parity of a long frame.
A short frame is a long one that begins with zeros.
"""

import numpy as np
import numpy.typing as npt

from protocols.frames_batch import Words

_POLYNOMIAL = 0xFFF409  # G(x) without its leading term, Annex 10 Vol IV §3.1.2.3.3.1.2
_GROUP_BITS = 11
_GROUPS = 8
_GROUP = (1 << _GROUP_BITS) - 1


def _tables() -> list[npt.NDArray[np.uint32]]:
    """What a group contributes, by its value; the last group of the message first."""
    weight = 1 << 24  # of the message's last bit, as a polynomial not yet reduced
    single = []
    for _ in range(_GROUP_BITS * _GROUPS):
        reduced = weight ^ (0x1000000 | _POLYNOMIAL) if weight & 0x1000000 else weight
        single.append(reduced)
        weight = reduced << 1
    tables = []
    for group in range(_GROUPS):
        values = np.arange(1 << _GROUP_BITS)
        table = np.zeros(1 << _GROUP_BITS, np.uint32)
        for bit in range(_GROUP_BITS):
            table ^= np.where(values >> bit & 1, single[group * _GROUP_BITS + bit], 0).astype(np.uint32)
        tables.append(table)
    return tables


_TABLES = _tables()


def remainders(first: Words, second: Words, long: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint32]:
    """By the second and third words of rows (frames_batch.py); `long` says which are long frames, the others short."""
    high, low, parity = first, second >> 40, second >> 16
    if not long.all():
        high = np.where(long, first, first >> 56)
        low = np.where(long, low, first >> 32 & 0xFFFFFF)
        parity = np.where(long, parity, first >> 8)
    low = (low | (high & 0x1FF) << 24).view(np.int64)  # 33 bits, three groups
    high = high.view(np.int64)
    found = (parity & 0xFFFFFF).astype(np.uint32)
    for group in range(3):
        found ^= _TABLES[group][low >> (_GROUP_BITS * group) & _GROUP]
    for group in range(3, _GROUPS):
        found ^= _TABLES[group][high >> (9 + _GROUP_BITS * (group - 3)) & _GROUP]
    return found
