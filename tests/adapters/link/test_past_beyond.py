"""Tracks of a site beyond a hub: fetched as history, once each, sealed, as all three agreements let them pass."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted

from adapters.link import past
from dispatch.consent_kinds import ObjectClass
from protocols.codec.link import PastPart, WordPassed
from protocols.link_past import REST
from tests.adapters.link.sites import Line, Site, certificates, sites, until
from tests.adapters.link.test_consents import agreed, furnished, terms
from tests.adapters.link.test_past import SHOWN, TRACKS, Air, archived, both_fly, places
from tests.adapters.link.test_relay import live, star

NAME = "ganying_room_words_passed_total"


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificates(tmp_path_factory.mktemp("ca"), "36", "42", "43")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Minutes as seconds."""
    monkeypatch.setattr(past, "BEYOND_EVERY", timedelta(seconds=1))
    monkeypatch.setattr(past, "SETTLE_BEYOND", past.SETTLE)
    monkeypatch.setattr(past, "SETTLE_UNKNOWN", timedelta(seconds=1))
    monkeypatch.setattr("protocols.link_past.REST", REST / 15)


def told(site: Site, of: str) -> Any:
    """How fetching from a site beyond does."""
    return next(each.past.fetched for each in site.links.statuses() if each.site == of)


def passed(site: Site, partner: str, what: str) -> float:
    return site.metrics.registry.get_sample_value(NAME, {"partner": partner, "what": what}) or 0.0


@pytest_twisted.ensureDeferred
async def test_what_flies_at_a_leaf_comes_to_a_leaf_over_the_hub_once_whatever_is_cut(
    tmp_path: Path, ca: Path
) -> None:
    hub, one, two, line = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca), Site(tmp_path, "42", ca), Line()
    one.archived = two.archived = hub.archived = True
    async with sites(one, two, hub):
        await star(hub, one, two, line=line)
        await until(lambda: all(map(live, (hub, one, two))), "the star")
        await furnished(one)
        wanted = replace(terms(*TRACKS), track_every_s=1.0)
        await agreed(one, "36", replace(wanted, relay=True))
        await agreed(one, "42", wanted)
        await both_fly(one, "42")
        air = Air(one)
        await air.hear_for(8)
        await until(lambda: told(two, "43").rows, "the first of it")
        line.cut()
        await until(lambda: not two.links._words.past_reached("43"), "the cut noticed")
        began = len(air.heard)
        await air.hear_for(12)
        line.restore()
        during = set(air.heard[began:])

        def came() -> list[int]:
            held = [row for row in archived(two) if row["source"] == "43"]
            assert {row["address"] for row in held} <= {int(SHOWN, 16)}
            return places(held, SHOWN)

        await until(lambda: len(during & set(came())) >= 3, "what flew during the cut")
        assert len(came()) == len(set(came())), "one twice"
        assert set(came()) <= set(places(archived(one), SHOWN))
        assert not [row for row in archived(hub) if row["source"] == "43"]  # it passes on and keeps nothing
        assert passed(hub, "43", "TAMPERED") == 0
        await line.close()


@pytest_twisted.ensureDeferred
async def test_why_nothing_comes_over_a_hub_is_told_by_name_and_nothing_that_its_origin_has_not_sealed(
    tmp_path: Path, ca: Path
) -> None:
    hub, one, two = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca), Site(tmp_path, "42", ca)
    one.archived = two.archived = True
    async with sites(two, hub, one):
        await star(hub, one, two)
        await until(lambda: all(map(live, (hub, one, two))), "the star")
        forged = PastPart(number=1, from_us=100, through_us=900)
        two.links._said("36", WordPassed(origin="43", to="42", path=("36",), word=forged))
        assert passed(two, "36", "CERTIFICATE") == 1
        await agreed(hub, "42", terms())  # which says nothing of relaying any more
        await until(lambda: told(two, "43").code == "NOT_RELAYED", "the hub's refusal")
        await agreed(hub, "42", replace(terms(), relay=True))
        narrow = replace(terms(ObjectClass.INCIDENTS), relay=True)
        await agreed(one, "42", narrow)
        await until(lambda: "NO_CONSENT" in [each.code for each in told(two, "43").ended], "the origin's")
        await one.stop()
        await until(lambda: told(two, "43").code == "NOT_REACHED", "the hub's word that it is away")
