"""What is known beside a request to ATC: the dated rules it is measured by, its clocks, telephone answers, questions.

Every field here has one of the same name in protocols/schema/records.proto.
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.clearance_kinds import RuleMark
from dispatch.kinds import AirspaceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearanceRule:
    """A dated row: whether a release needs a kind of request, and by when it is filed and answered.

    `file_by` and `answer_by` count back from the flight as deadline.py reads them: `60min`, `1d 15:00`, `7wd`.
    """

    id: str
    site: str
    name: str
    kind: AirspaceKind
    emergency: bool  # 紧急救护, 抢险救灾; False: ordinary flights
    unmanned: bool = False  # of drones alone
    needed: bool = False  # no tasking is released without an approval of this kind
    agreement: str = ""  # id of the local agreement by which it may follow later (先飞后报); empty: none
    file_by: str = ""  # empty: no limit stated
    answer_by: str = ""
    least_answer_s: float = 0.0  # ATC's desk has at least this long, however late it was filed
    mark: RuleMark
    valid_from: datetime
    valid_until: datetime | None = None
    source: str
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestClock:
    """The limits of one rule for one request, as they were when it was filed. A passed one decides nothing."""

    rule_id: str
    name: str
    emergency: bool
    governs: bool  # the one that the request is measured by; the others are told beside it
    file_by_at: datetime | None = None
    answer_by_at: datetime | None = None
    late: bool = False  # filed after `file_by_at`
    mark: RuleMark
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneAnswer:
    """ATC's approval as it was heard by telephone: by whom it was given, and who wrote it down. Stays at this site."""

    unit: str  # of air traffic control
    who: str
    said_at: datetime
    number: str = ""  # that was called, or called from
    note: str = ""
    entered_by: str = ""
    entered_at: datetime | None = None
    confirmed_by: str = ""  # by ATC at its own page, later
    confirmed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestQuestion:
    """What ATC asks the desk about a request, and what it was told. Stays at this site."""

    number: int  # 1 is the first of its request
    text: str
    asked_by: str = ""
    asked_at: datetime | None = None
    answer: str = ""
    answered_by: str = ""
    answered_at: datetime | None = None
