"""Blocks as libasterix, an independent codec, sends them."""

from typing import Any

from tests.protocols.asterix_peers import specs

SPECS = {
    21: specs.Cat_021_2_7,
    34: specs.Cat_034_1_29,
    48: specs.Cat_048_1_32,
    62: specs.Cat_062_1_21,
}
SOURCE = (("SAC", 25), ("SIC", 7))


def block(category: int, *records: dict[str, Any]) -> bytes:
    """One block of a category's latest edition; every record says SOURCE unless it says another."""
    spec: Any = SPECS[category]
    made = [spec.cv_record.create({"010": SOURCE} | record) for record in records]
    sent: bytes = spec.create(made).unparse().to_bytes()
    return sent


def report_021(**said: Any) -> dict[str, Any]:
    """A sound ADS-B report; `said` by item, i131=..."""
    record: dict[str, Any] = {
        "040": ((("ATP", 0), ("ARC", 0), ("RC", 0), ("RAB", 0), None),),
        "161": (0, ("TRNUM", 77)),
        "073": (43_200.5, "s"),
        "080": 0x780ABC,
        "131": (("LAT", (28.7, "°")), ("LON", (115.9, "°"))),
    }
    return record | {name[1:]: value for name, value in said.items()}


def described_021(first: int, *more: int) -> tuple[Any, ...]:
    """I021/040 from its octets' bits without the last one."""
    names = (
        (("ATP", 3), ("ARC", 2), ("RC", 1), ("RAB", 1)),
        (("DCR", 1), ("GBS", 1), ("SIM", 1), ("TST", 1), ("SAA", 1), ("CL", 2)),
        (("", 1), ("LLC", 1), ("IPC", 1), ("NOGO", 1), ("CPR", 1), ("LDPJ", 1), ("RCF", 1)),
    )
    return tuple(_part(layout, bits) for layout, bits in zip(names, (first, *more), strict=False))


def _part(layout: tuple[tuple[str, int], ...], bits: int) -> tuple[Any, ...]:
    shift, values = 7, []
    for name, width in layout:
        shift -= width
        value = bits >> shift & ((1 << width) - 1)
        values.append((name, value) if name else value)
    return (*values, None)


def plot_048(**said: Any) -> dict[str, Any]:
    """A sound plot of a radar; 50 NM due east, flight level 100."""
    record: dict[str, Any] = {
        "140": (43_200.5, "s"),
        "020": ((("TYP", 5), ("SIM", 0), ("RDP", 0), ("SPI", 0), ("RAB", 0), None),),
        "040": (("RHO", (50.0, "NM")), ("THETA", (90.0, "°"))),
        "090": (("V", 0), ("G", 0), ("FL", (100.0, "FL"))),
        "161": (0, ("TRN", 1234)),
    }
    return record | {name[1:]: value for name, value in said.items()}


def track_062(**said: Any) -> dict[str, Any]:
    """A sound system track."""
    record: dict[str, Any] = {
        "070": (43_200.5, "s"),
        "105": (("LAT", (28.7, "°")), ("LON", (115.9, "°"))),
        "040": 4713,
        "080": ((("MON", 0), ("SPI", 0), ("MRH", 0), ("SRC", 0), ("CNF", 0), None),),
    }
    return record | {name[1:]: value for name, value in said.items()}
