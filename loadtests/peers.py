"""Every shared recording through `ganying decode` and through independent decoders in the same run, as a table.

    python -m loadtests.peers

Exit status 1 where a difference has no explanation, or an explanation no longer has a difference. What is compared and
why it may differ stands in peers_modes.py, peers_asterix.py, peers_cot.py, peers_jt808.py and peers_nmea.py, one file
per family of formats. Frames that a decoder sends to a peer in this run are ours to cut; everything else is its own.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version

from loadtests import peers_asterix, peers_cot, peers_jt808, peers_modes, peers_nmea
from loadtests.peers_compared import Comparison, tables

FAMILIES: tuple[Callable[[], Iterator[Comparison]], ...] = (
    peers_modes.all_modes,
    peers_asterix.all_asterix,
    peers_cot.all_cot,
    peers_jt808.all_jt808,
    peers_nmea.all_nmea,
)
PACKAGES = ("rs1090", "pyModeS", "asterix_decoder", "libasterix", "takproto", "pynmeagps")


def compared() -> list[Comparison]:
    """All of them."""
    return [each for family in FAMILIES for each in family()]


def idle(comparisons: list[Comparison]) -> list[str]:
    """Explanations for which there is no difference any more, by peer: they are to be taken out."""
    offered = {(each.peer, why.name) for each in comparisons for why in each.whys}
    used = {(each.peer, name) for each in comparisons for name in each.classes}
    by_name = {name for _, name in used}
    return sorted({name for _, name in offered} - by_name)


def not_shown() -> Mapping[str, str]:
    """What this run compares with nobody."""
    missing = {
        "SBS as a decode": "the text is itself dump1090's or stratux's decode; held here are its columns, against Python's csv",
        "stratux_gms5002_es.sbs.log": "its Mode S bytes were not recorded, so no other decoder can be given them",
        "JT/T 808 by a live decoder": "none that is kept is to be had in Python (jtt808 is abandoned); recorded values only, "
        "and of places without their hemisphere, which the tests take from the frame's own bits",
        "TAK's own software": "ATAK and WinTAK are programs for phones and desks; takproto is the independent reader here",
        "ASTERIX 021 edition 0.26 by asterix_decoder": "it has editions from 2 on; libasterix has 0.26 and is shown",
    }
    if not peers_nmea.HAD:
        missing["NMEA 0183"] = (
            "pynmea2, the only reader among the dependencies, also names the fields for ours; with pynmeagps "
            "installed this run compares with it"
        )
    return missing


def peers_had() -> str:
    """Names and versions of the peers."""
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def main() -> int:
    """Print the tables."""
    ran = compared()
    print(f"{peers_had()}\n\n{tables(ran, not_shown())}")
    for name in idle(ran):
        print(f"\nNO LONGER DIFFERING {name}")
    return 1 if idle(ran) or any(each.unexplained for each in ran) else 0


if __name__ == "__main__":
    sys.exit(main())
