"""What is asked of the papers' process, as it crosses the pipe: plain values, one class."""

from dataclasses import asdict, dataclass
from typing import Literal, Self

from dispatch.kinds import Role

What = Literal[
    "list",
    "document",
    "pdf",
    "kpis",
    "kpis_csv",
    "fallback",
    "logbook",
    "logbook_csv",
    "logbook_pdf",
    "handover",
    "handover_pdf",
    "room",
    "room_pdf",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question; times are ISO-8601, empty where none is meant."""

    what: What
    role: str
    operator_id: str = ""
    incident_id: str = ""
    kind: str = ""
    tasking: str = ""
    request: str = ""
    revision: int = 0  # 0: the newest
    begin: str = ""
    end: str = ""
    drill: bool = False
    now: str = ""
    handover_id: str = ""
    room_id: str = ""
    person: str = ""  # logbook: an account, or a part of a name
    text: str = ""  # logbook: what a line must hold
    after: int = 0  # logbook: the row behind which to go on
    limit: int = 100
    oldest_first: bool = False

    def as_json(self) -> dict[str, object]:
        """Plain."""
        return asdict(self)

    @classmethod
    def read(cls, told: dict[str, object]) -> Self:
        """From `as_json`."""
        return cls(**told)  # type: ignore[arg-type]  # our own process wrote it

    @property
    def as_role(self) -> Role:
        """Who asks."""
        return Role(self.role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What the process must know: which journal, whose, and who issues the papers."""

    url: str
    site: str
    issuer: str
