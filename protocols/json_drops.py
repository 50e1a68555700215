"""HTTP bodies and answers of water, of findings, and of the hours that are signed."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from dispatch.drop_commands import CorrectWater, RecordWater, RejectTrackEvents, SignHours, WaterTold
from dispatch.drop_kinds import WaterAct
from dispatch.drop_records import HoursSignature
from dispatch.errors import Malformed
from dispatch.hours import PARTIES, Hours, both_signed, hours_of, signed_by
from dispatch.kinds import HorizontalDatum, Role
from dispatch.papers.flights import Sortie
from dispatch.records import Tasking
from protocols.json_answers import Answered
from protocols.json_doors import (
    Body,
    Id,
    Instant,
    OptionalId,
    PositionBody,
    Remark,
    Version,
    Why,
    position_of,
)

Litres = Annotated[float, Meta(gt=0, le=100_000)]
Events = Annotated[tuple[Id, ...], Meta(max_length=100, description="findings confirmed as they are")]


class WaterReport(Body, frozen=True, kw_only=True):
    """Water was dropped or taken. `event`: the finding it confirms; `events`: several, each at its own time.

    What is left out: the time of the finding, else now (a phone's: of the press); the litres that the order plans.
    """

    kind: WaterAct = WaterAct.DROP
    done_at: Instant | None = None
    litres: Litres | None = None
    event: OptionalId = ""
    events: Events = ()
    position: PositionBody | None = None
    datum: HorizontalDatum = HorizontalDatum.WGS84

    def command(self, tasking_id: str) -> RecordWater:
        """The command for one tasking. Raises Malformed where one load and several are told at once."""
        if self.events:
            if self.event or self.done_at is not None or self.position is not None:
                raise Malformed("events", "each is confirmed at its own time and place")
            told = tuple(
                WaterTold(act=self.kind, litres=self.litres, event_id=event)
                for event in dict.fromkeys(self.events)
            )
            return RecordWater(tasking_id=tasking_id, loads=told)
        at = self.position
        return RecordWater(
            tasking_id=tasking_id,
            loads=(
                WaterTold(
                    act=self.kind,
                    done_at=self.done_at,
                    litres=self.litres,
                    event_id=self.event,
                    position=None if at is None else position_of(at, self.datum),
                ),
            ),
        )


class WaterCorrection(Body, frozen=True, kw_only=True):
    """A load was at another time or of another amount, or (`strike`) was not. What it said before stays."""

    version: Version
    reason: Why
    done_at: Instant | None = None
    litres: Litres | None = None
    strike: bool = False

    def command(self, tasking_id: str, drop_id: str) -> CorrectWater:
        """The command for one load."""
        return CorrectWater(
            tasking_id=tasking_id,
            load_id=drop_id,
            version_seen=self.version,
            reason=self.reason,
            done_at=self.done_at,
            litres=self.litres,
            strike=self.strike,
        )


class FindingsRejection(Body, frozen=True, kw_only=True):
    """These did not happen."""

    events: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=100)]
    reason: Remark = ""

    def command(self, tasking_id: str) -> RejectTrackEvents:
        """The command for one tasking."""
        return RejectTrackEvents(
            tasking_id=tasking_id, event_ids=tuple(dict.fromkeys(self.events)), reason=self.reason
        )


class HoursSigning(Body, frozen=True, kw_only=True):
    """Sign what `GET taskings/{id}/hours` has shown under this digest."""

    digest: Annotated[str, Meta(min_length=64, max_length=64, pattern=r"^[0-9a-f]{64}$(?!\n)")]

    def command(self, tasking_id: str) -> SignHours:
        """The command for one tasking."""
        return SignHours(tasking_id=tasking_id, digest=self.digest)


class SortieHours(Answered, frozen=True, kw_only=True):
    """One flight; null: it has not landed, or nobody has said."""

    number: int
    take_off_at: datetime
    landed_at: datetime | None
    air_s: float | None
    drops: int | None
    litres: float | None
    by_track: int | None

    @staticmethod
    def of(sortie: Sortie) -> "SortieHours":
        """One sortie."""
        return SortieHours(
            number=sortie.number,
            take_off_at=sortie.take_off_at,
            landed_at=sortie.landed_at,
            air_s=sortie.air_s,
            drops=sortie.drops,
            litres=sortie.litres,
            by_track=sortie.by_track,
        )


class PartySignature(Answered, frozen=True, kw_only=True):
    """A party and the signature of it that holds; null: it has not signed this."""

    role: Role
    signature: HoursSignature | None


class HoursAnswer(Answered, frozen=True, kw_only=True):
    """What there is to sign, and who has. `signed`: by both, so that it may be settled."""

    digest: str
    sorties: list[SortieHours]
    air_s: float
    drops: int
    litres: float
    parties: list[PartySignature]
    signed: bool

    @staticmethod
    def of(tasking: Tasking) -> "HoursAnswer":
        """As it stands now."""
        hours: Hours = hours_of(tasking)
        return HoursAnswer(
            digest=hours.digest,
            sorties=[SortieHours.of(sortie) for sortie in hours.sorties],
            air_s=hours.air_s,
            drops=hours.drops,
            litres=hours.litres,
            parties=[PartySignature(role=party, signature=signed_by(tasking, party)) for party in PARTIES],
            signed=both_signed(tasking),
        )
