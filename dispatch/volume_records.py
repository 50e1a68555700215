"""What is known of an airspace volume (空域): where, how high, when, what it is, and from which line of which file."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.geo import Position
from dispatch.kinds import AltitudeDatum, Role
from dispatch.records import Step
from dispatch.volume_kinds import AirspaceClass, AirspaceControl, VolumeFormat, VolumeKind, VolumeRemark


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """Corners, the last one not repeated. Sides are straight in longitude and latitude."""

    corners: tuple[Position, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """Where on the ground, one of three: `ring` with `holes`, `centre` with `radius_m`, `line` with `half_width_m`."""

    ring: tuple[Position, ...] = ()  # counter-clockwise, the last corner not repeated
    holes: tuple[Ring, ...] = ()  # clockwise
    centre: Position | None = None
    radius_m: float = 0.0
    line: tuple[Position, ...] = ()  # of a corridor, its ends round
    half_width_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeightLimit:
    """A floor or ceiling. The ground is 0 m AGL; a flight level is metres of PRESSURE."""

    datum: AltitudeDatum
    value_m: float
    unlimited: bool = False  # of a ceiling: `value_m` says nothing
    stated: str = ""  # the source's own words, for labels


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveTime:
    """When it is active: from, until (None: open), and within that on some days at some hours, UTC."""

    begins_at: datetime | None = None
    ends_at: datetime | None = None
    weekdays: tuple[int, ...] = ()  # 1 Monday to 7 Sunday; empty: every day
    from_s: int = 0  # seconds of the day, UTC
    until_s: int = 86_400  # not after `from_s`: into the next day


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeSource:
    """Where a volume was read. `line` is 1 for the first, 0 where the format has none; `feature` is unique in `file`."""

    file: str
    format: VolumeFormat
    line: int
    feature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeTerms:
    """All that is said of a volume. Neither permanent nor any times: known, but not active."""

    name: str
    kind: VolumeKind
    footprint: Footprint
    floor: HeightLimit
    ceiling: HeightLimit
    source: VolumeSource
    own_id: str = ""  # the source's own identifier
    airspace_class: AirspaceClass | None = None
    control: AirspaceControl | None = None
    permanent: bool = False
    times: tuple[ActiveTime, ...] = ()
    note: str = ""
    remarks: tuple[VolumeRemark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A volume as the site keeps it. volume.py has its rules."""

    id: str
    site: str
    terms: VolumeTerms
    saved_at: datetime
    saved_by: str
    saved_as: Role
    withdrawn_at: datetime | None = None
    version: int = 1
    history: tuple[Step, ...] = ()
