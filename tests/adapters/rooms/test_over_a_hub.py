"""Consultations in a star: pointers and files of a leaf reach a leaf over the hub, which keeps what it may keep."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted

from adapters.link.words import PASSED_A_SECOND
from adapters.rooms.over_links import RoomsOverLinks
from dispatch.consent_kinds import WithheldField
from dispatch.errors import Refused
from dispatch.geo import Position
from dispatch.incident_commands import ShareIncident
from dispatch.kinds import Role
from dispatch.room_commands import EnterRoom, InviteSite, OpenRoom
from dispatch.room_records import RoomFile
from protocols.codec.client_view import RoomGesture
from protocols.codec.link_passed import WordPassed
from protocols.codec.link_rooms import FileAsk, RoomHand, RoomHands
from tests.adapters.desks import report
from tests.adapters.link.sites import Line, Site, certificates, sites, until
from tests.adapters.link.test_consents import agreed, terms
from tests.adapters.link.test_relay import live, star
from tests.adapters.rooms.test_over_links import PNG, attach, entry_at, say


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificates(tmp_path_factory.mktemp("ca"), "36", "42", "43", "44")


@pytest.fixture
def over() -> Iterator[dict[str, RoomsOverLinks]]:
    made: dict[str, RoomsOverLinks] = {}
    yield made
    for each in made.values():
        each.stop()


async def table(
    hub: Site,
    one: Site,
    *others: Site,
    over: dict[str, RoomsOverLinks],
    hub_in: bool = True,
    line: Any = None,
) -> str:
    """A room of 43's, a leaf, with the other leaves in it and the hub if `hub_in`."""
    await star(hub, one, *others, line=line)
    everybody = (hub, one, *others)
    for site in everybody:
        over[site.id] = attach(site)
        site.links.on_passing = over[site.id].passing
    await until(lambda: all(map(live, everybody)), "the star")
    incident = str((await one.ask(report(1).command)).recorded[0].fact.incident.id)
    opened = await one.ask(OpenRoom(incident_id=incident, title="会商"), Role.DUTY_CHIEF)
    room = str(opened.recorded[0].fact.room.id)
    invited = (*others, *((hub,) if hub_in else ()))
    for number, site in enumerate(invited, start=1):
        await one.ask(ShareIncident(incident_id=incident, partner=site.id, version_seen=number))
        await one.ask(InviteSite(room_id=room, partner=site.id), Role.DUTY_CHIEF)
    for site in invited:
        await until(lambda site=site: room in site.desk.world.rooms, f"the room at {site.id}")
        await site.ask(EnterRoom(room_id=room))
    return room


def counted(site: Site, partner: str, what: str, name: str = "ganying_room_over_links_total") -> float:
    return site.metrics.registry.get_sample_value(name, {"partner": partner, "what": what}) or 0.0


async def fetched(site: Site, rooms: RoomsOverLinks, file: RoomFile) -> None:
    await until(lambda: entry_at(site, file), f"the message at {site.id}")
    entry = entry_at(site, file)
    assert entry is not None
    rooms.fetch(entry, file)
    await until(lambda: rooms.files.has(file.sha256), f"the file at {site.id}")
    assert rooms.files.bytes_of(file.sha256) == PNG


@pytest_twisted.ensureDeferred
async def test_a_file_crosses_the_hub_once_and_the_next_gets_it_from_there_if_its_owner_says_so(
    tmp_path: Path, ca: Path, over: dict[str, RoomsOverLinks]
) -> None:
    hub, one, two, three = (Site(tmp_path, site, ca) for site in ("36", "43", "42", "44"))
    async with sites(one, two, three, hub):
        room = await table(hub, one, two, three, over=over)
        file = await say(one, over["43"], room, PNG)
        await fetched(two, over["42"], file)
        assert counted(one, "42", "bytes_given") == len(PNG)
        await until(lambda: over["36"].files.has(file.sha256), "kept at the hub")
        await fetched(three, over["44"], file)
        assert counted(one, "44", "bytes_given") == 16_384  # the first piece: its word that 44 may have it
        assert counted(hub, "44", "bytes_given_for_others") == len(PNG) - 16_384
        for site in (hub, two, three):  # invited in one go: each knows of all
            assert site.desk.world.rooms[room].sites == ("36", "42", "43", "44")
            assert not [each for each in site.links.statuses() if each.refused]
        # and what its owner does not let a site have is not given for it
        await agreed(one, "44", terms(withheld=(WithheldField.NOTES,)))
        over["44"].files._path(file.sha256).unlink()
        entry = entry_at(three, file)
        assert entry is not None
        over["44"].fetch(entry, file)
        found: list[str] = []

        def refused() -> bool:
            try:
                over["44"].fetch(entry, file)
            except Refused as error:
                found.append(error.detail)
            return bool(found)

        await until(refused, "refused")
        assert "NO_CONSENT" in found[0]


