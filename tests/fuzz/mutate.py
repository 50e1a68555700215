"""Hostile bytes from honest ones: flips, cuts, splices, repeats and numbers at their limits; the same seed, the same bytes."""

import random
from collections.abc import Iterator, Sequence

LIMIT_BYTES = 8_192
_EDGES = (
    b"\x00",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\x1a",
    b"\x7e",
    b"\x7d",
    b"\xbf",
    b"<",
    b",",
    b"\n",
    b"*",
    b"$",
)


def inputs(seeds: Sequence[bytes], number: int, seed: int) -> Iterator[bytes]:
    """So many inputs, each some seeds one after the other with some of them damaged."""
    rng = random.Random(seed)  # chance that can be repeated is the point
    for _ in range(number):
        data = bytearray(b"".join(rng.choice(seeds) for _ in range(rng.choice((1, 1, 2, 5)))))
        for _ in range(rng.choice((0, 1, 1, 2, 4, 16))):
            _damage(data, rng)
        yield bytes(data[:LIMIT_BYTES])


def _damage(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    match rng.randrange(7):
        case 0 if data:
            data[at % len(data)] ^= 1 << rng.randrange(8)
        case 1:
            del data[at : at + rng.choice((1, 2, 7, 40))]
        case 2:
            data[at:at] = rng.choice(_EDGES) * rng.choice((1, 1, 2, 4, 300))
        case 3:
            data[at : at + 4] = rng.randbytes(4)
        case 4:
            piece = data[at : at + rng.choice((1, 8, 60))]
            data[at:at] = piece * rng.choice((1, 2, 30))
        case 5:
            data[at:at] = rng.randbytes(rng.choice((1, 3, 30)))
        case _:
            del data[at:]
