"""What a console makes of Tracks messages, for tests: states and labels by number, nothing else remembered."""

from typing import Any

from dispatch.kinds import SourceKind
from dispatch.picture import TrackPicture
from dispatch.sighting import Sighting
from protocols.codec.track_states import NO_RATE, NOT_SAID, ON_GROUND, SIMULATED, read_states
from protocols.gen import client_pb2, tracks_pb2


def sight(picture: TrackPicture, icao24: str, lon_deg: float, lat_deg: float, now: float, **said: Any) -> Any:
    """One ADS-B position."""
    values = {"source": "hill", "source_kind": SourceKind.ADSB, **said}
    return picture.accept(Sighting(icao24=icao24, lon_deg=lon_deg, lat_deg=lat_deg, **values), now)


def tracks_in(pieces: Any) -> Any:
    """The Tracks in a message."""
    return client_pb2.ServerMessage.FromString(b"".join(pieces)).tracks


def states_in(tracks: Any) -> dict[int, Any]:
    """The rows of a message by number."""
    return {int(row["number"]): row for row in read_states(tracks.states)}


class View:
    """What one console has."""

    def __init__(self) -> None:
        self.tick = 0
        self.states: dict[int, Any] = {}
        self.labels: dict[int, tracks_pb2.TrackLabel] = {}
        self.sources: dict[int, tuple[str, int]] = {}

    def take(self, tracks: Any) -> None:
        """A message."""
        assert tracks.whole or tracks.from_tick <= self.tick, "a gap"
        told = states_in(tracks)
        gone = {*tracks.lost, *tracks.left}
        assert not gone & told.keys(), "told of and gone in one message"
        if tracks.whole:
            gone |= self.states.keys() - told.keys()
        for number in gone:
            self.states.pop(number, None)
            self.labels.pop(number, None)
        self.states |= told
        for source in tracks.sources:
            self.sources[source.place] = (source.name, source.kind)
        for label in tracks.labels:
            if label.number in self.states:
                self.labels[label.number] = label
        self.tick = tracks.to_tick

    def shown(self) -> dict[int, dict[str, Any]]:
        """Everything it shows, in the picture's own words."""
        return {number: self._one(number) for number in self.states}

    def _one(self, number: int) -> dict[str, Any]:
        state, label = self.states[number], self.labels.get(number)
        assert label is not None, f"{number} has no label"
        address = label.address if label.HasField("address") else None
        return {
            "id": label.id or f"icao24:{address:06x}",
            "icao24": "" if address is None else f"{address:06x}",
            "lon_e7": int(state["lon_e7"]),
            "lat_e7": int(state["lat_e7"]),
            "altitude_m": None if state["altitude_m"] != state["altitude_m"] else float(state["altitude_m"]),
            "ground_speed": None
            if state["ground_speed_cmps"] == NOT_SAID
            else int(state["ground_speed_cmps"]),
            "track": None if state["track_cdeg"] == NOT_SAID else int(state["track_cdeg"]),
            "rate": None if state["vertical_rate_cmps"] == NO_RATE else int(state["vertical_rate_cmps"]),
            "accuracy_m": None if state["accuracy_m"] == NOT_SAID else int(state["accuracy_m"]),
            "source": self.sources[int(state["source"])],
            "datum": int(state["bits"]) & 7,
            "on_ground": bool(state["bits"] & ON_GROUND),
            "simulated": bool(state["bits"] & SIMULATED),
            "doubts": int(state["doubts"]),
            "callsign": label.callsign,
            "name": label.name,
            "registration": label.registration,
            "squawk": label.squawk,
            "emergency": label.emergency,
            "sources": label.sources,
        }
