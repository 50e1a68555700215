"""Consultations: who may do what in a room, and that every site ends with the same room whatever came first."""

import contextlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import partner
from dispatch.errors import Forbidden, GanyingError, Refused, Unknown
from dispatch.facts import Recorded
from dispatch.geo import Position
from dispatch.kinds import Role
from dispatch.papers import room_minutes
from dispatch.room import counted
from dispatch.room_commands import (
    CastVote,
    CloseRoom,
    DrawStroke,
    InviteRoles,
    InviteSite,
    OpenRoom,
    PutVote,
    ReadRoom,
    RecordDecision,
    Say,
    UndoStroke,
)
from dispatch.room_facts import RoomEntered, RoomEntryMade, RoomGiven, RoomSiteInvited, RoomStrokeUndone
from dispatch.room_kinds import RoomEntryKind, RoomSymbol, StrokeKind
from dispatch.room_records import RoomEntry, Stroke
from dispatch.views import Viewer, relate, visible
from tests.dispatch.rooms import SiteOf, Table

A, B = Position(lon_deg=115.0, lat_deg=28.0), Position(lon_deg=115.1, lat_deg=28.1)
LINE = Stroke(kind=StrokeKind.LINE, points=(A, B))


def made(facts: tuple[Any, ...]) -> RoomEntry:
    (entry,) = (each.entry for each in facts if isinstance(each, RoomEntryMade))
    return entry


def joined(*others: str) -> Table:
    table = Table(*others)
    for site in others:
        table.invite(site)
    table.carry_all()
    return table


def say(site: SiteOf, text: str, actor: str = "li.na") -> RoomEntry:
    return made(site.ask(Say(room_id=site.table.room_id, text=text), actor=actor))


def test_one_room_for_an_incident_and_only_of_its_own_site() -> None:
    table = joined("43")
    with pytest.raises(Refused, match="EXISTS"):
        table.owner.ask(OpenRoom(incident_id=table.incident_id, title="again"))
    with pytest.raises(Refused, match="NOT_OWNER"):
        table.sites["43"].ask(OpenRoom(incident_id=table.incident_id, title="ours"))
    with pytest.raises(Forbidden):
        table.owner.ask(OpenRoom(incident_id=table.incident_id, title="x"), role=Role.OBSERVER)


def test_a_partner_is_invited_by_the_owner_once_the_incident_is_shared() -> None:
    table = Table("43", "42")
    with pytest.raises(Refused, match="NOT_SHARED"):
        table.owner.ask(InviteSite(room_id=table.room_id, partner="43"))
    table.invite("43")
    table.carry_all()
    assert table.sites["43"].world.rooms[table.room_id].sites == ("36", "43")
    assert not table.sites["42"].world.rooms
    with pytest.raises(Refused, match="NOT_OWNER"):
        table.sites["43"].ask(InviteSite(room_id=table.room_id, partner="42"))
    with pytest.raises(Unknown):
        table.owner.ask(InviteSite(room_id=table.room_id, partner="99"))


def test_what_was_said_before_comes_with_the_invitation_without_names() -> None:
    table = Table("43")
    say(table.owner, "before")
    table.invite("43")
    table.carry_all()
    there = table.sites["43"].world
    assert [each.said.text for each in there.room_entries.values() if each.said] == ["before"]
    assert {each.name for each in there.room_people.values()} == {""}
    assert {each.name for each in table.owner.world.room_people.values()} == {"li.na"}
    assert "li.na" not in repr(there.rooms) + repr(there.room_entries) + repr(there.room_people)


def test_a_long_room_is_given_in_parts_that_are_quickly_judged() -> None:
    table = Table("43")
    for number in range(25):
        say(table.owner, f"{number}")
    drawn = Stroke(kind=StrokeKind.LINE, points=(A, B) * 200)
    for _ in range(3):
        table.owner.ask(DrawStroke(room_id=table.room_id, stroke=drawn))
    table.invite("43")
    given = [each.fact for each in table.owner.journal if isinstance(each.fact, RoomGiven)]
    assert [len(each.entries) for each in given] == [20, 6, 1, 1]
    table.carry_all()
    assert table.seen_at("43") == table.seen_at("36")


