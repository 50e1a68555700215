"""Records of mutual aid: the asking site's request and the helping site's offer. Each has one writer, its site.

No name of a person stands in them, for they travel whole: the site and a role stand in its place. Lines of history are
written by the fold from each row's header, which at the partner says the site.
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.aid_kinds import AidAskState, AidOfferState
from dispatch.geo import Position
from dispatch.kinds import Role, TaskKind
from dispatch.records import Aircraft, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class AidHandover:
    """One side's record of the hand-over of command: when, where, between which posts."""

    at: datetime
    place: str
    position: Position | None = None
    role: Role
    other_role: str  # the post on the other side, in words: 43 省前指空中指挥


@dataclass(frozen=True, slots=True, kw_only=True)
class AidTerms:
    """What is asked for."""

    task: TaskKind
    model: str = ""  # empty: any that fits
    count: int
    needed_by: datetime
    until: datetime  # no longer than this
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AidFlown:
    """What one borrowed aircraft did, as the journal of the receiving site has it."""

    aircraft_id: str  # as the lender calls it
    flight_s: float
    drops: int
    litres: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AidRequest:
    """A request for help to one partner, owned by the asking site."""

    id: str
    site: str
    partner: str
    incident_id: str
    incident_title: str
    position: Position
    terms: AidTerms
    state: AidAskState
    requested_at: datetime
    state_at: datetime  # of the last step
    order_ref: str = ""  # 应急管理部调机指令, where there is one
    approved_at: datetime | None = None  # by a duty chief
    sent_at: datetime | None = None
    offer_id: str = ""  # the partner's record that was accepted
    offer_version: int = 0
    borrowed: tuple[str, ...] = ()  # what the aircraft are called here
    base_id: str = ""  # where the aircraft are to land and stand
    arrived_at: datetime | None = None
    handover: AidHandover | None = None
    released_at: datetime | None = None
    flown: tuple[AidFlown, ...] = ()  # as it was at the release
    cost: float | None = None  # thousand CNY, as settled
    version: int = 1
    history: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AidAircraft:
    """An aircraft on offer. `cost_per_hour` in thousand CNY by the contract named."""

    aircraft: Aircraft
    eta: datetime
    cost_per_hour: float
    contract_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AidBillLine:
    """What one aircraft is to be paid: the hours that the receiving site released it with, by rate. Thousand CNY."""

    aircraft_id: str
    flight_s: float
    drops: int
    cost_per_hour: float
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AidOffer:
    """The helping site's record of a request, from its receipt on."""

    id: str
    site: str
    partner: str  # who asked
    request_id: str
    state: AidOfferState
    received_at: datetime
    state_at: datetime
    aircraft: tuple[AidAircraft, ...] = ()
    conditions: str = ""
    until: datetime | None = None  # back home by then
    approved_at: datetime | None = None  # by a duty chief
    declined_for: str = ""
    recalled_at: datetime | None = None
    handover: AidHandover | None = None
    bill: tuple[AidBillLine, ...] = ()
    cost: float | None = None  # thousand CNY
    version: int = 1
    history: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AidAlarm:
    """A clock of a request that has passed here. It decides nothing."""

    id: str  # request.clock
    request_id: str
    clock: str
    due_at: datetime
    rule_id: str
    escalated_at: datetime | None = None
    version: int = 1
