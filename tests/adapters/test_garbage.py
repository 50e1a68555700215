"""The collector leaves out what has lived through a full collection, and looks at everything again in time."""

import gc
import weakref

from twisted.internet.task import Clock

from adapters.garbage import ANEW_EVERY_S, Garbage


class Knot:
    def __init__(self) -> None:
        self.me = self


def test_what_lives_is_left_out_and_knots_among_the_old_go_when_everything_is_looked_at() -> None:
    clock, garbage = Clock(), Garbage()
    knot = Knot()
    gone = weakref.ref(knot)
    garbage.start(clock)
    try:
        assert gc.get_freeze_count() > 0
        del knot
        gc.collect()
        assert gone() is not None  # a knot, and frozen
        young = Knot()
        went = weakref.ref(young)
        del young
        gc.collect()
        assert went() is None
        clock.advance(ANEW_EVERY_S)
        assert gone() is None
        assert gc.get_freeze_count() > 0
    finally:
        garbage.stop()
    assert gc.get_freeze_count() == 0
