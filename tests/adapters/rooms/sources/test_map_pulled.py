"""The map of a consultation, drawn by the site's own process, pulled and decoded by FFmpeg."""

from pathlib import Path

import numpy as np
import pytest
import pytest_twisted

from adapters.rooms.map_picture import room_maps
from tests.adapters.rooms.sources.pulling import conference, pulled


@pytest_twisted.ensureDeferred
async def test_the_map_of_the_room_is_pulled_with_what_is_drawn_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_maps, "EVERY_S", 0.2)
    async with conference(tmp_path) as there:
        urls = await there.call(map=True)
        first = (await pulled(urls["map"], 2))[-1]
        assert first.shape == (1080, 1920, 3)
        area = [
            {"lon_deg": 115.33 + east, "lat_deg": 28.83 + north}
            for east, north in ((0, 0), (0.06, 0), (0.06, 0.06))
        ]
        body = {"kind": "area", "points": area, "text": "集结区"}
        await there.site.http("POST", f"{there.room}/draw", body, role="dispatcher")
        then = (await pulled(urls["map"], 2))[-1]
        changed = np.abs(then.astype(int) - first.astype(int)).max(axis=2) > 60
        assert changed[84:1028, :1480].sum() > 2_000
