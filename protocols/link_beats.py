"""Beats of one link: they keep it alive, and clock skew comes from them. The estimate outlives connections."""

from datetime import datetime

from protocols.clock_skew import ClockSkew
from protocols.codec.common import to_us
from protocols.codec.link import Beat


class Beats:
    """What was heard last of the partner's, to be echoed."""

    def __init__(self) -> None:
        self.skew = ClockSkew()
        self._last: tuple[Beat, datetime] | None = None

    def begin(self) -> None:
        """A new connection."""
        self._last = None

    def next(self, now: datetime) -> Beat:
        """Ours."""
        if self._last is None:
            return Beat(at_us=to_us(now), echo_us=0, echo_age_us=0)
        beat, heard_at = self._last
        return Beat(at_us=to_us(now), echo_us=beat.at_us, echo_age_us=max(0, to_us(now) - to_us(heard_at)))

    def heard(self, beat: Beat, now: datetime) -> None:
        """The partner's."""
        self._last = beat, now
        if beat.echo_us and beat.echo_age_us >= 0:
            self.skew.add(
                t1_us=beat.echo_us,
                t2_us=beat.at_us - beat.echo_age_us,
                t3_us=beat.at_us,
                t4_us=to_us(now),
            )
