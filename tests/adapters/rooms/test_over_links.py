"""Pointers and files of consultations over a real link between two sites of this process."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor

from adapters.clock import utc_now
from adapters.rooms.files import RoomFiles
from adapters.rooms.over_links import HANDS_A_SECOND, RoomsOverLinks
from adapters.rooms.taken_back import FilesTakenBack
from dispatch.consent_commands import LabelRecord
from dispatch.consent_kinds import DataLabel, LabelledTable, ObjectClass
from dispatch.errors import Refused
from dispatch.geo import Position
from dispatch.incident_commands import ShareIncident
from dispatch.kinds import Role
from dispatch.room_commands import EnterRoom, InviteSite, OpenRoom, Say
from dispatch.room_facts import RoomSiteReached
from dispatch.room_records import RoomEntry, RoomFile
from protocols.codec.client_view import RoomGesture
from protocols.codec.link_rooms import FilePart, RoomHand, RoomHands
from tests.adapters.desks import report
from tests.adapters.link.sites import Line, Site, certificates, partner, sites, until
from tests.adapters.link.test_consents import agreed, terms
from tests.adapters.link.test_links import live
from tests.adapters.link.test_onward import revoke

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 400  # 100 kB: seven pieces


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificates(tmp_path_factory.mktemp("ca"), "36", "43")


@pytest.fixture
def over() -> Iterator[dict[str, RoomsOverLinks]]:
    made: dict[str, RoomsOverLinks] = {}
    yield made
    for each in made.values():
        each.stop()


def attach(site: Site) -> RoomsOverLinks:
    made = RoomsOverLinks(
        desk=site.desk,
        lines=site.links,
        files=RoomFiles(site.folder / "rooms"),
        clock=utc_now,
        metrics=site.metrics,
        reactor=reactor,
    )
    site.links.on_word, site.links.on_back = made.heard, made.back
    return made


async def table(ours: Site, theirs: Site, line: Line, over: dict[str, RoomsOverLinks]) -> str:
    """A room of 36 with 43 in it, over a line; both have entered."""
    await ours.start(partner("43"))
    line.target = ours.links.port
    await theirs.start(partner("36", await line.open()), listen="")
    over["36"], over["43"] = attach(ours), attach(theirs)
    await until(lambda: live(ours) and live(theirs), "both links live")
    incident = str((await ours.ask(report(1).command)).recorded[0].fact.incident.id)
    await ours.ask(ShareIncident(incident_id=incident, partner="43", version_seen=1))
    opened = await ours.ask(OpenRoom(incident_id=incident, title="会商"), Role.DUTY_CHIEF)
    room = str(opened.recorded[0].fact.room.id)
    await ours.ask(InviteSite(room_id=room, partner="43"), Role.DUTY_CHIEF)
    await until(lambda: room in theirs.desk.world.rooms, "the room at 43")
    await theirs.ask(EnterRoom(room_id=room))
    return room


async def say(site: Site, over: RoomsOverLinks, room: str, data: bytes, **named: Any) -> RoomFile:
    """A message with a file."""
    kept = over.files.keep(data, "image/png")
    there = {"sha256": kept, "name": "图.png", "media_type": "image/png", "size": len(data)} | named
    file = RoomFile(**there)
    await site.ask(Say(room_id=room, text="看图", file=file))
    return file


def entry_at(site: Site, file: RoomFile) -> RoomEntry | None:
    named = (each for each in site.desk.world.room_entries.values() if each.said is not None)
    return next((each for each in named if each.said is not None and each.said.file == file), None)


def one_entry(site: Site, file: RoomFile) -> RoomEntry:
    entry = entry_at(site, file)
    assert entry is not None
    return entry


@pytest_twisted.ensureDeferred
async def test_a_partners_file_comes_when_it_is_opened_over_a_cut_from_where_it_was(
    tmp_path: Path, ca: Path, over: dict[str, RoomsOverLinks]
) -> None:
    ours, theirs, line = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca), Line()
    async with sites(theirs, ours):
        room = await table(ours, theirs, line, over)
        file = await say(ours, over["36"], room, PNG)
        await until(lambda: entry_at(theirs, file), "the message at 43")
        entry = entry_at(theirs, file)
        assert entry is not None
        assert not over["43"].files.has(file.sha256)  # nothing comes by itself
        line.passed, line.cut_after = 0, 50_000
        assert over["43"].fetch(entry, file) == (0, len(PNG))
        await until(lambda: not line.up, "the line to break in the middle")
        with pytest.raises(Refused, match="FILE_NOT_REACHED"):
            over["43"].fetch(entry, file)
        line.restore()
        await until(lambda: over["43"].files.has(file.sha256), "the whole file")
        assert over["43"].files.bytes_of(file.sha256) == PNG
        given = ours.metrics.registry.get_sample_value(
            "ganying_room_over_links_total", {"partner": "43", "what": "bytes_given"}
        )
        assert given is not None
        assert len(PNG) <= given <= len(PNG) + 5 * 16_384  # resumed, not begun anew
        await line.close()


@pytest_twisted.ensureDeferred
async def test_what_is_taken_back_leaves_the_partners_disk_but_not_what_others_name_too(
    tmp_path: Path, ca: Path, over: dict[str, RoomsOverLinks]
) -> None:
    ours, theirs, line = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca), Line()
    async with sites(theirs, ours):
        room = await table(ours, theirs, line, over)
        left_over = over["43"].files.keep(PNG + b"0", "image/png")  # handed over, never said before a crash
        taken_back = FilesTakenBack(theirs.desk, over["43"].files)
        await taken_back.start()
        assert not over["43"].files.has(left_over)
        consent = await agreed(ours, "43", terms(ObjectClass.INCIDENTS, ObjectClass.MESSAGES))
        theirs_alone = await say(theirs, over["43"], room, PNG + b"1")
        both_name = await say(theirs, over["43"], room, PNG + b"2")
        await say(ours, over["36"], room, PNG + b"2")
        file = await say(ours, over["36"], room, PNG)
        await until(lambda: entry_at(theirs, file), "the message at 43")
        over["43"].fetch(one_entry(theirs, file), file)
        await until(lambda: over["43"].files.has(file.sha256), "the file at 43")
        await revoke(ours, consent)
        await until(lambda: not over["43"].files.has(file.sha256), "the file to leave 43's disk")
        assert over["43"].files.has(theirs_alone.sha256)
        assert over["43"].files.has(both_name.sha256)
        taken_back.stop()
        await line.close()


@pytest_twisted.ensureDeferred
async def test_a_partner_gets_no_file_that_it_may_not_have_or_that_is_not_what_it_says(
    tmp_path: Path, ca: Path, over: dict[str, RoomsOverLinks]
) -> None:
    ours, theirs, line = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca), Line()
    async with sites(theirs, ours):
        room = await table(ours, theirs, line, over)
        file = await say(ours, over["36"], room, PNG)
        await until(lambda: entry_at(theirs, file), "the message at 43")
        entry = entry_at(theirs, file)
        assert entry is not None

        async def refused(file: RoomFile) -> str:
            over["43"].fetch(entry, file)
            found: list[Refused] = []

            def asked() -> bool:
                try:
                    over["43"].fetch(entry, file)
                except Refused as error:
                    found.append(error)
                return bool(found)

            await until(asked, "a refusal")
            return found[0].detail

        unnamed = over["36"].files.keep(PNG + b"1", "image/png")
        secret = RoomFile(sha256=unnamed, name="x", media_type="image/png", size=len(PNG) + 1)
        assert "NO_FILE" in await refused(secret)
        # a partner that calls text a picture: it is looked at here too
        script = b"<html><script>alert(1)</script>"
        path = over["36"].files._path(hashlib.sha256(script).hexdigest())
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(script)
        lied = RoomFile(sha256=path.name, name="a.png", media_type="image/png", size=len(script))
        await ours.ask(Say(room_id=room, text="", file=lied))
        await until(lambda: entry_at(theirs, lied), "the lie at 43")
        assert "MALFORMED" in await refused(lied)
        assert not over["43"].files.has(lied.sha256)
        incident = ours.desk.world.rooms[room].incident_id
        label = LabelRecord(
            table=LabelledTable.INCIDENTS, record_id=incident, label=DataLabel.MILITARY, reason="涉军"
        )
        await ours.ask(label, Role.DUTY_CHIEF)
        assert "NO_CONSENT" in await refused(file)
        await line.close()


@pytest_twisted.ensureDeferred
async def test_pointers_reach_the_partner_without_a_name_the_newest_alone_and_no_strangers(
    tmp_path: Path, ca: Path, over: dict[str, RoomsOverLinks]
) -> None:
    ours, theirs, line = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca), Line()
    async with sites(theirs, ours):
        room = await table(ours, theirs, line, over)
        person = next(each for each in ours.desk.world.room_people.values() if each.name)
        seen: list[tuple[str, RoomHand]] = []
        over["43"].on_hand = lambda site, hand: seen.append((site, hand))

        def hand(lon_deg: float, who: str = person.id, where: str = room) -> RoomHand:
            at = Position(lon_deg=lon_deg, lat_deg=28.0)
            return RoomHand(
                gesture=RoomGesture(room_id=where, pointer=at), person_id=who, role=Role.DUTY_CHIEF
            )

        for number in range(50):
            over["36"].point(("36", "43"), hand(114 + number / 100))
        await until(lambda: seen, "the pointer at 43")
        assert seen == [("36", hand(114.49))]
        over["43"].heard("36", RoomHands(hands=(hand(1, who="43-PER-1"), hand(2, where="36-ROM-X"))))
        over["43"].heard("42", RoomHands(hands=(hand(3),)))
        assert len(seen) == 1
        for _ in range(2 * HANDS_A_SECOND):
            over["43"].heard("36", RoomHands(hands=(hand(5),)))
        assert len(seen) <= 1 + 2 * HANDS_A_SECOND - 1
        over["43"].heard("36", FilePart(sha256="0" * 64, offset=0, size=1, data=b"x"))  # not asked for
        line.cut()
        await until(lambda: not live(ours), "the cut seen")
        over["36"].point(("43",), hand(1))  # nobody to tell: not kept for later
        assert not over["36"]._pointing
        await line.close()


@pytest_twisted.ensureDeferred
async def test_what_was_said_during_a_cut_is_late_though_nobody_here_said_a_word(
    tmp_path: Path, ca: Path, over: dict[str, RoomsOverLinks]
) -> None:
    ours, theirs, line = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca), Line()
    async with sites(theirs, ours):
        room = await table(ours, theirs, line, over)
        line.cut()
        await until(lambda: not live(ours) and not live(theirs), "the cut seen")
        await theirs.ask(Say(room_id=room, text="断链中"))
        minute = timedelta(minutes=1)
        over["36"]._clock = lambda: utc_now() + minute  # a minute goes by here
        ours.desk._clerk._clock = lambda: utc_now() + minute
        line.restore()

        def said() -> list[RoomEntry]:
            return [each for each in ours.desk.world.room_entries.values() if each.said is not None]

        await until(said, "what was said")
        assert said()[0].late_s >= 50
        kinds = [row.kind for row in await ours.desk.rows_after(0, 200)]
        assert kinds.count(RoomSiteReached.__name__) == 1
        assert RoomSiteReached.__name__ not in [
            row.kind for row in await theirs.desk.rows_after(0, 200) if row.origin == "36"
        ]
        await line.close()
