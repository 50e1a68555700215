"""What came too late to be the present goes to the history alone: a batch read back from a broker's memory, mostly."""

import numpy as np

from dispatch.picture import TrackPicture
from dispatch.sighting import ICAO24, AddressBatch
from dispatch.tracks import Verdict


def file_batch(picture: TrackPicture, batch: AddressBatch) -> None:
    """Every row of a batch under the id that its address has, at the time it was made. The picture stays as it is."""
    if not len(batch):
        return
    address, codes = np.unique(batch.address, return_inverse=True)
    ids = [_id_of(picture, f"{ICAO24}:{each:06x}") for each in address.tolist()]
    everything = np.ones(len(batch), np.bool_)
    picture.history.add_batch(batch, everything, codes, ids, batch.arrived_at_s)
    picture.counts[Verdict.BACKFILL] += len(batch)


def _id_of(picture: TrackPicture, key: str) -> str:
    roster = picture.roster
    slot = roster.slot_of(key)
    return roster.registry.resolve(key, "", "") if slot is None else roster.ids[slot]
