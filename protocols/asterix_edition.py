"""Which edition of CAT021 a station speaks, where nobody said it.

A record does not name its edition, and 0.23, 0.26 and 2.x give the same bits to other items: read by the wrong one a
Chinese station's report lies at latitude -268. So a block is read by each, and an edition fits when every record can
be walked through, the last one ends where the block does, what must be there is there (source, address, a time) and
the values can be. A block that fits one edition alone settles it for its source. Until then, blocks that fit several
are not read. One sound block of an honest station always fits its own edition, so it can never be settled against it;
CHANGES blocks in a row that fit another one alone change it, should a station be upgraded.
"""

from collections import OrderedDict
from collections.abc import Mapping
from itertools import islice

from protocols.asterix import HEADER, Block, Record, records
from protocols.asterix_cat021 import told, told_before_1
from protocols.asterix_layout import Profile
from protocols.asterix_uap import CAT021, CAT021_0_23, CAT021_0_26

AUTO = "auto"
EDITIONS: Mapping[str, Profile] = {"2": CAT021, "0.26": CAT021_0_26, "0.23": CAT021_0_23}
JUDGED_RECORDS = 64  # of one block: two milliseconds
SOURCES = 256  # remembered; the one unheard longest is forgotten
CHANGES = 3


class Editions:
    """What is known of each source. `said` is an edition of EDITIONS, or AUTO."""

    def __init__(self, said: str = AUTO) -> None:
        self._said = EDITIONS.get(said)
        self._known: OrderedDict[bytes, Profile] = OrderedDict()
        self._against: dict[bytes, tuple[Profile, int]] = {}

    def of(self, block: Block) -> Profile | None:
        """The edition of a block of CAT021; None while it is not known. Where none fits, the one known or 2.x."""
        if self._said is not None:
            return self._said
        source = _source(block)
        known = self._known.get(source)
        if known is not None and _fits(block, known):
            self._known.move_to_end(source)
            self._against.pop(source, None)
            return known
        fitting = [profile for profile in EDITIONS.values() if _fits(block, profile)]
        if not fitting:
            return known or CAT021
        if known is None:
            if len(fitting) > 1:
                return None
            self._settle(source, fitting[0])
            return fitting[0]
        return self._doubted(source, known, fitting)

    def _doubted(self, source: bytes, known: Profile, fitting: list[Profile]) -> Profile | None:
        """A block that does not fit what is known."""
        other, count = self._against.get(source, (fitting[0], 0))
        if len(fitting) > 1 or other is not fitting[0]:
            self._against[source] = (fitting[0], 1)
            return known
        if count + 1 < CHANGES:
            self._against[source] = (other, count + 1)
            return known
        self._settle(source, other)
        return other

    def _settle(self, source: bytes, profile: Profile) -> None:
        self._known[source] = profile
        self._known.move_to_end(source)
        self._against.pop(source, None)
        if len(self._known) > SOURCES:
            forgotten, _ = self._known.popitem(last=False)
            self._against.pop(forgotten, None)


def name_of(profile: Profile) -> str:
    """As it is said in a config."""
    return next((name for name, each in EDITIONS.items() if each is profile), "")


def _source(block: Block) -> bytes:
    """SAC and SIC of the first record, which every edition has first."""
    data = block.data
    at = HEADER
    while at < len(data) and data[at] & 1:
        at += 1
    return data[at + 1 : at + 3]


def _fits(block: Block, profile: Profile) -> bool:
    for record in islice(records(block, profile), JUDGED_RECORDS):
        if not isinstance(record, Record) or not {"010", "080"} <= record.items.keys():
            return False
        said = told(record) if profile is CAT021 else told_before_1(record)
        if said.wrong or said.second_of_day is None:
            return False
    return True