def test_a_site_that_is_invited_later_has_everything_of_everybody() -> None:
    table = Table("43", "42")
    table.invite("43")
    table.carry_all()
    table.share("42")
    table.owner.ask(InviteSite(room_id=table.room_id, partner="42"))
    say(table.sites["43"], "said before 43 heard of 42")
    table.carry_all()
    assert table.seen_at("42") == table.seen_at("36") == table.seen_at("43")
    assert len(table.sites["42"].world.room_entries) == 1


def test_after_a_cut_entries_stand_in_their_place_and_say_that_they_are_late() -> None:
    table = joined("43")
    first = say(table.sites["43"], "one")
    for number in range(15):
        say(table.owner, f"{number}")
    table.carry_all()
    order = table.seen_at("36")[2]
    assert order[0].id == first.id
    assert table.owner.world.room_entries[first.id].late_s == 15
    assert table.seen_at("43") == table.seen_at("36")


def test_only_whoever_drew_a_mark_takes_it_back_and_it_stays_in_the_record() -> None:
    table = joined("43")
    mark = made(table.owner.ask(DrawStroke(room_id=table.room_id, stroke=LINE)))
    table.carry_all()
    undo = UndoStroke(room_id=table.room_id, entry_id=mark.id)
    for site, actor in ((table.sites["43"], "wang"), (table.owner, "zhang.wei")):
        with pytest.raises(Refused, match="NOT_OWNER"):
            site.ask(undo, actor=actor)
    table.owner.ask(undo)
    table.carry_all()
    assert table.sites["43"].world.room_entries[mark.id].undone_at is not None
    with pytest.raises(Refused, match="ALREADY"):
        table.owner.ask(undo)


def test_a_decision_says_who_had_agreed_by_everybodys_last_answer() -> None:
    table = joined("43")
    vote = made(table.owner.ask(PutVote(room_id=table.room_id, question="撤离?", options=("同意", "不同意"))))
    table.carry_all()
    guest = table.sites["43"]
    guest.ask(CastVote(room_id=table.room_id, vote_id=vote.id, option=1), actor="wang")
    guest.ask(CastVote(room_id=table.room_id, vote_id=vote.id, option=0), actor="wang")
    table.owner.ask(CastVote(room_id=table.room_id, vote_id=vote.id, option=0))
    table.owner.ask(CastVote(room_id=table.room_id, vote_id=vote.id, option=1), actor="zhang.wei")
    table.carry_all()
    said = RecordDecision(room_id=table.room_id, text="撤离", vote_id=vote.id, option=0)
    decided = made(table.owner.ask(said)).decision
    assert decided is not None
    assert decided.tally == (2, 1)
    assert [each.site for each in decided.agreed] == ["36", "43"]
    assert len(counted(guest.world, table.room_id, vote.id)) == 3
    told = room_minutes.form(room_minutes.minutes(table.owner.world, table.room_id))  # type: ignore[arg-type]
    text = repr(told)
    assert "li.na" in text
    assert "wang" not in text
    with pytest.raises(Refused, match="OPTION"):
        table.owner.ask(CastVote(room_id=table.room_id, vote_id=vote.id, option=2))


def test_reading_moves_forward_only_and_is_one_row() -> None:
    table = joined("43")
    entries = [say(table.owner, text) for text in ("a", "b")]
    table.carry_all()
    guest = table.sites["43"]
    guest.ask(ReadRoom(room_id=table.room_id, entry_id=entries[1].id), actor="wang")
    with pytest.raises(Refused, match="ALREADY"):
        guest.ask(ReadRoom(room_id=table.room_id, entry_id=entries[0].id), actor="wang")
    table.carry_all()
    (wang,) = (each for each in table.owner.world.room_people.values() if each.site == "43")
    assert wang.read_at == table.owner.world.room_entries[entries[1].id].at


def test_a_closed_room_takes_nothing_more_here_but_what_was_said_elsewhere_before_it_was_known() -> None:
    table = joined("43")
    table.owner.ask(CloseRoom(room_id=table.room_id, summary="结束"))
    say(table.sites["43"], "we did not know yet")
    table.carry_all()
    assert table.seen_at("43") == table.seen_at("36")
    for site in table.sites.values():
        with pytest.raises(Refused, match="NOT_NOW"):
            say(site, "too late")
    assert len(table.owner.world.room_entries) == 1


