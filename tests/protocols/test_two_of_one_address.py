"""Two aircraft with one address, heard by one receiver: both are followed and flagged, by frames and by pieces."""

import pytest

from dispatch.doubts import review
from dispatch.geo import Position
from dispatch.kinds import Doubt
from dispatch.picture import TrackPicture
from protocols import adsb_encode, beast, modes
from protocols.frames import Frame
from protocols.modes_batch import BatchDecoder
from protocols.receiver_clock import TICKS_HZ

NOW = 1_790_000_000.0
SECONDS = 60


def frames(apart_s: float) -> list[tuple[float, Frame]]:
    """One flies east from Nanchang, one west from Jingdezhen, each two positions a second, under one address."""
    sent = []
    for number in range(SECONDS * 2):
        at_s = number / 2
        for which, (lon, lat) in enumerate(
            ((115.0 + 0.0005 * number, 28.0), (116.5 - 0.0005 * number, 28.6))
        ):
            payload = adsb_encode.airborne_position(
                0x780ABC, Position(lon_deg=lon, lat_deg=lat), 1000.0 + 500 * which, odd=bool(number % 2)
            )
            own_s = at_s + which * apart_s
            sent.append((own_s, Frame(payload=payload, ticks=int(own_s * TICKS_HZ) + 1, signal=100)))
    return sorted(sent, key=lambda each: each[0])


@pytest.mark.parametrize("apart_s", [0.05, 0.2, 0.45])
@pytest.mark.parametrize("by_batch", [False, True])
def test_both_are_followed_and_flagged(*, apart_s: float, by_batch: bool) -> None:
    picture = TrackPicture()
    decoder, pieces = modes.Decoder(source="hill"), BatchDecoder(source="hill")
    for at_s, frame in frames(apart_s):
        if by_batch:
            for batch in pieces.feed(beast.encode(frame), NOW + at_s).batches:
                picture.accept_batch(batch, NOW + at_s)
        else:
            sighting = decoder.decode(frame).sighting
            assert sighting is not None
            picture.accept(sighting, NOW + at_s)
        review(picture.roster, NOW + at_s)
    places = sorted((track.lon_deg, track.lat_deg) for track in picture.tracks())
    assert places == [
        (pytest.approx(115.0595, abs=1e-3), pytest.approx(28.0, abs=1e-3)),
        (pytest.approx(116.4405, abs=1e-3), pytest.approx(28.6, abs=1e-3)),
    ]
    assert all(Doubt.DUPLICATE_ADDRESS in track.doubts for track in picture.tracks())
