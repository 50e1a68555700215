"""Sites beyond a partner: whoever may no longer pass our rows on takes what came over it with it.

    43 ---- 36 ---- 42        43 takes 36 out of the way to 42: from then on nothing of 43's reaches 42, so its copies
                              there would never change again; their consent ends in the same turn and 42 purges them

That 36 is told and that 42 is told are facts of their own; both travel whatever is agreed, for they are the agreement
itself. Where nothing was ever signed with the site beyond, what both configurations name is written down first, as it
held, and then ended: so the receipt has something to refer to, and nothing leaves until another one is signed.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from dispatch import consent_policy, ids
from dispatch.commands import Ask
from dispatch.consent_facts import ConsentEnded, ConsentSigned
from dispatch.consent_kinds import ConsentAction, ConsentState
from dispatch.consent_records import Beyond, Consent, ConsentTerms
from dispatch.facts import Fact
from dispatch.kinds import Role

if TYPE_CHECKING:
    from dispatch.world import World

LONGEST_REASON = 500  # as typed ones


def ended(
    world: "World",
    ask: Ask,
    now: datetime,
    *,
    over: str,
    after: ConsentTerms | None,
    beyond: Iterable[Beyond],
    reason: str,
) -> tuple[Fact, ...]:
    """What ends with sites `beyond` when the terms towards the partner `over`, which relays to them, become `after`."""
    if not consent_policy.relays(consent_policy.terms_towards(world, over, now)) or consent_policy.relays(
        after
    ):
        return ()
    why = f"经 {over} 转发终止 / relay over {over} ended" + (f": {reason}" if reason else "")
    made: list[Fact] = []
    for each in beyond:
        present = consent_policy.in_force(world, each.site)
        if present is None:
            if consent_policy.terms_towards(world, each.site, now) is not consent_policy.DEFAULT:
                continue  # nothing leaves to it as it is
            present = _written_down(world, ask, now, each)
            made.append(ConsentSigned(consent=present))
        made.append(
            ConsentEnded(
                consent_id=present.id,
                partner=each.site,
                version=present.version + 1,
                action=ConsentAction.REVOKE,
                reason=why[:LONGEST_REASON],
            )
        )
    return tuple(made)


def _written_down(world: "World", ask: Ask, now: datetime, each: Beyond) -> Consent:
    role = ask.role or Role.DUTY_CHIEF
    return Consent(
        id=ids.derive(world.site, "CNS", f"{ask.actor}\0{ask.command_id}\0{each.site}"),
        site=world.site,
        partner=each.site,
        revision=1 + max((old.revision for old in consent_policy.given_to(world, each.site)), default=0),
        terms=replace(consent_policy.DEFAULT, agreement=each.agreement),
        state=ConsentState.IN_FORCE,
        proposed_at=now,
        proposed_by=ask.actor,
        proposed_as=role,
        signed_at=now,
        signed_by=ask.actor,
        signed_as=role,
    )
