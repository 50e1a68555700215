"""KLV recordings beside an independent decoder and an independent computation of the footprint.

    python -m loadtests.klv_beside [FILES]      raw KLV or MPEG transport streams; without: those of tests/data/klv

Every item of every packet beside stanag4609 (`klv_items.py`), and the corners beside geodesics of pyproj over level
ground (`klv_corners.py`): at the elevation that the recording states of centre or target, else at sea level. Where the
recording itself states corners, both computations are measured against those; the ground there is seldom level, and an
encoder rounds, so these are metres and no fault. Without files, VIEWS made-up views of all attitudes follow, for the
recordings' own angles contradict their centres and are not believed.

Exit 1 where a file has no packet, two values of an item differ, ours alone refuses a packet, or the two computations
are more than SAME_M apart; what theirs alone refuses is listed.
"""

import argparse
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from stanag4609.errors import Stanag4609Error

from loadtests import klv_corners, klv_items, machine
from protocols import klv
from protocols.frames import BadFrame
from protocols.klv import transport
from protocols.klv.tags import TAGS
from protocols.klv.transport_tables import Carriage
from tests.klv_sent import said

DATA = Path(__file__).parent.parent / "tests" / "data" / "klv"
PIECE_BYTES = 1 << 20
VIEWS = 500
SAME_M = 1.0  # at 10 km ours halves its way down to 0.1 m along the line of sight
KEPT_EXAMPLES = 3  # of differences of one tag


@dataclass(slots=True, kw_only=True)
class Told:
    """What is said of one file."""

    packets: int = 0
    lost: Counter[str] = field(default_factory=Counter)  # what the bytes between packets were, by code
    refused: Counter[str] = field(default_factory=Counter)  # by whom and why
    equal: int = 0
    differing: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    one_sided: Counter[str] = field(default_factory=Counter)
    neither: int = 0
    kept: Counter[str] = field(default_factory=Counter)  # as bytes, by name
    corners: Counter[str] = field(default_factory=Counter)  # frames, by how their corners are known
    off_m: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    @property
    def compared(self) -> int:
        """Items that both sides read."""
        return self.equal + sum(map(len, self.differing.values()))

    @property
    def refused_here(self) -> int:
        """Packets that ours alone refuses."""
        return sum(count for who, count in self.refused.items() if who.startswith("ours"))

    @property
    def failed(self) -> bool:
        """Whether the two sides contradict each other."""
        apart = [each for what in ("angles", "centre") for each in self.off_m.get(what, ())]
        return (
            not self.packets
            or bool(self.differing)
            or self.refused_here > 0
            or max(apart, default=0.0) > SAME_M
        )


def packets(path: Path) -> Iterator[bytes | BadFrame]:
    """Out of a file of either form, a piece at a time."""
    with path.open("rb") as file:
        head = file.read(PIECE_BYTES)
        pieces = iter(lambda: file.read(PIECE_BYTES), b"")
        if not transport.is_transport(head):
            bare = klv.Deframer()
            yield from bare.feed(head)
            for piece in pieces:
                yield from bare.feed(piece)
            yield from bare.close()
            return
        demuxer, carried = transport.Demuxer(), dict[int, klv.Carried]()
        yield from _carried(demuxer.feed(head), carried)
        for piece in pieces:
            yield from _carried(demuxer.feed(piece), carried)
        yield from _carried(demuxer.close(), carried)
        for each in carried.values():
            yield from each.close()


def _carried(
    items: list[transport.Payload | BadFrame], carried: dict[int, klv.Carried]
) -> Iterator[bytes | BadFrame]:
    for item in items:
        if isinstance(item, BadFrame):
            yield item
            continue
        synchronous = item.stream.carriage is Carriage.SYNCHRONOUS
        yield from carried.setdefault(item.pid, klv.Carried(synchronous=synchronous)).feed(item.data)


def made_up(seed: int = 601) -> Iterator[bytes]:
    """Packets of aircraft anywhere, looking down anywhere."""
    rng = random.Random(seed)
    ranges = {
        13: (-80, 80), 14: (-179, 179), 15: (300, 12_000), 16: (0.3, 40), 17: (0.3, 30), 25: (-100, 200),
        5: (0, 359), 6: (-15, 15), 7: (-30, 30), 18: (0, 359), 19: (-90, 0), 20: (0, 359),
    }  # fmt: skip
    for _ in range(VIEWS):
        yield said({tag: rng.uniform(*ends) for tag, ends in ranges.items()})


def beside(found: Iterable[bytes | BadFrame]) -> Told:
    """All packets of a file."""
    told = Told()
    for each in found:
        if isinstance(each, BadFrame):
            told.lost[each.code] += 1
            continue
        told.packets += 1
        _packet(told, each)
    return told


