"""Doors of flight messages: what a tasking gives, as data and as text, for a person at a gateway. Nothing is sent."""

from adapters.web.lists import one
from adapters.web.table import Call, Door
from dispatch import access
from dispatch.errors import Forbidden
from protocols.flight_messages import drafts
from protocols.flight_messages.flight import flight_of
from protocols.json_flight_messages import FlightMessageAnswer, FlightMessageQuery


def _draft(call: Call) -> FlightMessageAnswer:
    allowed = access.SEE_FLIGHT_MESSAGE
    if call.who.session.role not in allowed:
        raise Forbidden(f"flight messages: for {', '.join(sorted(allowed))}")
    tasking = one(call, "taskings", call.path["id"])
    made = drafts.draft(flight_of(call.site.desk.world, tasking), call.query.kind or "")
    return FlightMessageAnswer.of(tasking.id, tasking.version, made)


async def _message(call: Call) -> FlightMessageAnswer:
    return _draft(call)


async def _text(call: Call) -> bytes:
    return _draft(call).text.encode() + b"\n"


_FAILS = (403, 404, 409)

DOORS = (
    Door(
        method="GET",
        path="/taskings/<id:id>/flight-message",
        name="getFlightMessage",
        text=(
            "A tasking's flight message (ICAO Doc 4444, MH/T 4007): FPL, DLA, CHG, CNL, DEP or ARR as `kind` says, else the"
            " next one. Text, fields, and what a person completes before handing it to a gateway."
        ),
        handler=_message,
        query=FlightMessageQuery,
        answers=FlightMessageAnswer,
        statuses=_FAILS,
    ),
    Door(
        method="GET",
        path="/taskings/<id:id>/flight-message.txt",
        name="getFlightMessageText",
        text="The text of the same alone.",
        handler=_text,
        query=FlightMessageQuery,
        answers=bytes,
        sends="text/plain; charset=utf-8",
        statuses=_FAILS,
    ),
)
