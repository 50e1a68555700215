"""What things are called, as entries of `Tracks.labels`, each encoded when it changed."""

from collections.abc import Mapping

from dispatch.kinds import ThingKind
from dispatch.picture import TrackPicture
from dispatch.sighting import CATEGORIES, EMERGENCIES, ICAO24, THING_KINDS
from dispatch.tracks import Track
from protocols.codec.common import enum_to_number
from protocols.codec.track_states import Slots
from protocols.codec.wire import LENGTH_DELIMITED, entry, tag
from protocols.gen import tracks_pb2

_TAG = tag(tracks_pb2.Tracks.DESCRIPTOR.fields_by_name["labels"].number, LENGTH_DELIMITED)
# What an emitter category says of a thing whose source says no more: RTCA DO-260B §2.2.3.2.5.2.
_OF_CATEGORY: Mapping[str, ThingKind] = {
    **{f"A{number}": ThingKind.AIRPLANE for number in range(1, 7)},
    "A7": ThingKind.HELICOPTER,
    **{f"B{number}": ThingKind.OTHER_AIRCRAFT for number in (1, 2, 3, 4, 7)},
    "B6": ThingKind.UAV,
    "C1": ThingKind.VEHICLE,
    "C2": ThingKind.VEHICLE,
    **{f"C{number}": ThingKind.OBSTACLE for number in (3, 4, 5)},
}
_KIND_NUMBERS = [0 if kind is None else enum_to_number(kind) for kind in THING_KINDS]
_CATEGORY_KIND_NUMBERS = [
    enum_to_number(_OF_CATEGORY[category]) if category and category in _OF_CATEGORY else 0
    for category in CATEGORIES
]
_EMERGENCY_NUMBERS = [0 if emergency is None else enum_to_number(emergency) for emergency in EMERGENCIES]


def label_of(track: Track) -> bytes:
    """A track's label as an entry of Tracks."""
    kind = track.thing_kind or _OF_CATEGORY.get(track.emitter_category or "")
    wire = tracks_pb2.TrackLabel(
        number=track.number,
        id="" if track.icao24 and track.id == f"{ICAO24}:{track.icao24}" else track.id,
        callsign=track.callsign or "",
        registration=track.registration or "",
        name=track.name or "",
        squawk=track.squawk or "",
        kind=0 if kind is None else enum_to_number(kind),  # type: ignore[arg-type]  # stubs want the wire enum
        emergency=0 if track.emergency is None else enum_to_number(track.emergency),  # type: ignore[arg-type]
        sources=track.sources,
        emitter_category=track.emitter_category or "",
    )
    if track.icao24:
        wire.address = int(track.icao24, 16)
    return entry(_TAG, wire.SerializeToString())


def labels_of(picture: TrackPicture, slots: Slots) -> list[bytes]:
    """The labels of places in the picture's `things`, in their order.

    Most things are an aircraft that one receiver hears and nobody has named: their labels are read from the columns,
    which costs a fifth of making the Track.
    """
    rows, things, roster = picture.rows, picture.things, picture.roster
    best = things.best_row[slots]
    best[best < 0] = things.any_row[slots][best < 0]
    columns = zip(
        slots.tolist(),
        best.tolist(),
        things.rows[slots].tolist(),
        things.number[slots].tolist(),
        rows.address[best].tolist(),
        rows.callsign[best].tolist(),
        rows.squawk[best].tolist(),
        rows.thing_kind[best].tolist(),
        rows.category[best].tolist(),
        rows.emergency[best].tolist(),
        strict=True,
    )
    made = []
    named, texts, ids = roster.registry.labels, roster.texts, roster.ids
    for slot, row, count, number, address, callsign, squawk, kind, category, emergency in columns:
        thing_id = ids[slot]
        if count != 1 or row in texts or thing_id in named or thing_id != f"{ICAO24}:{address:06x}":
            made.append(label_of(picture.track_at(slot)))
            continue
        wire = tracks_pb2.TrackLabel(
            number=number,
            address=address,
            callsign=callsign.decode("ascii", "replace"),
            squawk="" if squawk < 0 else f"{squawk:04d}",
            kind=_KIND_NUMBERS[kind] or _CATEGORY_KIND_NUMBERS[category],
            emergency=_EMERGENCY_NUMBERS[emergency],
            sources=1,
            emitter_category=CATEGORIES[category] or "",
        )
        made.append(entry(_TAG, wire.SerializeToString()))
    return made