def _packet(told: Told, data: bytes) -> None:
    ours = theirs = None
    code = kind = ""
    try:
        ours = klv.decode(data)
    except klv.KlvError as wrong:
        code = wrong.code
    try:
        theirs = klv_items.theirs(data)
    except Stanag4609Error as wrong:
        kind = type(wrong).__name__
    if ours is None or theirs is None:
        who = "both" if ours is None and theirs is None else "ours" if ours is None else "theirs"
        told.refused[f"{who}: {' / '.join(each for each in (code, kind) if each)}"] += 1
    elif theirs is not None:
        _items(told, ours, theirs)
    if ours is not None:
        _footprint(told, ours)


def _items(told: Told, frame: klv.KlvFrame, theirs: dict[int, object]) -> None:
    for tag, item in frame.items.items():
        if tag in TAGS and TAGS[tag].form in klv_items.NOT_READ:
            told.kept[f"{tag} {item.name}"] += 1
    for each in klv_items.compared(frame, theirs):
        if each.equal:
            told.equal += 1
        elif each.read_by == "neither":
            told.neither += 1
        elif each.read_by == "both" and not each.why:
            value = None if each.ours is None else each.ours.value
            told.differing[each.tag].append(f"{each.name}: ours {value!r}, theirs {each.told!r}")
        else:
            side = each.read_by if each.read_by != "both" else "theirs"  # ours says that it is no value
            told.one_sided[
                f"{side} alone: tag {each.tag} {each.name} ({each.why or 'no class is known'})"
            ] += 1


def _footprint(told: Told, frame: klv.KlvFrame) -> None:
    level_m = klv_corners.level_m(frame)
    found = klv.footprint(replace(frame, corners=None), lambda _lon, _lat: level_m)
    if frame.corners is not None:
        told.corners["stated"] += 1
    if found is None or found.corners is None or found.corners_by is None:
        told.corners[f"none: {found.reason if found is not None else 'nothing is said'}"] += 1
        return
    by_angles = found.corners_by is klv.CornersBy.ANGLES
    told.corners["computed by angles" if by_angles else "computed by centre"] += 1
    other = klv_corners.by_angles(frame) if by_angles else klv_corners.by_centre(frame)
    if found.cut or other is None:
        told.corners["not compared: over the horizon"] += 1
    else:
        told.off_m["angles" if by_angles else "centre"] += _apart(found.corners, other)
    if frame.corners is not None:
        told.off_m["ours from stated"] += _apart(found.corners, frame.corners)
        if other is not None:
            told.off_m["theirs from stated"] += _apart(other, frame.corners)


def _apart(some: klv.Corners | list[klv.LonLat], others: klv.Corners | list[klv.LonLat]) -> list[float]:
    return [float(klv_corners.GEOD.inv(*one, *other)[2]) for one, other in zip(some, others, strict=True)]


def shown(name: str, told: Told) -> Iterator[str]:
    """The lines of one file."""
    yield (
        f"{name:<40} {told.packets:>8} {sum(told.refused.values()):>8} {told.compared:>9} {told.equal:>9}"
        f" {sum(map(len, told.differing.values())):>7} {told.one_sided.total():>9} {told.neither:>8}"
    )
    for code, count in sorted(told.lost.items()):
        yield f"    between packets: {code} x {count}"
    for who, count in sorted(told.refused.items()):
        yield f"    packet refused by {who} x {count}"
    for tag, differing in sorted(told.differing.items()):
        yield from (f"    DIFFERS: tag {tag} {each}" for each in differing[:KEPT_EXAMPLES])
        if len(differing) > KEPT_EXAMPLES:
            yield f"    DIFFERS: tag {tag}, {len(differing) - KEPT_EXAMPLES} more"
    for what, count in sorted(told.one_sided.items()):
        yield f"    read by {what} x {count}"
    for name, count in sorted(told.kept.items()):
        yield f"    kept as bytes, not compared: tag {name} x {count}"
    for how, count in sorted(told.corners.items()):
        yield f"    corners {how}: {count} frames"
    for what, off in told.off_m.items():
        p50, p95 = np.percentile(off, (50, 95))
        line = f"by {what}, ours beside independent" if "stated" not in what else what
        yield f"    {line}: {len(off)} corners, p50 {p50:.3f} p95 {p95:.3f} max {max(off):.3f} m"


def main() -> int:
    """Exit status."""
    parser = argparse.ArgumentParser(description="KLV recordings beside independent readers")
    parser.add_argument("files", nargs="*", type=Path, help="default: those of tests/data/klv")
    files = parser.parse_args().files
    for each in files:
        if not each.is_file():
            parser.error(f"{each} is no file")
    recordings = files or sorted(each for each in DATA.iterdir() if each.suffix != ".md")
    found: list[tuple[str, Iterable[bytes | BadFrame]]] = [(each.name, packets(each)) for each in recordings]
    if not files:
        found.append(("made-up views", made_up()))
    print(machine.stamp())
    print(
        f"{'file':<40} {'packets':>8} {'refused':>8} {'compared':>9} {'equal':>9} {'differ':>7} {'one-sided':>9}"
        f" {'neither':>8}"
    )
    failed = False
    for name, sent in found:
        told = beside(sent)
        print("\n".join(shown(name, told)))
        failed = failed or told.failed
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
