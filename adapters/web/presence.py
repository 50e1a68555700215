"""When each session was last touched by a person: an act through a door, or a hand on the desk that the console tells of.

Kept in memory: after a restart every session counts as touched at the start, so that nobody is locked out by it; what
was locked stays locked, for that is in the journal. Pure: time is an argument.
"""

from collections.abc import Collection
from datetime import UTC, datetime

from dispatch.records import Session

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


class Presence:
    """Last touches by session; bounded by the sessions there are (`keep`)."""

    def __init__(self) -> None:
        self._began = _EVER
        self._touched: dict[str, datetime] = {}

    def begin(self, now: datetime) -> None:
        """The site starts."""
        self._began = now

    def touched_at(self, session: Session) -> datetime:
        """When a session was last touched, its opening and the site's start included."""
        return max(self._began, session.opened_at, self._touched.get(session.token_digest, _EVER))

    def touch(self, session: Session, now: datetime) -> None:
        """Somebody is there."""
        self._touched[session.token_digest] = now

    def keep(self, sessions: Collection[str]) -> None:
        """Forget the sessions that are over."""
        self._touched = {digest: at for digest, at in self._touched.items() if digest in sessions}
