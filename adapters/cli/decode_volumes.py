"""`ganying decode --format openair|aixm`: one line a volume, and one for each airspace that makes none."""

from collections.abc import Iterator

from adapters.cli.decode_lines import Line, LineReader, Options
from dispatch.errors import GanyingError
from dispatch.kinds import HorizontalDatum
from dispatch.volume_kinds import VolumeFormat
from protocols.volumes import formats, geojson_write
from protocols.volumes.reading import MAX_BYTES


class VolumeLines(LineReader):
    """A file of volumes, whole."""

    def __init__(self, wanted: VolumeFormat, datum: HorizontalDatum) -> None:
        super().__init__()
        self._wanted, self._datum = wanted, datum
        self._text = bytearray()

    def feed(self, data: bytes, at_s: float | None) -> Iterator[Line]:  # noqa: ARG002  # the interface's
        """Nothing before the end."""
        self._text += data[: MAX_BYTES + 1 - len(self._text)]
        return iter(())

    def close(self, at_s: float | None) -> Iterator[Line]:  # noqa: ARG002  # the interface's
        """All of it."""
        text, self._text = bytes(self._text), bytearray()
        if not text:
            return
        try:
            read = formats.read(text, "decoded", self._wanted, self._datum)
        except GanyingError as error:
            self.tally.counts["framing_errors"] += 1
            yield {"error": error.code, "detail": error.detail, "bytes": len(text), "field": error.field}
            return
        for each in read.volumes:
            self.tally.message("volume")
            yield {
                "time": None,
                "icao24": None,
                **geojson_write.properties(each),
                "line": each.source.line or None,
                "geometry": geojson_write.geometry(each.footprint, geojson_write.WHOLE_DIGITS),
            }
        for fault in read.faults:
            self.tally.counts["framing_errors"] += 1
            yield {
                "error": fault.code,
                "detail": fault.detail,
                "field": fault.field,
                "feature": fault.feature,
                "line": fault.line or None,
            }


def openair_lines(options: Options) -> VolumeLines:
    """OpenAir 1 and 2."""
    return VolumeLines(VolumeFormat.OPENAIR, options.datum)


def aixm_lines(options: Options) -> VolumeLines:
    """AIXM 5.1."""
    return VolumeLines(VolumeFormat.AIXM, options.datum)