def test_invited_roles_see_and_speak_the_others_do_not() -> None:
    table = Table()
    say(table.owner, "x")
    (entry,) = table.owner.world.room_entries.values()
    observer = Viewer(role=Role.OBSERVER)
    assert not visible(relate(table.owner.world), observer, "room_entries", entry)
    with pytest.raises(Forbidden):
        table.owner.ask(Say(room_id=table.room_id, text="y"), role=Role.OBSERVER)
    table.owner.ask(InviteRoles(room_id=table.room_id, roles=(Role.OBSERVER,)))
    assert visible(relate(table.owner.world), observer, "room_entries", entry)
    table.owner.ask(Say(room_id=table.room_id, text="y"), role=Role.OBSERVER, actor="obs")
    with pytest.raises(Refused, match="ROLES"):
        table.owner.ask(InviteRoles(room_id=table.room_id, roles=(Role.AUDITOR,)))


@pytest.mark.parametrize(
    ("stroke", "field"),
    [
        (Stroke(kind=StrokeKind.LINE, points=(A,)), "points"),
        (Stroke(kind=StrokeKind.AREA, points=(A, B)), "points"),
        (Stroke(kind=StrokeKind.ARROW, points=(A,) * 501), "points"),
        (Stroke(kind=StrokeKind.TEXT, points=(A,)), "text"),
        (Stroke(kind=StrokeKind.SYMBOL, points=(A,)), "symbol"),
        (Stroke(kind=StrokeKind.LINE, points=(A, B), symbol=RoomSymbol.DANGER), "symbol"),
        (Stroke(kind=StrokeKind.LINE, points=(A, B), text="x" * 121), "text"),
    ],
)
def test_a_mark_that_is_none_is_named(stroke: Stroke, field: str) -> None:
    table = joined("43")
    with pytest.raises(Refused) as caught:
        table.owner.ask(DrawStroke(room_id=table.room_id, stroke=stroke))
    assert caught.value.field == field
    good = made(table.sites["43"].ask(DrawStroke(room_id=table.room_id, stroke=LINE)))
    lied = RoomEntryMade(entry=replace(good, stroke=stroke))
    with pytest.raises(Refused, match="NOT_PLAUSIBLE"):
        partner.check_received(table.owner.world, lied, "43")


def test_a_partner_that_lies_is_refused_by_name() -> None:
    table = joined("43", "42")
    ours = made(table.owner.ask(DrawStroke(room_id=table.room_id, stroke=LINE)))
    theirs = made(table.sites["43"].ask(DrawStroke(room_id=table.room_id, stroke=LINE)))
    spoken = say(table.sites["43"], "x")
    table.carry_all()
    lied = replace(
        table.owner.world.rooms[table.room_id],
        id="43-ROM-A",
        site="43",
        incident_id="43-INC-A",
        sites=("36", "43", "; drop"),
    )
    world, person = table.owner.world, table.owner.world.room_people[theirs.person_id]
    other_room = f"36-ROM-{'A' * 10}"
    undone = RoomStrokeUndone(room_id=table.room_id, entry_id=ours.id)
    moved = replace(theirs, id="43-STR-AAAAAAAAAA", room_id=other_room)
    for fact, origin, code in (
        (undone, "43", "NOT_OWNER"),
        (RoomStrokeUndone(room_id=table.room_id, entry_id=theirs.id), "42", "NOT_OWNER"),
        (RoomEntryMade(entry=replace(theirs, id=ours.id)), "43", "NOT_OWNER"),
        (RoomEntryMade(entry=replace(theirs, site="42")), "43", "NOT_OWNER"),
        (RoomEntryMade(entry=moved), "43", "NOT_IN_ROOM"),
        (
            RoomEntryMade(entry=replace(theirs, said=ours.said, kind=RoomEntryKind.SAID)),
            "43",
            "NOT_PLAUSIBLE",
        ),
        (RoomStrokeUndone(room_id=table.room_id, entry_id=spoken.id), "43", "NOT_PLAUSIBLE"),
        (RoomSiteInvited(room=lied, partner="36"), "43", "NOT_PLAUSIBLE"),
        (RoomEntered(person=replace(person, name="王")), "43", "NOT_PLAUSIBLE"),
        (RoomSiteInvited(room=world.rooms[table.room_id], partner="43"), "43", "NOT_OWNER"),
    ):
        with pytest.raises(Refused, match=code):
            partner.check_received(world, fact, origin)
    with pytest.raises(Refused, match="NOT_IN_ROOM"):
        partner.check_received(
            world,
            RoomEntryMade(entry=replace(theirs, id="44-STR-AAAAAAAAAA", site="44", person_id="44-PER-A")),
            "44",
        )


