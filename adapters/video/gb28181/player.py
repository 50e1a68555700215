"""Plays a recording: pieces of it are read on a thread, its pictures put out at the pace at which they came.

Two pieces are held at most, and one is read at a time, however often another place is asked for. A hole is skipped; a reader that was late is not made up for, so that nothing comes in a burst.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall

from adapters.video.recording.film import PIECE_BYTES, Film, FilmPicture

log = structlog.get_logger()

US = 1_000_000
HOLE_US = 2 * US  # a longer time without a picture is left out
LATE_S = 1.0


class Player:
    """`film` reads from a moment on, and from the key frame before it; `put` takes a picture that is due."""

    def __init__(
        self, film: Callable[[int, bool], Awaitable[Film]], put: Callable[[FilmPicture], None], reactor: Any
    ) -> None:
        self.finished = self.failed = False
        self.paused_s: float | None = None  # since when
        self._film, self._put, self._reactor = film, put, reactor
        self._pictures: deque[FilmPicture] = deque()
        self._bytes = 0
        self._next_us: int | None = None
        self._begins = False  # what is read next does so at a key frame
        self._reading = False
        self._turn = 0  # what was read for an earlier place is of no use
        self._scale = 1.0
        self._anchor: tuple[float, int] | None = None  # this moment of the recording was due then
        self._last_us = 0
        self._timer: IDelayedCall | None = None
        self._stopped = False

    def start(self, first: Film) -> None:
        """With the piece that was read already."""
        self._take(first)
        self._due()

    def play(self, *, scale: float | None = None, from_us: int | None = None) -> None:
        """Go on; at another pace, from another place."""
        self.paused_s, self._anchor = None, None
        if scale is not None:
            self._scale = scale
        if from_us is not None:
            self._turn += 1
            self.finished = False
            self._pictures.clear()
            self._bytes = 0
            self._next_us, self._begins = from_us, True
        self._due()

    def pause(self) -> None:
        """Stand still."""
        if self.paused_s is None:
            self.paused_s = self._reactor.seconds()
        self._rest()

    def stop(self) -> None:
        """No more."""
        self._stopped = True
        self._turn += 1
        self._rest()
        self._pictures.clear()

    def _rest(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _due(self) -> None:
        self._rest()
        if self._stopped or self.paused_s is not None:
            return
        now_s = self._reactor.seconds()
        while self._pictures and self._due_s(self._pictures[0], now_s) <= now_s:
            picture = self._pictures.popleft()
            self._bytes -= len(picture.body)
            self._last_us = picture.at_us
            self._put(picture)
        if self._next_us is not None and not self._reading and self._bytes < PIECE_BYTES // 2:
            self._read(self._next_us)
        if self._pictures:
            wait_s = self._due_s(self._pictures[0], now_s) - now_s
            self._timer = self._reactor.callLater(max(0.0, wait_s), self._due)
        elif self._next_us is None and not self._reading:
            self.finished = True

    def _due_s(self, picture: FilmPicture, now_s: float) -> float:
        """When a picture is due, by the reactor's clock."""
        if self._anchor is not None and picture.at_us - self._last_us <= HOLE_US:
            due_s = self._anchor[0] + (picture.at_us - self._anchor[1]) / US / self._scale
            if due_s > now_s - LATE_S:
                return due_s
        self._anchor = (now_s, picture.at_us)
        return now_s

    def _read(self, from_us: int) -> None:
        self._reading = True
        turn, begins = self._turn, self._begins
        self._begins, self._next_us = False, None

        async def read() -> None:
            film = None
            try:
                film = await self._film(from_us, begins)
            except OSError as error:
                log.warning("a recording cannot be read", why=error.strerror)
            self._reading = False
            if turn == self._turn:
                if film is None:
                    self.failed = True
                    return
                self._take(film)
            self._due()

        Deferred.fromCoroutine(read()).addErrback(
            lambda failure: log.error("defect in a replay", traceback=failure.getTraceback())
        )

    def _take(self, film: Film) -> None:
        self._pictures.extend(film.pictures)
        self._bytes += sum(len(each.body) for each in film.pictures)
        self._next_us = film.next_us
