"""The track lane of one session: newest wins, droppable, never acknowledged. What is too often or too much is counted."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from protocols.codec import link
from protocols.codec.link import LinkTrack, LinkTracks
from protocols.codec.link_columns import MAX_COLUMN_ROWS, ColumnLabel, LinkColumns
from protocols.codec.track_states import States
from protocols.link_left_out import LeftOut

TRACKS_EVERY = timedelta(seconds=1)
TRACKS_RECEIVED_EVERY = timedelta(milliseconds=200)  # what comes faster is dropped and counted
COLUMN_BYTES_A_SECOND = 4 << 20  # received: 130,000 rows; what is more is dropped and counted
LONGEST_UNDERWAY = timedelta(seconds=6)  # a message older than a dead link's silence is not that old


class TrackLane:
    """Both directions of one link's tracks."""

    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts
        self._sent_at: datetime | None = None
        self._heard_at: datetime | None = None
        self._columns_since: datetime | None = None
        self._columns_bytes = 0
        self.left_out = LeftOut()

    def begin(self) -> None:
        """A new connection."""
        self._heard_at = None

    def to_send(self, tracks: Sequence[LinkTrack], now: datetime, *, congested: bool) -> LinkTracks | None:
        """What leaves of these now."""
        if not tracks or (self._sent_at is not None and timedelta(0) <= now - self._sent_at < TRACKS_EVERY):
            return None
        if congested:
            self._counts["tracks_dropped"] += len(tracks)
            return None
        self._sent_at = now
        kept = tuple(tracks[: link.MAX_TRACKS])
        self._counts["tracks_dropped"] += len(tracks) - len(kept)
        self._counts["tracks_sent"] += len(kept)
        return LinkTracks(at=now, tracks=kept)

    def too_soon(self, now: datetime) -> bool:
        """Whether a message that comes now is not even read; counted."""
        soon = self._heard_at is not None and timedelta(0) <= now - self._heard_at < TRACKS_RECEIVED_EVERY
        if soon:
            self._counts["tracks_refused"] += 1
        return soon

    def columns_too_many(self, size: int, now: datetime) -> bool:
        """Whether a message of columns of so many bytes is not even read; counted."""
        if self._columns_since is None or not timedelta(0) <= now - self._columns_since < timedelta(
            seconds=1
        ):
            self._columns_since, self._columns_bytes = now, 0
        self._columns_bytes += size
        many = self._columns_bytes > COLUMN_BYTES_A_SECOND
        if many:
            self._counts["tracks_refused"] += 1
        return many

    def columns(
        self, states: States, labels: Sequence[ColumnLabel], now: datetime, *, congested: bool
    ) -> list[LinkColumns]:
        """What leaves of these now, in messages of bounded size: all, or nothing while the line is full."""
        if congested:
            self._counts["tracks_dropped"] += len(states)
            self.left_out.add(len(states), now)
            return []
        self._counts["tracks_sent"] += len(states)
        return [
            LinkColumns(
                at=now,
                states=states[start : start + MAX_COLUMN_ROWS],
                labels=tuple(labels[start : start + MAX_COLUMN_ROWS]),
            )
            for start in range(0, max(len(states), len(labels)), MAX_COLUMN_ROWS)
        ]

    def columns_heard(self, columns: LinkColumns, now: datetime, skew_us: int | None) -> timedelta:
        """How long they were under way."""
        self._counts["tracks_received"] += len(columns.states)
        return _underway(columns.at, now, skew_us)

    def heard(
        self, message: LinkTracks, now: datetime, skew_us: int | None
    ) -> tuple[tuple[LinkTrack, timedelta], ...]:
        """The tracks and how old each is now."""
        self._heard_at = now
        self._counts["tracks_received"] += len(message.tracks)
        underway = _underway(message.at, now, skew_us)
        return tuple((each, underway + timedelta(milliseconds=each.age_ms)) for each in message.tracks)


def _underway(at: datetime, now: datetime, skew_us: int | None) -> timedelta:
    """How long a message took, clocks compared; nothing where that is not known yet."""
    if skew_us is None:
        return timedelta(0)
    return min(max(now - at + timedelta(microseconds=skew_us), timedelta(0)), LONGEST_UNDERWAY)
