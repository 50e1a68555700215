"""Position reports over HTTP: one, or up to a hundred at once; what a gateway, a phone page or a script sends.

The horizontal datum is always stated: a coordinate whose datum nobody names is refused, for a GCJ-02 position taken
for WGS-84 is 50 to 500 m off. A height states what it is measured from in the same way. Whom a report is about is the
door's to say (adapters/web/doors_positions.py).
"""

from typing import Annotated

from msgspec import Meta

from dispatch.errors import Refused
from dispatch.kinds import AltitudeDatum, Emergency, HorizontalDatum, SourceKind, ThingKind
from dispatch.sighting import Sighting
from dispatch.tracks import Verdict
from protocols.json_answers import Answered
from protocols.json_doors import END, Body, Height, Instant, PositionBody, Speed, position_of

MAX_REPORTS = 100  # of one body; about 30 kB as a phone writes them
KEY_PATTERN = r"^([A-Za-z0-9][A-Za-z0-9._:/-]{0,63})?" + END
ThingKey = Annotated[
    str,
    Meta(
        max_length=64,
        pattern=KEY_PATTERN,
        description="the thing's own number at whoever reports it; empty: the account itself",
    ),
]
Accuracy = Annotated[
    float, Meta(gt=0, le=100_000, description="radius that holds the true position with 95 %")
]
Angle = Annotated[float, Meta(ge=0, le=360, description="degrees true")]
Label = Annotated[str, Meta(max_length=40, pattern=r"^[^\x00-\x1f\x7f-\x9f]*" + END)]  # nothing unprintable


class PositionReport(Body, frozen=True, kw_only=True):
    """Where something is. `datum` is required; `altitude_m` needs its `altitude_datum`."""

    position: PositionBody
    datum: HorizontalDatum
    observed_at: Instant | None = None
    accuracy_m: Accuracy | None = None
    altitude_m: Height | None = None
    altitude_datum: AltitudeDatum | None = None
    ground_speed_mps: Speed | None = None
    track_deg: Angle | None = None
    key: ThingKey = ""
    thing_kind: ThingKind | None = None
    name: Label = ""
    emergency: Emergency | None = None
    backfill: bool = False
    simulated: bool = False

    def sighting(self, *, source: str, source_kind: SourceKind, key: str, name: str, at: str) -> Sighting:
        """What was measured, in WGS-84. `at` is the report's path in its body. Raises Refused."""
        if self.altitude_m is not None and self.altitude_datum is None:
            raise Refused(
                "UNDECLARED_DATUM",
                "a height states what it is measured from: msl, agl, pressure or ellipsoid",
                field=f"{at}altitude_datum",
            )
        place = position_of(self.position, self.datum)
        return Sighting(
            source=source,
            source_kind=source_kind,
            own_key=key,
            observed_at_s=self.observed_at.timestamp() if self.observed_at else None,
            lon_deg=place.lon_deg,
            lat_deg=place.lat_deg,
            accuracy_m=self.accuracy_m,
            altitude_m=self.altitude_m,
            altitude_datum=self.altitude_datum if self.altitude_m is not None else None,
            ground_speed_mps=self.ground_speed_mps,
            track_deg=None if self.track_deg is None else self.track_deg % 360.0,
            name=self.name or name or None,
            thing_kind=self.thing_kind,
            emergency=self.emergency,
            simulated=self.simulated,
            backfill=self.backfill,
        )


class PositionBatch(Body, frozen=True, kw_only=True):
    """Several reports, oldest first; `backfill` on those kept while there was no link."""

    reports: Annotated[tuple[PositionReport, ...], Meta(min_length=1, max_length=MAX_REPORTS)]


class PositionAnswer(Answered, frozen=True, kw_only=True):
    """Whom the report was taken to be about, and what became of it."""

    key: str
    verdict: Verdict


class PositionsAnswer(Answered, frozen=True, kw_only=True):
    """One answer for each report, in their order."""

    items: list[PositionAnswer]
