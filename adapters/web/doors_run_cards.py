"""Doors of run cards (预案卡): what is proposed for an incident, applying one, ticking off its lines."""

from dataclasses import replace

from twisted.internet.threads import deferToThread

from adapters.ground import ground_of
from adapters.web.lists import one
from adapters.web.table import Call, Door
from dispatch import run_card
from dispatch.area import Division
from dispatch.records import Incident
from dispatch.run_card_records import RunCard
from protocols.json_run_cards import (
    ClockAnswer,
    FittingCard,
    ItemTick,
    RunCardAnswer,
    RunCardApplication,
)


async def _place(call: Call, incident: Incident) -> tuple[Division | None, float | None]:
    """The county that an incident is in, and how far the border is; in a thread, for the first look is slow."""

    def look() -> tuple[Division | None, float | None]:
        ground = ground_of(call.site.config.site.id)
        return ground.county_at(incident.position), ground.border_m(incident.position)

    return await deferToThread(look)


async def _one(call: Call) -> RunCardAnswer:
    incident: Incident = one(call, "incidents", call.path["id"])
    division, border_m = await _place(call, incident)
    return _answer(call, incident.id, division, border_m)


def _answer(call: Call, incident_id: str, division: Division | None, border_m: float | None) -> RunCardAnswer:
    world, now = call.site.desk.world, call.site.clock()
    incident: Incident = world.incidents[incident_id]
    county = division.code if division is not None else ""
    fitting = run_card.fitting(world, incident, county, now)
    applied, level = incident.run_card, run_card.raised_level(incident)
    raised = [] if level is None else run_card.fitting(world, replace(incident, level=level), county, now)
    return RunCardAnswer(
        incident_id=incident.id,
        version=incident.version,
        county=county,
        county_name=division.name if division is not None else "",
        border_m=border_m,
        proposed=fitting[0] if fitting else None,
        fitting=[_ranked(card) for card in fitting],
        applied=applied,
        proposes_other=bool(fitting) and (applied is None or fitting[0].id != applied.proposed_id),
        clocks=[
            ClockAnswer(key=each.key, holds=at.holds, starts_at=at.starts_at, due_at=at.due_at)
            for each in (applied.items if applied is not None else ())
            for at in (run_card.clock(incident, border_m, each.item, now),)
        ],
        raised_level=level,
        raised_card=_ranked(raised[0]) if raised else None,
    )


def _ranked(card: RunCard) -> FittingCard:
    values = {name: getattr(card, name) for name in FittingCard.__struct_fields__}
    return FittingCard(**values)


async def _apply(call: Call) -> RunCardAnswer:
    incident: Incident = one(call, "incidents", call.path["id"])
    division, border_m = await _place(call, incident)
    body: RunCardApplication = call.body
    county = division.code if division is not None else ""
    await call.site.desk.ask(call.ask(body.command(incident.id, county=county, border_m=border_m)))
    return _answer(call, incident.id, division, border_m)


async def _tick(call: Call) -> RunCardAnswer:
    incident: Incident = one(call, "incidents", call.path["id"])
    await call.site.desk.ask(call.ask(call.body.command(incident.id, call.path["item"])))
    return await _one(call)


DOORS = (
    Door(
        method="GET",
        path="/incidents/<id:id>/run-card",
        name="getRunCard",
        text="The run card proposed for an incident as it is now and why, the one applied, and the clocks of its lines.",
        handler=_one,
        answers=RunCardAnswer,
    ),
    Door(
        method="POST",
        path="/incidents/<id:id>/run-card",
        name="applyRunCard",
        text="Apply a run card. Another than the proposed one, or other tasks, without a reason: 409 REASON_REQUIRED.",
        handler=_apply,
        takes=RunCardApplication,
        answers=RunCardAnswer,
    ),
    Door(
        method="POST",
        path="/incidents/<id:id>/checklist/<id:item>",
        name="tickRunCard",
        text="Tick off a line of the applied card, or open it again, in the caller's name.",
        handler=_tick,
        takes=ItemTick,
        answers=RunCardAnswer,
    ),
)
