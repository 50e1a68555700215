"""Life of a link between two sites: one table, shown on the console, walked by tests and by link_session.py.

"any -lost-> down" of the design covers the states in which there is a connection. A refused link stays refused,
with its reason, until the next attempt: people have to see it.
"""

from enum import StrEnum

from dispatch.lifecycle import Lifecycle


class LinkState(StrEnum):
    """Life of a link, as the console shows it."""

    DOWN = "down"  # 断开
    GREETING = "greeting"  # 握手
    CATCHING_UP = "catching_up"  # 补传
    LIVE = "live"  # 在线
    REFUSED = "refused"  # 拒绝


class LinkAction(StrEnum):
    """What happens to a link."""

    CONNECTED = "connected"
    AGREED = "agreed"
    LEVEL = "level"
    LOST = "lost"
    MISMATCH = "mismatch"
    RETRY = "retry"


_S, _A = LinkState, LinkAction
LIFECYCLE = Lifecycle(
    name="link",
    initial=_S.DOWN,
    table={
        (_S.DOWN, _A.CONNECTED): _S.GREETING,
        (_S.GREETING, _A.AGREED): _S.CATCHING_UP,
        (_S.GREETING, _A.MISMATCH): _S.REFUSED,
        (_S.GREETING, _A.LOST): _S.DOWN,
        (_S.CATCHING_UP, _A.LEVEL): _S.LIVE,
        (_S.CATCHING_UP, _A.MISMATCH): _S.REFUSED,  # the partner's no may come after our own yes
        (_S.CATCHING_UP, _A.LOST): _S.DOWN,
        (_S.LIVE, _A.MISMATCH): _S.REFUSED,  # where there was nothing to catch up with
        (_S.LIVE, _A.LOST): _S.DOWN,
        (_S.REFUSED, _A.RETRY): _S.DOWN,
    },
)

# Reasons that no reconnection cures: people have to change something.
MISMATCHES = frozenset(
    {
        "VERSION",
        "SITE_MISMATCH",
        "UNKNOWN_SITE",
        "AGREEMENT",
        "CERTIFICATE",
        "HAVE_AHEAD",
        "EPOCH_CHANGED",  # the desk holds rows of another journal of this partner
        "JOURNAL_DIVERGED",  # the desk holds another text under one of these numbers
        "ROW_TOO_LARGE",
        "DOWNGRADE",  # it spoke a newer version before
    }
)