@pytest_twisted.ensureDeferred
async def test_a_hub_outside_the_room_passes_on_and_keeps_nothing_and_goes_on_after_a_cut(
    tmp_path: Path, ca: Path, over: dict[str, RoomsOverLinks]
) -> None:
    hub, one, two, line = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca), Site(tmp_path, "42", ca), Line()
    async with sites(one, two, hub):
        room = await table(hub, one, two, over=over, hub_in=False, line=line)
        seen: list[tuple[str, RoomHand]] = []
        over["42"].on_hand = lambda site, hand: seen.append((site, hand))
        person = next(each for each in one.desk.world.room_people.values() if each.name)
        gesture = RoomGesture(room_id=room, pointer=Position(lon_deg=114.5, lat_deg=28.0))
        hand = RoomHand(gesture=gesture, person_id=person.id, role=Role.DUTY_CHIEF)
        over["43"].point(("43", "42"), hand)
        await until(lambda: seen, "the pointer at 42")
        assert seen == [("43", hand)]
        file = await say(one, over["43"], room, PNG)
        await until(lambda: entry_at(two, file), "the message at 42")
        line.passed, line.cut_after = 0, 50_000
        entry = entry_at(two, file)
        assert entry is not None
        over["42"].fetch(entry, file)
        await until(lambda: not line.up, "the line to break in the middle")
        await until(lambda: not two.links.reached("43"), "seen at 42")
        with pytest.raises(Refused, match="FILE_NOT_REACHED"):
            over["42"].fetch(entry, file)
        line.restore()
        await until(lambda: over["42"].files.has(file.sha256), "the whole file")
        given = counted(one, "42", "bytes_given")
        assert len(PNG) <= given <= len(PNG) + 5 * 16_384  # resumed, not begun anew
        assert not over["36"].files.has(file.sha256)
        # what comes round, lies about its way or comes too fast is passed to nobody
        passed = WordPassed(origin="43", to="42", path=(), word=RoomHands(hands=(hand,)))
        name = "ganying_room_words_passed_total"
        for lie, code in (
            (WordPassed(origin="42", to="42", path=("36", "43"), word=passed.word), "LOOP"),
            (WordPassed(origin="43", to="43", path=(), word=passed.word), "LOOP"),
            (WordPassed(origin="42", to="42", path=(), word=passed.word), "PATH"),
            (WordPassed(origin="43", to="45", path=(), word=passed.word), "NO_ROUTE"),
        ):
            before = counted(hub, "43", code, name)
            hub.links._said("43", lie)
            assert counted(hub, "43", code, name) == before + 1, lie
        # what its site has not sealed, or another one has, or says again, is passed to nobody either
        seals = one.links._words._seals
        sealed = seals.seal(passed)
        others = two.links._words._seals.seal(replace(sealed, word=sealed.word))
        elsewhere = RoomHand(gesture=replace(gesture, pointer=None), person_id=person.id, role=hand.role)
        for lie, code in (
            (passed, "TAMPERED"),
            (replace(sealed, signature=b""), "TAMPERED"),
            (replace(sealed, word=RoomHands(hands=(elsewhere,))), "TAMPERED"),
            (replace(sealed, at_us=sealed.at_us + 1), "TAMPERED"),
            (replace(sealed, certificate=b"none"), "CERTIFICATE"),
            (replace(sealed, signature=others.signature, certificate=others.certificate), "CERTIFICATE"),
        ):
            before = counted(hub, "43", code, name)
            hub.links._said("43", lie)
            assert counted(hub, "43", code, name) == before + 1, lie
        came = len(seen)
        hub.links._said("43", sealed)
        await until(lambda: len(seen) == came + 1, "the sealed one at 42")
        before = counted(hub, "43", "REPLAYED", name)
        hub.links._said("43", sealed)
        assert counted(hub, "43", "REPLAYED", name) == before + 1
        for _ in range(2 * PASSED_A_SECOND):
            hub.links._said("43", passed)
        assert counted(hub, "43", "too_often", name) >= 1
        # and a hub that has agreed on no relaying any more passes nothing
        await agreed(hub, "42", terms())
        ask = FileAsk(room_id=room, sha256=file.sha256, offset=0)
        hub.links._second = None
        before = counted(hub, "42", "RELAY", name)
        asked = two.links._words._seals.seal(WordPassed(origin="42", to="43", path=(), word=ask))
        hub.links._said("42", asked)
        assert counted(hub, "42", "RELAY", name) == before + 1
        await line.close()
