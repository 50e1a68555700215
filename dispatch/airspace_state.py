"""The lifecycle of a request to ATC as a table, and which of a tasking's requests stands."""

from dispatch import amended
from dispatch.kinds import AirspaceAction, AirspaceKind, AirspaceState
from dispatch.lifecycle import Lifecycle
from dispatch.records import AirspaceRequest, Tasking
from dispatch.world import World

_S, _A = AirspaceState, AirspaceAction

LIFECYCLE = Lifecycle(
    name="airspace request",
    initial=_S.FILED,
    table={
        (_S.FILED, _A.APPROVE): _S.APPROVED,
        (_S.FILED, _A.PHONE): _S.APPROVED,  # ATC's approval, written down by the desk that heard it
        (_S.FILED, _A.REFUSE): _S.REFUSED,
        (_S.FILED, _A.COUNTER): _S.COUNTERED,
        (_S.FILED, _A.WITHDRAW): _S.WITHDRAWN,
        (_S.FILED, _A.EXPIRE): _S.EXPIRED,
        (_S.COUNTERED, _A.ACCEPT): _S.APPROVED,
        (_S.COUNTERED, _A.WITHDRAW): _S.WITHDRAWN,
        (_S.COUNTERED, _A.EXPIRE): _S.EXPIRED,
        (_S.APPROVED, _A.ACTIVATE): _S.ACTIVE,
        (_S.APPROVED, _A.WITHDRAW): _S.WITHDRAWN,
        (_S.APPROVED, _A.EXPIRE): _S.EXPIRED,
        (_S.APPROVED, _A.REVOKE): _S.REVOKED,
        (_S.ACTIVE, _A.RELEASE): _S.RELEASED,
        (_S.ACTIVE, _A.LEAVE): _S.NONCONFORMING,
        (_S.ACTIVE, _A.REVOKE): _S.REVOKED,
        (_S.NONCONFORMING, _A.RETURN): _S.ACTIVE,
        (_S.NONCONFORMING, _A.REVOKE): _S.REVOKED,
        # an aircraft that lands outside its block still gives the block back
        (_S.NONCONFORMING, _A.RELEASE): _S.RELEASED,
        # ATC confirms at its own page what it has said by telephone
        **{(state, _A.CONFIRM): state for state in (_S.APPROVED, _S.ACTIVE, _S.NONCONFORMING, _S.RELEASED)},
    },
)

GRANTED = frozenset({_S.APPROVED, _S.ACTIVE})
ALIVE = GRANTED | {_S.FILED, _S.COUNTERED, _S.NONCONFORMING}  # asked for or held: not over


def in_force(
    world: World, tasking: Tasking, kind: AirspaceKind = AirspaceKind.PLAN
) -> AirspaceRequest | None:
    """The request of a kind that a crew flies by: the newest, but for those of amendments not acknowledged."""
    passed_over = amended.unacknowledged_requests(tasking)
    own = (each for each in reversed(tasking.airspace_request_ids) if each not in passed_over)
    found = (world.requests[each] for each in own if each in world.requests)
    return next((each for each in found if each.kind is kind), None)