def test_a_third_sites_word_that_overtook_its_invitation_is_kept_unseen() -> None:
    table = Table("43", "42")
    for site in ("42", "43"):
        table.invite(site)
        while table.carry("36", site):
            pass
    say(table.sites["43"], "hello")
    while table.carry("43", "42"):
        pass  # 42 has not heard that 43 was invited
    there = table.sites["42"].world
    (entry,) = there.room_entries.values()
    desk = Viewer(role=Role.DISPATCHER)
    assert not visible(relate(there), desk, "room_entries", entry)
    table.carry_all()
    there = table.sites["42"].world
    assert visible(relate(there), desk, "room_entries", there.room_entries[entry.id])
    assert there.changed["room_entries", entry.id] > entry.origin_seq


ACTS = st.one_of(
    st.tuples(st.just("say"), st.sampled_from("ab"), st.integers(0, 99)),
    st.tuples(st.just("draw"), st.sampled_from("ab"), st.integers(0, 99)),
    st.tuples(st.just("undo"), st.sampled_from("ab"), st.integers(0, 99)),
    st.tuples(st.just("vote"), st.sampled_from("ab"), st.integers(0, 99)),
    st.tuples(st.just("voice"), st.sampled_from("ab"), st.integers(0, 99)),
    st.tuples(st.just("read"), st.sampled_from("ab"), st.integers(0, 99)),
    st.tuples(st.just("invite"), st.just("a"), st.integers(0, 99)),
    st.tuples(st.just("close"), st.just("a"), st.integers(0, 4)),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("act"), st.sampled_from(("36", "43", "42")), ACTS),
        st.tuples(st.just("carry"), st.sampled_from(("36", "43", "42")), st.sampled_from(("36", "43", "42"))),
        st.tuples(st.just("again"), st.sampled_from(("36", "43", "42")), st.integers(0, 200)),
    ),
    max_size=60,
)


def act(site: SiteOf, what: tuple[str, str, int]) -> None:
    kind, actor, number = what
    room_id, world = site.table.room_id, site.world
    some = sorted(each for each, entry in world.room_entries.items() if entry.room_id == room_id)
    picked = some[number % len(some)] if some else "36-MSG-AAAAAAAAAA"
    commands: dict[str, Any] = {
        "say": Say(room_id=room_id, text=f"{number}"),
        "draw": DrawStroke(room_id=room_id, stroke=LINE),
        "undo": UndoStroke(room_id=room_id, entry_id=picked),
        "vote": PutVote(room_id=room_id, question="?", options=("a", "b")),
        "voice": CastVote(room_id=room_id, vote_id=picked, option=number % 2),
        "read": ReadRoom(room_id=room_id, entry_id=picked),
        "close": CloseRoom(room_id=room_id, summary="."),
    }
    with contextlib.suppress(GanyingError):
        if kind == "invite":
            site.table.invite(("43", "42")[number % 2])
        elif kind != "close" or number == 0:
            site.ask(commands[kind], actor=actor)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_any_interleaving_and_repetition_ends_with_the_same_room_everywhere(steps: list[Any]) -> None:
    table = Table("43", "42")
    for kind, at, what in steps:
        match kind:
            case "act":
                act(table.sites[at], what)
            case "carry":
                if at != what:
                    table.carry(at, what)
            case "again":
                site = table.sites[at]
                if site.journal:
                    site.again(what)
    table.carry_all()
    sites = table.owner.world.rooms[table.room_id].sites
    assert {repr(table.seen_at(site)) for site in sites} == {repr(table.seen_at("36"))}
    assert not any(site.refused for site in table.sites.values())
    for site in table.sites.values():
        assert replay(site.journal, site.site).room_entries == site.world.room_entries


def replay(journal: list[Recorded], site: str) -> Any:
    from dispatch.fold import fold
    from dispatch.world import World

    world = World.empty(site)
    for recorded in journal:
        world = fold(world, recorded)
    return world
