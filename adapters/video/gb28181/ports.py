"""Ports for media: pictures that come in and pictures that go out, each its own, even numbers as RTP has them."""


class Ports:
    """Of one site."""

    def __init__(self, first: int, last: int) -> None:
        self._all = range(first + first % 2, last + 1, 2)
        self._taken: set[int] = set()
        self._next = 0

    def take(self) -> int | None:
        """One that is free, the longest unused first; None: there is none."""
        for step in range(len(self._all)):
            port = self._all[(self._next + step) % len(self._all)]
            if port not in self._taken:
                self._taken.add(port)
                self._next = self._next + step + 1
                return port
        return None

    def free(self, port: int) -> None:
        """It is used no more."""
        self._taken.discard(port)
