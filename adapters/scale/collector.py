"""Gathers what a feed sees into messages: few enough to cost little, soon enough not to be noticed.

A message leaves FLUSH_S after its first sighting, or at once when it is full. Batches of one clock are joined.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from adapters.feeds.readers import Seen
from dispatch.kinds import SourceKind
from dispatch.sighting import AddressBatch, Sighting
from protocols.codec import sightings
from protocols.codec.sightings import Content, SightingBatch

FLUSH_S = 0.01  # adds to the age of what is seen; an alarm may take 30 ms from antenna to console
FULL_SIGHTINGS = 256
FULL_ROWS = 2048
SPLIT_ROWS = 4096  # what a picture takes in one turn (dispatch/picture.py accept_batch)
_ARRAYS = tuple(
    each.name
    for each in fields(AddressBatch)
    if each.name not in ("source", "source_kind", "clock_id", "arrived_at_s")
)

_Speaker = tuple[str, SourceKind, str]  # source, its kind, its clock
Put = Callable[[str, bytes, int], None]  # feed, encoded message, sightings in it


class Collector:
    """Of one feed. `put` takes what is full; `clock` is UTC seconds; `later` is a reactor's callLater."""

    def __init__(
        self,
        *,
        worker: str,
        epoch: int,
        feed: str,
        put: Put,
        clock: Callable[[], float],
        later: Callable[..., Any],
    ) -> None:
        self._worker, self._epoch, self._feed = worker, epoch, feed
        self._put = put
        self._clock = clock
        self._later = later
        self._due: Any = None
        self._singles: list[Sighting] = []
        self._batches: dict[_Speaker, list[AddressBatch]] = {}
        self._rows = 0

    def add(self, seen: Seen) -> None:
        """One more."""
        if isinstance(seen, AddressBatch):
            speaker = (seen.source, seen.source_kind, seen.clock_id)
            self._batches.setdefault(speaker, []).append(seen)
            self._rows += len(seen)
        else:
            self._singles.append(seen)
        if self._rows >= FULL_ROWS or len(self._singles) >= FULL_SIGHTINGS:
            self.flush()
        elif self._due is None:
            self._due = self._later(FLUSH_S, self._flush_due)

    def flush(self) -> None:
        """Hand on what there is."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        singles, self._singles = self._singles, []
        batches, self._batches, self._rows = self._batches, {}, 0
        if singles:
            self._encode(tuple(singles))
        for alike in batches.values():
            for batch in split(joined(alike), SPLIT_ROWS):
                self._encode(batch)

    def _flush_due(self) -> None:
        self._due = None
        self.flush()

    def _encode(self, content: Content) -> None:
        body = sightings.encode(
            SightingBatch(
                worker=self._worker,
                feed=self._feed,
                epoch=self._epoch,
                made_at_s=self._clock(),
                content=content,
            )
        )
        self._put(self._feed, body, len(content))


def joined(batches: Sequence[AddressBatch]) -> AddressBatch:
    """Batches of one source and clock as one, as of the last."""
    if len(batches) == 1:
        return batches[0]
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(each, name) for each in batches]) for name in _ARRAYS
    }
    return replace(batches[-1], **arrays)


def split(batch: AddressBatch, rows: int) -> list[AddressBatch]:
    """A batch as several of at most `rows`."""
    if len(batch) <= rows:
        return [batch]
    parts: list[AddressBatch] = []
    for at in range(0, len(batch), rows):
        arrays: dict[str, Any] = {name: getattr(batch, name)[at : at + rows] for name in _ARRAYS}
        parts.append(replace(batch, **arrays))
    return parts
