"""Cutting a stream into pieces, for the rule that any chunking gives the same items."""

from collections.abc import Iterator
from itertools import cycle

from hypothesis import strategies as st

sizes = st.lists(st.integers(1, 60), min_size=1, max_size=8)


def cut(stream: bytes, steps: list[int]) -> Iterator[bytes]:
    """The stream in pieces of these sizes, over and over."""
    at = 0
    for step in cycle(steps):
        if at >= len(stream):
            return
        yield stream[at : at + step]
        at += step
