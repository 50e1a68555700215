"""What a feed may be told."""

from typing import Any

import pytest

from adapters.feeds import FeedConfig, FeedKind
from dispatch.errors import Malformed


def feed(**said: Any) -> FeedConfig:
    return FeedConfig(**{"name": "hill", "kind": "beast", "listen": "127.0.0.1:30036"} | said)


def test_the_kind_may_be_told_as_text() -> None:
    assert feed().kind is FeedKind.BEAST


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"name": ""}, "feed.name"),
        ({"kind": "asterix"}, "feed.kind"),
        ({"connect": "10.0.0.1:30005"}, "feed.listen"),
        ({"listen": None}, "feed.listen"),
        ({"listen": "30036"}, "feed.listen"),
        ({"listen": "127.0.0.1:99999"}, "feed.listen"),
        ({"listen": None, "connect": "host:"}, "feed.connect"),
        ({"reference_position": (200.0, 28.0)}, "position.lon_deg"),
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
