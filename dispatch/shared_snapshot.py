"""An incident as it is shared: its snapshot with the site in place of every person, and without what stays at home."""

from dataclasses import replace

from dispatch.incident_facts import IncidentShared
from dispatch.kinds import AlarmKind
from dispatch.records import AlarmSource, Step, Tasking


def without_names(shared: IncidentShared) -> IncidentShared:
    """The same snapshot with the site in place of every person; roles stay."""
    site = shared.incident.site
    return replace(
        shared,
        incident=replace(
            shared.incident,
            reported_by=site,
            verified_by=site if shared.incident.verified_by else "",
            sources=_without_callers(shared.incident.sources, site),
            possible_duplicates=(),
            run_card=None,  # who is told and what is ticked off is our own business
            history=_nameless(_without_cards(shared.incident.history), site),
        ),
        taskings=tuple(_tasking_without_names(each, site) for each in shared.taskings),
        requests=tuple(
            replace(
                each,
                approved_by=site if each.approved_by else "",
                phone=None,
                questions=(),
                history=_nameless(_without_questions(each.history), site),
            )
            for each in shared.requests
        ),
    )


def _tasking_without_names(tasking: Tasking, site: str) -> Tasking:
    amendments = (
        replace(each, by=site, answered_by=site if each.answered_by else "") for each in tasking.amendments
    )
    water = (
        replace(
            each,
            by=site,
            key="",
            stamp=None,
            changes=tuple(replace(change, by=site) for change in each.changes),
        )
        for each in tasking.water
    )
    return replace(
        tasking,
        history=_nameless(tasking.history, site),
        amendments=tuple(amendments),
        water=tuple(water),
        signatures=tuple(replace(each, by=site, stamp=None) for each in tasking.signatures),
    )


def _without_callers(sources: tuple[AlarmSource, ...], site: str) -> tuple[AlarmSource, ...]:
    """What systems said, by no account's name; what the public said stays here, for it may name the caller."""
    return tuple(
        replace(each, reported_by=site) for each in sources if each.kind is not AlarmKind.PUBLIC_REPORT
    )


def _without_cards(history: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(step for step in history if step.action not in ("apply_card", "override_card"))


def _without_questions(history: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(step for step in history if step.action not in ("ask", "answer"))


def _nameless(history: tuple[Step, ...], site: str) -> tuple[Step, ...]:
    return tuple(replace(step, actor=site, stamp=None) for step in history)
