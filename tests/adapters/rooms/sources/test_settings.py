"""What `[conference] rtsp_*` must say before anything listens, and that paths are nobody's to make."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.config import parse
from adapters.rooms.conference import settings_of
from adapters.rooms.section import ConferenceSection
from adapters.rooms.sources.settings import Named, SourceSettings
from dispatch.errors import Malformed
from tests.gateway import SECRET

SITE = b'[site]\nid = "36"\nname = "x"\ndata = "data"\n'


def settings(folder: Path, **said: Any) -> SourceSettings | None:
    (folder / "secret").write_bytes(SECRET)
    (folder / "login").write_text(said.pop("login", "mcu:twelve letters"))
    section = ConferenceSection(
        **{"url": "http://127.0.0.1:1/", "secret": "secret", "rtsp_port": 5540, "rtsp_login": "login"} | said
    )
    made = settings_of(msgspec.structs.replace(parse(SITE, folder), conference=section))
    return None if made is None else made.pulled


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"rtsp_listen": ("0.0.0.0",)}, "rtsp_listen"),  # that is what is refused
        ({"rtsp_listen": ("::",)}, "rtsp_listen"),
        ({"rtsp_listen": ("mcu.local",)}, "rtsp_listen"),
        ({"rtsp_login": ""}, "rtsp_login"),
        ({"rtsp_login": "missing"}, "rtsp_login"),
        ({"login": "mcu:short"}, "rtsp_login"),
        ({"login": ":no user at all"}, "rtsp_login"),
        ({"rtsp_udp_port": 5005}, "rtsp_udp_port"),
    ],
)
def test_what_is_missing_or_too_open_is_named(tmp_path: Path, said: dict[str, Any], field: str) -> None:
    with pytest.raises(Malformed) as caught:
        settings(tmp_path, **said)
    assert caught.value.field == f"conference.{field}"


def test_without_a_port_nothing_is_pulled(tmp_path: Path) -> None:
    assert settings(tmp_path, rtsp_port=0) is None


def test_a_path_is_good_for_its_call_and_source_alone(tmp_path: Path) -> None:
    made = settings(tmp_path, rtsp_host="ganying.local")
    assert made is not None
    url = made.url("36-CNF-A", "36-ROM-A", "36-VID-A")
    assert url.startswith("rtsp://ganying.local:5540/video/36-VID-A?call=36-CNF-A&key=")
    for same in (url, f"{url}/trackID=0", f"{url}/"):
        assert made.named(same) == Named(source_id="36-VID-A", call_id="36-CNF-A")
    drawn = made.url("36-CNF-A", "36-ROM-A", "map")
    assert made.named(drawn) == Named(source_id="map", call_id="36-CNF-A", room="36-ROM-A")
    for other in (
        url.replace("36-CNF-A", "36-CNF-B"),
        url.replace("36-VID-A", "36-VID-B"),
        url.replace("video/36-VID-A", "map/36-ROM-A"),
        url[:-1],
        "*",
        "rtsp://ganying.local/video/36-VID-A",
    ):
        assert made.named(other) is None
