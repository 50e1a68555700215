"""What a feed may be told."""

from pathlib import Path
from typing import Any

import pytest

from adapters.feeds import FeedConfig, FeedKind
from dispatch.errors import Malformed
from dispatch.kinds import HorizontalDatum


def feed(**said: Any) -> FeedConfig:
    return FeedConfig(**{"name": "hill", "kind": "beast", "listen": "127.0.0.1:30036"} | said)


def test_the_kind_may_be_told_as_text() -> None:
    assert feed().kind is FeedKind.BEAST


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"name": ""}, "feed.name"),
        ({"kind": "radar"}, "feed.kind"),
        ({"transport": "smoke"}, "feed.transport"),
        ({"transport": "udp", "listen": None, "connect": "10.0.0.1:8600"}, "feed.connect"),
        ({"group": "239.255.36.1"}, "feed.group"),
        ({"transport": "udp", "group": "10.0.0.1"}, "feed.group"),
        ({"transport": "udp", "group": "all"}, "feed.group"),
        ({"transport": "udp", "interface": "10.0.0.1"}, "feed.interface"),
        ({"transport": "udp", "group": "239.255.36.1", "interface": "eth0"}, "feed.interface"),
        ({"transport": "tls"}, "feed.certificate"),
        ({"transport": "tls", "certificate": Path("a.crt")}, "feed.key"),
        ({"transport": "tls", "listen": None, "connect": "tak:8089"}, "feed.ca"),
        ({"certificate": Path("a.crt")}, "feed.certificate"),
        ({"kind": "jt808"}, "feed.datum"),
        ({"kind": "jt808", "datum": "wgs84"}, "feed.terminals"),
        (
            {"kind": "jt808", "datum": "wgs84", "listen": None, "connect": "a:1", "accept_unknown": True},
            "feed.connect",
        ),
        ({"terminals": Path("terminals.csv")}, "feed.terminals"),
        ({"accept_unknown": True}, "feed.accept_unknown"),
        ({"kind": "cot", "listen": "0.0.0.0:8087"}, "feed.allow_plain"),
        ({"kind": "cot", "listen": "0.0.0.0:6969", "transport": "udp"}, "feed.allow_plain"),
        (
            {"kind": "cot", "listen": "127.0.0.1:6969", "transport": "udp", "group": "239.2.3.1"},
            "feed.allow_plain",
        ),
        (
            {
                "kind": "cot",
                "listen": "0.0.0.0:8089",
                "transport": "tls",
                "certificate": Path("a.crt"),
                "key": Path("a.key"),
            },
            "feed.allow_plain",
        ),
        ({"refused": ("phone-1",)}, "feed.refused"),
        ({"kind": "cot", "transport": "udp", "send": True}, "feed.send"),
        ({"kind": "cot", "send_every_s": 0.5}, "feed.send_every_s"),
        ({"kind": "cot", "send_limit": 0}, "feed.send_limit"),
        ({"kind": "cot", "send_traffic": True}, "feed.send_area"),
        ({"kind": "cot", "send_area": (118.0, 24.0, 113.0, 30.0)}, "feed.send_area"),
        ({"send": True}, "feed.send"),
        ({"allow_plain": True}, "feed.allow_plain"),
        ({"kind": "nmea"}, "feed.datum"),
        ({"kind": "nmea", "datum": "bd09"}, "feed.datum"),
        ({"kind": "asterix", "datum": "gcj02"}, "feed.datum"),
        ({"connect": "10.0.0.1:30005"}, "feed.listen"),
        ({"listen": None}, "feed.listen"),
        ({"listen": "30036"}, "feed.listen"),
        ({"listen": "127.0.0.1:99999"}, "feed.listen"),
        ({"listen": None, "connect": "host:"}, "feed.connect"),
        ({"reference_position": (200.0, 28.0)}, "feed.reference_position"),
        ({"simulated_prefixes": ("78F0",)}, "feed.simulated_prefixes"),
        ({"simulated_prefixes": ("",)}, "feed.simulated_prefixes"),
        ({"idle_timeout_s": 0}, "feed.idle_timeout_s"),
        ({"connection_limit": 0}, "feed.connection_limit"),
    ],
)
def test_a_wrong_word_is_named(said: dict[str, Any], field: str) -> None:
    with pytest.raises(Malformed) as raised:
        feed(**said)
    assert raised.value.field == field


def test_simulated_aircraft_are_known_by_prefix_or_by_feed() -> None:
    assert feed(simulated_prefixes=("78f0", "a")).is_simulated("78f012")
    assert not feed(simulated_prefixes=("78f0",)).is_simulated("780f12")
    assert feed(simulated=True).is_simulated("780f12")
    assert not feed().is_simulated("780f12")


def test_what_coordinates_refer_to_is_wgs84_unless_the_kind_must_say_it() -> None:
    assert feed().datum is HorizontalDatum.WGS84
    assert feed(kind="jt808", datum="gcj02", accept_unknown=True).datum is HorizontalDatum.GCJ02
    assert feed(kind="cot", datum="gcj02").datum is HorizontalDatum.GCJ02


def test_a_field_client_s_feed_is_open_to_those_it_knows() -> None:
    """Plain on this machine; beyond it by certificate, or by an explicit word. It tells of the picture unless by datagram."""
    assert feed(kind="cot", listen="127.0.0.1:8087").send is True
    assert feed(kind="cot", listen=None, connect="tak.example:8087").send is True
    assert feed(kind="cot", listen="[::1]:6969", transport="udp").send is False
    assert feed(kind="cot", listen="0.0.0.0:8087", allow_plain=True, send=False).send is False
    secured = {"certificate": Path("a.crt"), "key": Path("a.key"), "ca": Path("ca.crt")}
    assert feed(kind="cot", listen="0.0.0.0:8089", transport="tls", **secured).send is True
