"""Until when a look can change nothing, where nothing is heard meanwhile: so that empty hours of a recording cost nothing.

A look over a sky in which nothing flies, about which nothing is in doubt and every net has made up its mind gives what
the look before gave, until a time passes that somebody waits for: a row of the picture turns old or is lost, a net lets
go of what it keeps, a day with other parameters begins. A site's own watch looks every second and needs none of this.
"""

from collections.abc import Iterator
from datetime import timedelta

import numpy as np

from dispatch import doubts
from dispatch.freshness import LIMITS
from dispatch.picture import TrackPicture
from dispatch.safety.nets import Nets
from dispatch.safety.sky import Sky
from dispatch.sighting import Floats

PASSED_S = 2.0  # some comparisons hold at the second itself, some only after it: both seconds are looked at


def idle_until(picture: TrackPicture, nets: Nets, sky: Sky) -> float:
    """The first time after the look over this sky at which another may give something else; `sky.now_s`: at once."""
    rows, now = picture.rows, sky.now_s
    restless = (
        bool(sky.flights)
        or bool(sky.flying.airborne.any())
        or bool(rows.doubts[rows.alive].any())
        or bool(picture.things.doubts[picture.things.alive].any())
        or not nets.settled
    )
    if restless:
        return now
    midnight = (sky.now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    times = np.concatenate((*_of_rows(picture), list(nets.timers(sky)), [midnight]))
    return max(now, float(times[times > now - PASSED_S].min()))


def _of_rows(picture: TrackPicture) -> Iterator[Floats]:
    """When rows turn old, are lost, settle, or are forgiven."""
    rows, roster = picture.rows, picture.roster
    alive = np.flatnonzero(rows.alive)
    for source, about in enumerate(roster.sources):
        mine = alive[rows.source[alive] == source]
        limits = LIMITS[about.kind]
        for limit_s in (limits.dim_s, limits.stale_s, limits.lost_s):
            yield rows.heard_at_s[mine] + limit_s
            yield rows.position_at_s[mine] + limit_s
    yield rows.refused_at_s[alive] + doubts.FORGET_S
    yield rows.first_at_s[alive] + doubts.CROWD_S
    yield np.array(roster.resumed_s) + doubts.SETTLED_S
