"""Which format a file of volumes has, and reading it."""

from dispatch.errors import Malformed
from dispatch.kinds import HorizontalDatum
from dispatch.volume_kinds import VolumeFormat
from protocols.alarm_errors import TooMuch
from protocols.volumes import aixm, ed269, f3548, geojson, json_fields, openair
from protocols.volumes.reading import MAX_BYTES, VolumesRead

READABLE = tuple(each for each in VolumeFormat if each is not VolumeFormat.HAND)


def read(
    body: bytes, file: str, wanted: VolumeFormat | None, datum: HorizontalDatum = HorizontalDatum.WGS84
) -> VolumesRead:
    """All of a file, its format `wanted` or found out. Raises Malformed for what is none, TooMuch."""
    if len(body) > MAX_BYTES:
        raise TooMuch("file", f"{len(body)} bytes, at most {MAX_BYTES}")
    start = body[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if wanted is VolumeFormat.AIXM or (wanted is None and start.startswith(b"<")):
        return aixm.read(body, file, datum)
    if wanted is VolumeFormat.OPENAIR:
        return openair.read(body, file, datum)
    if wanted is None and not start.startswith((b"{", b"[")):
        read_ = openair.read(body, file, datum)
        if not read_.seen:
            raise Malformed("file", "is no OpenAir, AIXM, GeoJSON, ED-269 or F3548 that is read here")
        return read_
    return _json(json_fields.document(body), file, wanted, datum)


def _json(whole: object, file: str, wanted: VolumeFormat | None, datum: HorizontalDatum) -> VolumesRead:
    zones = ed269.zones_of(whole)
    kind = whole.get("type") if isinstance(whole, dict) else None
    if wanted is None:
        if kind in ("FeatureCollection", "Feature"):
            wanted = VolumeFormat.GEOJSON
        elif zones is not None:
            wanted = VolumeFormat.ED269
        elif next(f3548.volumes_in(whole), None) is not None:
            wanted = VolumeFormat.F3548
    match wanted:
        case VolumeFormat.GEOJSON:
            return geojson.read_document(whole, file, datum)
        case VolumeFormat.ED269:
            if zones is None:
                raise Malformed("file", "has no UASZoneList")
            return ed269.read_document(whole, file, datum)
        case VolumeFormat.F3548:
            return f3548.read_document(whole, file, datum)
        case _:
            raise Malformed("file", "is JSON, and no GeoJSON, ED-269 or F3548 that is read here")
