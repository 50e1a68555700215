"""Doors of joining: invite a vehicle or base, see who was invited and who joined, shut one out."""

import secrets
from typing import Any

from adapters.tls import ends_at
from adapters.web.table import Call, Door
from dispatch import consent, enrol
from dispatch.enrol_facts import SiteInvited
from dispatch.errors import Forbidden, KeyReused, Refused
from protocols.enrol_code import SECRET_BYTES, secret_sha256
from protocols.json_enrol import (
    EnrolmentAnswer,
    InvitationAnswer,
    InvitationBody,
    InvitationEnd,
    InvitedAnswer,
    JoinedAnswer,
    ShutOutBody,
)

SHOWN = 50  # invitations


async def _enrolment(call: Call) -> EnrolmentAnswer:
    if call.who.session.role not in consent.SEE:
        raise Forbidden(f"links and who joined are for {', '.join(sorted(consent.SEE))}")
    world, now = call.site.desk.world, call.site.clock()
    newest = sorted(world.invitations.values(), key=lambda each: (each.invited_at, each.id), reverse=True)
    joined = sorted(world.joined_sites.values(), key=lambda each: (each.joined_at, each.site))
    return EnrolmentAnswer(
        possible=call.site.enrol_code is not None,
        invitations=[InvitationAnswer.of(each, now) for each in newest[:SHOWN]],
        joined=[JoinedAnswer.of(each, ends_at(each.certificate)) for each in joined],
    )


async def _invite(call: Call) -> InvitedAnswer:
    body: InvitationBody = call.body
    if call.who.session.role not in enrol.INVITE:  # before anything is told of the site
        raise Forbidden(f"inviting a site is for {', '.join(sorted(enrol.INVITE))}")
    secret = secrets.token_bytes(SECRET_BYTES)
    if call.site.enrol_code is None:
        raise Refused(
            "NO_AUTHORITY", "this site signs for nobody: see [federation] authority, enrol, address"
        )
    code = call.site.enrol_code(secret)  # first: without an authority nothing is recorded
    try:
        answer = await call.site.desk.ask(call.ask(body.command(secret_sha256(secret))))
    except KeyReused:
        detail = "it was made; its code was shown once: withdraw it and make another"
        raise Refused("SHOWN_ONCE", detail, field="Idempotency-Key") from None
    made = next(each.fact.invitation for each in answer.recorded if isinstance(each.fact, SiteInvited))
    return InvitedAnswer(invitation=InvitationAnswer.of(made, call.site.clock()), code=code)


async def _withdraw(call: Call) -> InvitationAnswer:
    await call.site.desk.ask(call.ask(call.body.command(call.path["id"])))
    return InvitationAnswer.of(call.site.desk.world.invitations[call.path["id"]], call.site.clock())


async def _shut_out(call: Call) -> Any:
    await call.site.desk.ask(call.ask(call.body.command()))
    joined = call.site.desk.world.joined_sites[call.body.site]
    return JoinedAnswer.of(joined, ends_at(joined.certificate))


DOORS = (
    Door(
        method="GET",
        path="/enrolment",
        name="listEnrolment",
        text="Invitations to vehicles and bases, without their codes, and who joined by one or is shut out.",
        handler=_enrolment,
        answers=EnrolmentAnswer,
        statuses=(403,),
    ),
    Door(
        method="POST",
        path="/invitations",
        name="inviteSite",
        text="Let a vehicle or base join once (duty chief, administrators). The code is in this answer and nowhere else.",
        handler=_invite,
        takes=InvitationBody,
        answers=InvitedAnswer,
        status=201,
    ),
    Door(
        method="POST",
        path="/invitations/<id:id>/withdraw",
        name="withdrawInvitation",
        text="Its code is good no more.",
        handler=_withdraw,
        takes=InvitationEnd,
        answers=InvitationAnswer,
    ),
    Door(
        method="POST",
        path="/partners/shut-out",
        name="shutOutPartner",
        text="End a partner that joined: its link closes at once, its certificate is refused, consents for it end.",
        handler=_shut_out,
        takes=ShutOutBody,
        answers=JoinedAnswer,
    ),
)
