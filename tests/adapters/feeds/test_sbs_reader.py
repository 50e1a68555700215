"""SBS lines by the sender's clock: believed, or moved by how far it is off."""

from datetime import UTC, datetime

import pytest

from adapters.feeds import FeedConfig, FeedKind
from adapters.feeds.readers import Line
from adapters.feeds.readers.sbs import SbsReader
from adapters.feeds.status import Counts

NOW_S = 1_790_000_000.0


def reader() -> SbsReader:
    config = FeedConfig(name="hill", kind=FeedKind.SBS, listen="127.0.0.1:0")
    return SbsReader(Line(config=config, counts=Counts(), clock_id="hill#1", peer="127.0.0.1:1"))


def observed_s(sbs: SbsReader, made_s: float, arrived_s: float) -> float:
    made = datetime.fromtimestamp(made_s, UTC).strftime("%Y/%m/%d,%H:%M:%S.%f")
    (item,) = sbs.cut(f"MSG,8,1,1,780A5C,1,{made},,,,,,,,,,,,,,\n".encode())
    sighting = sbs.read(item, arrived_s)
    assert sighting is not None
    assert sighting.observed_at_s is not None
    return sighting.observed_at_s


def test_a_right_clock_is_believed() -> None:
    sbs = reader()
    assert observed_s(sbs, NOW_S - 2, NOW_S) == NOW_S - 2
    assert (sbs.clock, sbs.clock_off_s) == ("utc", None)


@pytest.mark.parametrize("off_s", [3600.0, -3600.0, 8 * 3600.0])
def test_a_clock_an_hour_off_is_flagged_and_its_aircraft_keep_honest_ages(off_s: float) -> None:
    sbs = reader()
    for second in range(60):
        arrived_s = NOW_S + second
        assert observed_s(sbs, arrived_s - off_s - 0.25, arrived_s) == pytest.approx(arrived_s, abs=0.01)
    late_s = observed_s(sbs, NOW_S + 40 - off_s, NOW_S + 60)
    assert late_s == pytest.approx(NOW_S + 40, abs=0.5)  # kept for 20 s on the way, and so old
    assert sbs.clock == "off"
    assert sbs.clock_off_s == pytest.approx(off_s, abs=0.5)


def test_without_a_time_there_is_none() -> None:
    sbs = reader()
    (item,) = sbs.cut(b"MSG,8,1,1,780A5C,1,,,,,,,,,,,,,,,,\n")
    sighting = sbs.read(item, NOW_S)
    assert sighting is not None
    assert sighting.observed_at_s is None
    assert sbs.clock == "arrival"
