"""The way from a process's streams to its site, over a real pipe that nobody reads for a while."""

import os
import threading

from adapters.video.order import PICTURE, Deframer
from adapters.video.outlet import Outlet


def test_what_the_pipe_does_not_take_waits_and_comes_in_order() -> None:
    """Five megabytes of two streams, one after the other: each loses its middle, counted, and goes on at a key frame."""
    reads, writes = os.pipe()
    outlet = Outlet(writes)
    threading.Thread(target=outlet.write, daemon=True).start()
    for slot in (1, 2):
        outlet.open(slot)
        outlet.picture(slot, 1, b"key", key=True)
        for number in range(50):
            outlet.picture(slot, 1, bytes((number,)) * 50_000, key=False)
        outlet.picture(slot, 2, b"last", key=True)
    dropped = [outlet.dropped(slot) for slot in (1, 2)]
    deframer, came = Deframer(), []
    while len(came) < 2 * 52 - sum(dropped):
        came += deframer.feed(os.read(reads, 1 << 16))
    os.close(reads)
    assert all(each > 0 for each in dropped)
    for slot in (1, 2):
        own = [each.body for each in came if each.slot == slot]
        assert all(each.kind == PICTURE for each in came)
        assert own[-1] == b"last"
        numbers = [each[0] for each in own[:-1] if len(each) == 50_000]
        assert numbers == list(range(len(numbers)))
