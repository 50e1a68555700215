"""KLV beside video: what the camera's aircraft says of itself and of where it looks (MISB ST 0601 UAS Datalink Local Set).

    decode(packet)            one packet -> KlvFrame; KlvError names what is wrong
    footprint(frame, ground)  where the picture lies on the ground
    split(payload)            the packets of a PES payload, a datagram or a file
    Deframer                  the same of a stream
    Carried                   the same of the PES payloads of a transport stream, with or without metadata cells

`errors.py` lists the faults, `tags.py` the items. `transport.py` finds it in MPEG transport
streams. Pure: no clock, no IO.
"""

from protocols.klv.cells import AccessUnits, Carried
from protocols.klv.decoding import decode
from protocols.klv.errors import KlvError
from protocols.klv.footprint import CornersBy, Footprint, footprint
from protocols.klv.frame import Corners, KlvFrame, LonLat
from protocols.klv.items import Item
from protocols.klv.local_set import LABEL
from protocols.klv.sight import NoCorners
from protocols.klv.stream import Deframer, split

__all__ = [
    "LABEL",
    "AccessUnits",
    "Carried",
    "Corners",
    "CornersBy",
    "Deframer",
    "Footprint",
    "Item",
    "KlvError",
    "KlvFrame",
    "LonLat",
    "NoCorners",
    "decode",
    "footprint",
    "split",
]
