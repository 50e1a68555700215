"""What `ganying link-check` asks about rows: kept before they are acknowledged, once, and only those of their owner.

The rows say that an incident which never was is confirmed: they stand in the other end's journal, and on no screen.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from adapters.cli.link_check_talk import Asked, Broken, Talk, ended, greeted, have, heard
from dispatch.incident_facts import IncidentAdvanced
from dispatch.kinds import IncidentAction, IncidentState
from protocols.codec import facts
from protocols.codec.link import Ack, Batch, LinkRow

NO_SUCH_ROLE = 9_999


def row(site: str, number: int, reason: str = "link-check") -> LinkRow:
    """Row `number` of the journal of `site`."""
    kind, body = facts.encode(
        IncidentAdvanced(
            incident_id=f"{site}-INC-LC{number}",
            action=IncidentAction.CONFIRM,
            state=IncidentState.CONFIRMED,
            version=2,
            reason=reason,
        )
    )
    return LinkRow(
        seq=number,
        at=datetime.now(UTC),
        origin=site,
        origin_seq=number,
        command_id=str(number),
        part=0,
        actor=site,
        role=None,
        kind=kind,
        body=body,
        object_class="incidents",
    )


def batch(after: int, rows: Sequence[LinkRow]) -> Batch:
    """These rows as the next ones after row `after` of the lane of orders."""
    numbered = tuple(replace(each, seq=after + 1 + index) for index, each in enumerate(rows))
    return Batch(after=after, through=after + len(rows), rows=numbered)


def of_nobody_known(site: str, number: int) -> LinkRow:
    """A row by a role that no version knows."""
    return replace(row(site, number), unknown_role=NO_SUCH_ROLE)


def _taken(talk: Talk, sent: Batch) -> int:
    """Send a batch; it must be acknowledged. How far."""
    talk.wire.send(sent)
    ack = talk.receive(Ack)
    if not isinstance(ack, Ack) or (ack.through, ack.lane) != (sent.through, 0):
        raise Broken(f"acknowledged {ack}, not {sent.through} of lane 0")
    return sent.through


def kept(asked: Asked) -> None:
    """The line breaks right after an acknowledgement: the row is there."""
    talk = greeted(asked)
    after = have(talk.theirs)
    through = _taken(talk, batch(after, [row(asked.site, after + 1)]))
    talk.wire.cut()  # at once, without a good-bye
    wire, theirs = heard(asked)
    wire.close()
    if have(theirs) != through:
        raise Broken(f"it acknowledged {through} and has {have(theirs)}")


def once(asked: Asked) -> None:
    """The same row again is passed over; that it was kept shows when its number comes with another text."""
    talk = greeted(asked)
    after = have(talk.theirs)
    first = row(asked.site, after + 1)
    through = _taken(talk, batch(after, [first]))
    through = _taken(talk, batch(through, [first]))
    other = replace(first, body=row(asked.site, after + 1, "another text").body)
    talk.wire.send(batch(through, [other]))
    ended(talk, "JOURNAL_DIVERGED")
    wire, theirs = heard(asked)
    wire.close()
    if have(theirs) != through:
        raise Broken(f"its cursor is {have(theirs)}, not {through}")


def _passes(asked: Asked, *wrong: Callable[[int], LinkRow]) -> None:
    """Each wrong row is dropped, the right one beside it taken, and the cursor passes both."""
    talk = greeted(asked)
    through = have(talk.theirs)
    for make in wrong:
        right = row(asked.site, through + 2)
        through = _taken(talk, batch(through, [make(through + 1), right]))
    talk.wire.close()


def foreign(asked: Asked) -> None:
    """A row of another site, and one of ours about what another site owns."""
    theirs = f"{asked.site}X"
    _passes(
        asked,
        lambda number: row(theirs, number),  # another site's row
        lambda number: replace(row(asked.site, number), body=row(theirs, number).body),
    )


def unknown_role(asked: Asked) -> None:
    """A row by a role of a later version, or of none."""
    _passes(asked, lambda number: of_nobody_known(asked.site, number))
