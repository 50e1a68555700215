"""How much one partner may ask of this site: what is too much is dropped unread, and its socket is left unread a while.

Every frame costs the thread that all links and the desk share. So a flood is met before it is parsed: track frames
that come too soon are known by their first byte, and after FRAMES_A_SECOND the socket is not read for PAUSE_S, which
the partner's own TCP then feels and nobody else does.
"""

from datetime import datetime, timedelta

FRAMES_A_SECOND = 2_000  # several times what catching up takes; 32 rows each
PAUSE_S = 0.5
TRACKS_TAG = 0x22  # first byte of a LinkMessage that carries tracks: field 4, length-delimited
COLUMNS_TAG = 0x3A  # and of one that carries them in columns: field 7
_SECOND = timedelta(seconds=1)


class Gate:
    """One connection's."""

    def __init__(self) -> None:
        self._since: datetime | None = None
        self._frames = 0

    def too_many(self, now: datetime) -> bool:
        """Count a frame; whether the partner is to be left unread for a while, said once a second at most."""
        if self._since is None or not timedelta(0) <= now - self._since < _SECOND:
            self._since, self._frames = now, 0
        self._frames += 1
        return self._frames == FRAMES_A_SECOND


def carries_tracks(data: bytes) -> bool:
    """Whether a frame is one of tracks, from its first byte."""
    return data[:1] == bytes([TRACKS_TAG])


def carries_columns(data: bytes) -> bool:
    """Whether a frame is one of tracks in columns, from its first byte."""
    return data[:1] == bytes([COLUMNS_TAG])
