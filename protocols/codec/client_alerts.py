"""Alerts to consoles: what the picture cries out, with how the things are called and where the first of them is."""

from collections.abc import Callable, Iterable

from dispatch.alerts import Alert
from dispatch.tracks import Track
from protocols.codec.common import DEGREES_TO_WIRE, enum_to_number
from protocols.gen import client_pb2, tracks_pb2

_MICROSECONDS = 1_000_000


def alerts_message(alerts: Iterable[Alert], track_of: Callable[[str], Track | None], *, whole: bool) -> bytes:
    """Alerts as one message; `whole`: these are all there are. `track_of` finds a track by its id."""
    message = client_pb2.ServerMessage()
    message.alerts.whole = whole
    for alert in alerts:
        _fill(message.alerts.alerts.add(), alert, [track_of(track_id) for track_id in alert.track_ids])
    return message.SerializeToString()


def _fill(wire: tracks_pb2.Alert, alert: Alert, tracks: list[Track | None]) -> None:
    wire.id, wire.severity, wire.source, wire.code = alert.id, alert.severity, alert.source, alert.code
    wire.kind = enum_to_number(alert.kind)  # type: ignore[assignment]  # stubs want the wire enum
    wire.track_ids.extend(alert.track_ids)
    wire.numbers.extend(alert.numbers)
    wire.names.extend(
        track_id if track is None else called(track)
        for track_id, track in zip(alert.track_ids, tracks, strict=True)
    )
    wire.tasking_id, wire.incident_id, wire.about = alert.tasking_id, alert.incident_id, alert.about
    wire.volume_id, wire.closure_id = alert.volume_id, alert.closure_id
    wire.flags.extend(alert.flags)
    if alert.lead_s is not None:
        wire.lead_s = alert.lead_s
    wire.began_at_us = round(alert.began_at_s * _MICROSECONDS)
    wire.over = alert.over
    wire.chattering, wire.inhibited_by = alert.chattering, alert.inhibited_by
    if alert.returned_at_s is not None:
        wire.returned_at_us = round(alert.returned_at_s * _MICROSECONDS)
    for name, value in alert.figures.items():
        wire.figures[name] = value
    first = next((track for track in tracks if track is not None and track.lon_deg is not None), None)
    if first is not None and first.lon_deg is not None and first.lat_deg is not None:
        wire.lon_e7, wire.lat_e7 = (
            round(first.lon_deg * DEGREES_TO_WIRE),
            round(first.lat_deg * DEGREES_TO_WIRE),
        )


def called(track: Track) -> str:
    """How a thing is called in words: as people named it, else as it calls itself, else by its address or key."""
    return track.name or track.callsign or track.registration or track.icao24.upper() or track.id
