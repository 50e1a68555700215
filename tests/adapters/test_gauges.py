"""/metrics tells what the desk and the picture counted."""

import re
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.desk import Desk
from adapters.gauges import SiteCollector
from adapters.metrics import Metrics
from dispatch.kinds import SourceKind
from dispatch.picture import TrackPicture
from dispatch.sighting import Sighting


def test_sightings_are_counted_by_verdict(tmp_path: Path) -> None:
    """A scrape shows the tracks followed and what was refused."""
    desk = Desk(
        url=f"sqlite:///{tmp_path / 'journal.sqlite'}",
        site="36",
        key=Ed25519PrivateKey.generate(),
        clock=lambda: datetime.now(UTC),
    )
    picture = TrackPicture()
    metrics = Metrics()
    metrics.registry.register(SiteCollector(desk, picture))
    sighting = Sighting(
        source="hill", source_kind=SourceKind.ADSB, icao24="780001", lon_deg=115.0, lat_deg=28.0
    )
    for _ in range(2):
        picture.accept(sighting, 1000.0)
    text = metrics.text().decode()
    assert "ganying_tracks 1.0" in text
    counted = [float(n) for n in re.findall(r"(?m)^ganying_sightings_total\{.*\} (.+)$", text)]
    assert sum(counted) == 2
    assert "ganying_journal_up 0.0" in text
