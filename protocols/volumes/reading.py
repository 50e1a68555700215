"""What a file of airspace volumes held: volumes in order, and everything else by name, line and feature.

A file is read to its end whatever is in it: one bad airspace takes no other with it. Only a file that is none of the
format at all raises (Malformed, or TooMuch where it is larger than what is read).
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from dispatch import volume
from dispatch.errors import GanyingError, Malformed
from dispatch.geo import Position, position_from
from dispatch.kinds import HorizontalDatum
from dispatch.volume_kinds import VolumeFormat, VolumeRemark
from dispatch.volume_records import VolumeSource, VolumeTerms
from protocols.alarm_errors import TooMuch

MAX_BYTES = 67_108_864  # a country's AIXM without procedures stays under 40 MB
MAX_VOLUMES = volume.MOST_VOLUMES
MAX_FAULTS = 1_000  # told one by one; beyond it they are counted


class Fault(GanyingError):
    """What is wrong with one airspace. `code` is stable; raised by the codecs, kept as a VolumeFault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeFault:
    """One airspace, or line, that makes no volume: why, and where. `line` 0 where the format has none."""

    code: str
    detail: str
    feature: str
    line: int
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumesRead:
    """`seen`: airspaces in the file. `passed`: what else is in it and makes no volume, by its name there."""

    format: VolumeFormat
    volumes: tuple[VolumeTerms, ...]
    faults: tuple[VolumeFault, ...]
    rejected: int
    seen: int
    passed: Mapping[str, int]

    def remarks(self) -> Mapping[VolumeRemark, int]:
        """How many volumes each remark stands on."""
        return Counter(remark for each in self.volumes for remark in each.remarks)


@dataclass(slots=True, kw_only=True)
class Collected:
    """What has been read so far."""

    file: str
    format: VolumeFormat
    datum: HorizontalDatum = HorizontalDatum.WGS84
    seen: int = 0
    rejected: int = 0
    volumes: list[VolumeTerms] = field(default_factory=list)
    faults: list[VolumeFault] = field(default_factory=list)
    passed: Counter[str] = field(default_factory=Counter)
    _features: Counter[str] = field(default_factory=Counter)

    def position(self, lon_deg: float, lat_deg: float) -> Position:
        """A corner in the file's datum as WGS-84. Raises Fault."""
        try:
            return position_from(lon_deg, lat_deg, self.datum)
        except Malformed as error:
            raise Fault("POSITION", error.detail, field=error.field.removeprefix("position.")) from None

    def source(self, feature: str, line: int = 0) -> VolumeSource:
        """Where the next volume comes from; a second one of a name is told apart by a number."""
        plain = feature[: volume.MAX_FEATURE - 8]
        self._features[plain] += 1
        count = self._features[plain]
        named = plain if count == 1 else f"{plain}#{count}"
        return VolumeSource(file=self.file, format=self.format, line=line, feature=named)

    def take(self, feature: str, line: int, make: Callable[[VolumeSource], list[VolumeTerms]]) -> None:
        """One airspace of the file: the volumes that it makes, all of them or none."""
        self.seen += 1
        if len(self.volumes) >= MAX_VOLUMES:
            raise TooMuch("file", f"more than {MAX_VOLUMES} volumes")
        source = self.source(feature or "?", line)
        try:
            made = make(source)
            if len(made) > 1:
                made = [
                    replace(
                        each,
                        source=replace(each.source, feature=f"{source.feature}/{n}"),
                        remarks=(*each.remarks, VolumeRemark.ONE_OF_SEVERAL),
                    )
                    for n, each in enumerate(made, 1)
                ]
            self.volumes.extend([volume.checked(each) for each in made])
        except GanyingError as error:
            self.fault(error, source.feature, line)

    def fault(self, error: GanyingError, feature: str, line: int) -> None:
        """One that makes no volume."""
        self.rejected += 1
        if len(self.faults) < MAX_FAULTS:
            at = getattr(error, "line", 0) or line
            self.faults.append(
                VolumeFault(
                    code=error.code, detail=error.detail[:300], feature=feature, line=at, field=error.field
                )
            )

    def done(self) -> VolumesRead:
        """All of it."""
        return VolumesRead(
            format=self.format,
            volumes=tuple(self.volumes),
            faults=tuple(self.faults),
            rejected=self.rejected,
            seen=self.seen,
            passed=dict(sorted(self.passed.items())),
        )


def text_of(body: bytes) -> str:
    """UTF-8, with or without its mark. Raises Malformed."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed("file", f"is not UTF-8 (byte {error.start})") from None
