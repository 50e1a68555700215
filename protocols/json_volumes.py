"""Airspace volumes over HTTP: imported, drawn, amended, withdrawn, listed."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from dispatch import volume
from dispatch.geo import Position, position_from
from dispatch.kinds import AltitudeDatum, HorizontalDatum
from dispatch.records import Step
from dispatch.volume_commands import AmendVolume, SaveVolume, WithdrawVolumes
from dispatch.volume_kinds import AirspaceClass, AirspaceControl, VolumeFormat, VolumeKind, VolumeRemark
from dispatch.volume_records import ActiveTime, Footprint, HeightLimit, Volume, VolumeSource, VolumeTerms
from protocols.json_answers import Answered
from protocols.json_doors import Body, Instant, PageQuery, PositionBody, Version, Why
from protocols.volumes.reading import VolumesRead

Name = Annotated[str, Meta(min_length=1, max_length=volume.MAX_NAME, pattern=r"\S")]
Note = Annotated[str, Meta(max_length=volume.MAX_NOTE)]
Reading = Literal["auto", "openair", "aixm", "geojson", "ed269", "f3548"]


class HeightBody(Body, frozen=True, kw_only=True):
    """A floor or ceiling in metres; a flight level is `pressure`. The ground is 0 `agl`."""

    datum: AltitudeDatum
    value_m: Annotated[float, Meta(ge=volume.LEAST_HEIGHT_M, le=volume.MOST_HEIGHT_M)] = 0.0
    unlimited: bool = False
    stated: Annotated[str, Meta(max_length=60)] = ""

    def limit(self) -> HeightLimit:
        """The record."""
        return HeightLimit(
            datum=self.datum, value_m=self.value_m, unlimited=self.unlimited, stated=self.stated
        )


class TimeBody(Body, frozen=True, kw_only=True):
    """When it is active: from, until, and within that on some weekdays (1 Monday) at some hours, seconds of a day UTC."""

    begins_at: Instant | None = None
    ends_at: Instant | None = None
    weekdays: Annotated[tuple[Annotated[int, Meta(ge=1, le=7)], ...], Meta(max_length=7)] = ()
    from_s: Annotated[int, Meta(ge=0, le=86_399)] = 0
    until_s: Annotated[int, Meta(ge=1, le=86_400)] = 86_400

    def time(self) -> ActiveTime:
        """The record."""
        return ActiveTime(
            begins_at=self.begins_at,
            ends_at=self.ends_at,
            weekdays=tuple(sorted(set(self.weekdays))),
            from_s=self.from_s,
            until_s=self.until_s,
        )


Times = Annotated[tuple[TimeBody, ...], Meta(max_length=volume.MOST_TIMES)]


class FootprintBody(Body, frozen=True, kw_only=True):
    """One of three: `ring` (not closed), `centre` with `radius_m`, `line` with `half_width_m`."""

    ring: Annotated[tuple[PositionBody, ...], Meta(max_length=500)] = ()
    centre: PositionBody | None = None
    radius_m: Annotated[float, Meta(ge=0, le=1e6)] = 0.0
    line: Annotated[tuple[PositionBody, ...], Meta(max_length=500)] = ()
    half_width_m: Annotated[float, Meta(ge=0, le=1e5)] = 0.0

    def footprint(self, datum: HorizontalDatum) -> Footprint:
        """The record, in WGS-84."""

        return Footprint(
            ring=tuple(_position(each, datum) for each in self.ring),
            centre=None if self.centre is None else _position(self.centre, datum),
            radius_m=self.radius_m,
            line=tuple(_position(each, datum) for each in self.line),
            half_width_m=self.half_width_m,
        )


def _position(one: PositionBody, datum: HorizontalDatum) -> Position:
    return position_from(one.lon_deg, one.lat_deg, datum)


class VolumeDraft(Body, frozen=True, kw_only=True):
    """A volume drawn by hand. Neither `permanent` nor `times`: kept, but not active."""

    name: Name
    kind: VolumeKind
    footprint: FootprintBody
    coordinates: HorizontalDatum = HorizontalDatum.WGS84
    floor: HeightBody
    ceiling: HeightBody
    airspace_class: AirspaceClass | None = None
    control: AirspaceControl | None = None
    permanent: bool = False
    times: Times = ()
    note: Note = ""

    def command(self) -> SaveVolume:
        """The command."""
        terms = VolumeTerms(
            name=self.name,
            kind=self.kind,
            footprint=self.footprint.footprint(self.coordinates),
            floor=self.floor.limit(),
            ceiling=self.ceiling.limit(),
            airspace_class=self.airspace_class,
            control=self.control,
            permanent=self.permanent,
            times=tuple(each.time() for each in self.times),
            note=self.note,
            source=VolumeSource(file="", format=VolumeFormat.HAND, line=0, feature=self.name),
        )
        return SaveVolume(terms=terms)


class VolumeAmendment(Body, frozen=True, kw_only=True):
    """What is said otherwise; what is left out stays. `times` empty without `permanent`: not active until given."""

    version: Version
    name: Name | None = None
    kind: VolumeKind | None = None
    airspace_class: AirspaceClass | None = None
    control: AirspaceControl | None = None
    floor: HeightBody | None = None
    ceiling: HeightBody | None = None
    permanent: bool | None = None
    times: Times | None = None
    note: Note | None = None

    def command(self, volume_id: str) -> AmendVolume:
        """The command for one volume."""
        return AmendVolume(
            volume_id=volume_id,
            version_seen=self.version,
            name=self.name,
            kind=self.kind,
            airspace_class=self.airspace_class,
            control=self.control,
            floor=None if self.floor is None else self.floor.limit(),
            ceiling=None if self.ceiling is None else self.ceiling.limit(),
            permanent=self.permanent,
            times=None if self.times is None else tuple(each.time() for each in self.times),
            note=self.note,
        )


class VolumeWithdrawal(Body, frozen=True, kw_only=True):
    """Take it off the map, and why."""

    version: Version
    reason: Why

    def command(self, volume_id: str) -> WithdrawVolumes:
        """The command for one volume."""
        return WithdrawVolumes(volume_ids=(volume_id,), versions_seen=(self.version,), reason=self.reason)


class VolumeQuery(PageQuery, frozen=True, kw_only=True):
    """`q`: in name, note or file. `active`: now. `withdrawn`: with those."""

    q: Annotated[str, Meta(max_length=80)] = ""
    kind: VolumeKind | None = None
    airspace_class: AirspaceClass | None = None
    active: bool = False
    withdrawn: bool = False


class VolumeMapQuery(Body, frozen=True, kw_only=True):
    """`since`: the `through` of the answer before; 0 for all."""

    since: Annotated[int, Meta(ge=0, le=2**53)] = 0


class VolumeImportQuery(Body, frozen=True, kw_only=True):
    """`dry_run`: say what would be, record nothing. `replace`: withdraw what this source no longer has."""

    source: Annotated[str, Meta(min_length=1, max_length=volume.MAX_FILE, pattern=r"\S")]
    format: Reading = "auto"
    coordinates: HorizontalDatum = HorizontalDatum.WGS84
    dry_run: bool = False
    replace: bool = False

    @property
    def wanted(self) -> VolumeFormat | None:
        """The format that is said, None to find out."""
        return None if self.format == "auto" else VolumeFormat(self.format)


class VolumeAnswer(Answered, frozen=True, kw_only=True):
    """One of a list, without its geometry."""

    id: str
    site: str
    name: str
    own_id: str
    kind: VolumeKind
    airspace_class: AirspaceClass | None
    control: AirspaceControl | None
    floor: HeightLimit
    ceiling: HeightLimit
    permanent: bool
    times: tuple[ActiveTime, ...]
    active: bool
    note: str
    remarks: tuple[VolumeRemark, ...]
    source: VolumeSource
    saved_at: datetime
    saved_by: str
    withdrawn_at: datetime | None
    version: int

    @classmethod
    def of(cls, one: Volume, now: datetime) -> "VolumeAnswer":
        """As of now."""
        terms = one.terms
        said = {name: getattr(terms, name) for name in _OF_TERMS}
        own = {name: getattr(one, name) for name in _OF_VOLUME}
        return cls(**said, **own, active=volume.is_active(one, now))


_OF_VOLUME = ("id", "site", "saved_at", "saved_by", "withdrawn_at", "version")
_OF_TERMS = tuple(
    name for name in VolumeAnswer.__struct_fields__ if name not in _OF_VOLUME and name != "active"
)


class VolumeDetail(VolumeAnswer, frozen=True, kw_only=True):
    """One with its geometry and history."""

    footprint: Footprint
    history: tuple[Step, ...]

    @classmethod
    def of(cls, one: Volume, now: datetime) -> "VolumeDetail":
        """As of now."""
        said = {name: getattr(one.terms, name) for name in _OF_TERMS}
        own = {name: getattr(one, name) for name in _OF_VOLUME}
        return cls(
            **said,
            **own,
            active=volume.is_active(one, now),
            footprint=one.terms.footprint,
            history=one.history,
        )


class FaultAnswer(Answered, frozen=True, kw_only=True):
    """One airspace that makes no volume. `line` 0: the format has none."""

    code: str
    detail: str
    feature: str
    line: int
    field: str


class VolumeChange(Answered, frozen=True, kw_only=True):
    """What an import does to one volume."""

    id: str
    name: str
    change: Literal["new", "changed", "withdrawn"]


class VolumesImportAnswer(Answered, frozen=True, kw_only=True):
    """What a file held and what became of it. `changes`: the first 200. `passed`: what is no airspace in it, by name."""

    format: VolumeFormat
    dry_run: bool
    seen: int
    new: int
    changed: int
    unchanged: int
    rejected: int
    withdrawn: int
    faults: list[FaultAnswer]
    changes: list[VolumeChange]
    remarks: dict[str, int]
    passed: dict[str, int]


def faults_of(read: VolumesRead) -> list[FaultAnswer]:
    """The faults of a file."""
    return [
        FaultAnswer(
            code=each.code, detail=each.detail, feature=each.feature, line=each.line, field=each.field
        )
        for each in read.faults
    ]
