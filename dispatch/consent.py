"""Consent per link: what leaves to which partner, written by one person and signed by another.

The duty chief answers for what is shared and proposes it; an administrator of security or of the system, another
person, signs. Signing replaces what was in force. The duty chief or the security administrator revokes at once: that
takes one. The site itself lets a consent expire, tells what the rules of sharing.py say, and purges copies.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from dispatch import access, consent_onward, consent_policy, ids
from dispatch.commands import Ask
from dispatch.consent_commands import (
    ConsentCommand,
    ExpireConsent,
    LabelRecord,
    NoteSent,
    OfferResources,
    ProposeConsent,
    PurgeCopies,
    RevokeConsent,
    SignConsent,
    TellAirspace,
    TellSummary,
    WithdrawConsent,
)
from dispatch.consent_facts import (
    ConsentEnded,
    ConsentProposed,
    ConsentSigned,
    IncidentSummarised,
    JointAirspaceTold,
    Purged,
    PurgeReceipted,
    RecordLabelled,
    ResourcesOffered,
    RowsSent,
)
from dispatch.consent_kinds import ConsentAction, ConsentState, LabelledTable, ObjectClass
from dispatch.consent_records import Consent, ConsentTerms, LabelledRecord, PurgeReceipt
from dispatch.errors import Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.kinds import Role
from dispatch.lifecycle import Lifecycle
from dispatch.world import World

PROPOSE = frozenset({Role.DUTY_CHIEF})
SIGN = frozenset({Role.SECADMIN, Role.SYSADMIN})
REVOKE = frozenset({Role.DUTY_CHIEF, Role.SECADMIN})
LABEL = frozenset({Role.DUTY_CHIEF, Role.SECADMIN})
SEE = frozenset({Role.DISPATCHER, Role.DUTY_CHIEF, Role.SYSADMIN, Role.SECADMIN, Role.AUDITOR})

MAX_AGREEMENT, MAX_REASON = 120, 500
WIDEST_BAND_M = 200_000.0
MOST_CORNERS = 500
FASTEST_TRACK_S, SLOWEST_TRACK_S = 1.0, 60.0
MOST_VIDEO_S = 12 * 3600.0  # granted by the consent itself; as long as a person may (video_share.py)
LONGEST = timedelta(days=5 * 366)
UNHEARD = timedelta(seconds=60)  # the owner's own word that it is over usually comes first
MOST_PURGED = 2_000  # rows of one fact

_S, _A = ConsentState, ConsentAction
LIFECYCLE = Lifecycle(
    name="consent",
    initial=_S.PROPOSED,
    table={
        (_S.PROPOSED, _A.SIGN): _S.IN_FORCE,
        (_S.PROPOSED, _A.WITHDRAW): _S.WITHDRAWN,
        (_S.PROPOSED, _A.REPLACE): _S.REPLACED,
        (_S.IN_FORCE, _A.REPLACE): _S.REPLACED,
        (_S.IN_FORCE, _A.REVOKE): _S.REVOKED,
        (_S.IN_FORCE, _A.EXPIRE): _S.EXPIRED,
    },
)


def decide(
    world: World, ask: Ask, command: ConsentCommand, now: datetime, partners: frozenset[str]
) -> tuple[Fact, ...]:
    """What becomes of a consent. Raises Malformed, Forbidden, Unknown or Refused."""
    match command:
        case ProposeConsent():
            access.require(ask, PROPOSE, "proposing what a partner may have")
            return _propose(world, ask, command, now, partners)
        case SignConsent():
            access.require(ask, SIGN, "the second signature under a consent")
            return _sign(world, ask, command, now)
        case WithdrawConsent():
            access.require(ask, PROPOSE, "withdrawing a proposal")
            return _end(world, command.consent_id, command.version_seen, _A.WITHDRAW, command.reason)
        case RevokeConsent():
            access.require(ask, REVOKE, "revoking a consent")
            ended = _end(world, command.consent_id, command.version_seen, _A.REVOKE, command.reason)
            over = world.consents[command.consent_id].partner
            why = command.reason.strip()
            return ended + consent_onward.ended(
                world, ask, now, over=over, after=None, beyond=command.beyond, reason=why
            )
        case LabelRecord():
            access.require(ask, LABEL, "labelling a record")
            return _label(world, ask, command, now)
        case _:
            access.require_site(ask, "telling partners and purging their copies")
            return _by_rule(world, ask, command, now)


def _propose(
    world: World, ask: Ask, command: ProposeConsent, now: datetime, partners: frozenset[str]
) -> tuple[Fact, ...]:
    if command.partner not in partners:
        raise Unknown("partner", f"no partner site {command.partner!r}")
    terms = checked(command.terms, now)
    present = consent_policy.in_force(world, command.partner)
    if present is not None and present.terms == terms:
        raise Refused("NOTHING_CHANGED", "these terms are in force", field="terms")
    given = list(consent_policy.given_to(world, command.partner))
    consent = Consent(
        id=ids.derive(world.site, "CNS", f"{ask.actor}\0{ask.command_id}"),
        site=world.site,
        partner=command.partner,
        revision=1 + max((each.revision for each in given), default=0),
        terms=terms,
        state=_S.PROPOSED,
        proposed_at=now,
        proposed_by=ask.actor,
        proposed_as=ask.role or Role.DUTY_CHIEF,
    )
    return (ConsentProposed(consent=consent),)


def checked(terms: ConsentTerms, now: datetime) -> ConsentTerms:
    """Terms that can hold. Raises Malformed or Refused naming a field."""
    if not terms.agreement.strip():
        raise Malformed("terms.agreement", "is empty")
    if len(terms.agreement) > MAX_AGREEMENT:
        raise Malformed("terms.agreement", f"{len(terms.agreement)} characters, at most {MAX_AGREEMENT}")
    named = [each.object_class for each in terms.classes]
    if not named:
        raise Refused("CLASSES", "no class of object is named", field="terms.classes")
    if len(set(named)) != len(named):
        raise Refused("CLASSES", "a class of object is named twice", field="terms.classes")
    if not 0.0 <= terms.band_m <= WIDEST_BAND_M:
        raise Refused("BAND", f"{terms.band_m} is not within 0 to {WIDEST_BAND_M:.0f}", field="terms.band_m")
    if terms.area and not 3 <= len(terms.area) <= MOST_CORNERS:
        raise Refused("AREA", f"{len(terms.area)} corners, 3 to {MOST_CORNERS}", field="terms.area")
    if not FASTEST_TRACK_S <= terms.track_every_s <= SLOWEST_TRACK_S:
        raise Refused(
            "TRACK_EVERY",
            f"{terms.track_every_s} is not within {FASTEST_TRACK_S:.0f} to {SLOWEST_TRACK_S:.0f}",
            field="terms.track_every_s",
        )
    if not 0.0 <= terms.video_for_s <= MOST_VIDEO_S:
        raise Refused(
            "VIDEO_FOR",
            f"{terms.video_for_s} is not within 0 to {MOST_VIDEO_S:.0f}",
            field="terms.video_for_s",
        )
    _check_times(terms, now)
    classes = tuple(
        replace(each, withheld=tuple(dict.fromkeys(each.withheld)))
        for each in sorted(terms.classes, key=lambda each: list(ObjectClass).index(each.object_class))
    )
    return replace(terms, agreement=terms.agreement.strip(), classes=classes)


def _check_times(terms: ConsentTerms, now: datetime) -> None:
    if terms.valid_until is None:
        return
    if terms.valid_until <= terms.valid_from:
        raise Refused("TIMES", "is not after valid_from", field="terms.valid_until")
    if terms.valid_until <= now:
        raise Refused("EXPIRED", "is over already", field="terms.valid_until")
    if terms.valid_until - terms.valid_from > LONGEST:
        raise Refused("TIMES", "is more than five years after valid_from", field="terms.valid_until")


def _own(world: World, consent_id: str) -> Consent:
    found = world.consents.get(consent_id)
    if found is None or found.site != world.site:
        raise Unknown("consent_id", f"no consent of ours {consent_id}")
    return found


def _sign(world: World, ask: Ask, command: SignConsent, now: datetime) -> tuple[Fact, ...]:
    present = _own(world, command.consent_id)
    access.check_version(command.version_seen, present.version, f"consent {present.id}")
    state = LIFECYCLE.advance(present.state, _A.SIGN)
    if present.proposed_by == ask.actor:
        raise Refused("SAME_PERSON", "whoever proposed it does not sign it too", field="consent_id")
    checked(present.terms, now)  # it may have lain until its time was over
    signed = replace(
        present,
        state=state,
        signed_at=now,
        signed_by=ask.actor,
        signed_as=ask.role,
        version=present.version + 1,
        history=(),
    )
    onward = consent_onward.ended(
        world, ask, now, over=signed.partner, after=signed.terms, beyond=command.beyond, reason=""
    )
    return (ConsentSigned(consent=signed), *onward)


def _end(
    world: World, consent_id: str, version_seen: int, action: ConsentAction, reason: str
) -> tuple[Fact, ...]:
    present = _own(world, consent_id)
    access.check_version(version_seen, present.version, f"consent {present.id}")
    LIFECYCLE.advance(present.state, action)
    if not reason.strip():
        raise Malformed("reason", "needs a reason")
    if len(reason) > MAX_REASON:
        raise Malformed("reason", f"{len(reason)} characters, at most {MAX_REASON}")
    return (
        ConsentEnded(
            consent_id=present.id,
            partner=present.partner,
            version=present.version + 1,
            action=action,
            reason=reason.strip(),
        ),
    )


def _label(world: World, ask: Ask, command: LabelRecord, now: datetime) -> tuple[Fact, ...]:
    if command.record_id not in getattr(world, str(command.table)):
        raise Unknown("record_id", f"no such record in {command.table}")
    if not command.reason.strip():
        raise Malformed("reason", "needs a reason")
    if len(command.reason) > MAX_REASON:
        raise Malformed("reason", f"{len(command.reason)} characters, at most {MAX_REASON}")
    present = world.labels.get((str(command.table), command.record_id))
    if (present.label if present else None) is command.label:
        raise Refused("NOTHING_CHANGED", "the label is as it was", field="label")
    return (
        RecordLabelled(
            labelled=LabelledRecord(
                table=command.table,
                record_id=command.record_id,
                label=command.label,
                reason=command.reason.strip(),
                at=now,
                by=ask.actor,
                version=1 if present is None else present.version + 1,
            )
        ),
    )


def check_share(world: World, incident_id: str, partner: str, now: datetime) -> None:
    """Raises Refused unless a person may show this incident to this partner: NO_CONSENT or LABELLED."""
    if consent_policy.labelled(world, LabelledTable.INCIDENTS, incident_id):
        raise Refused("LABELLED", "the incident is labelled: it never leaves", field="incident_id")
    terms = consent_policy.terms_towards(world, partner, now)
    if terms is None or consent_policy.withheld(terms, ObjectClass.INCIDENTS) is None:
        raise Refused("NO_CONSENT", f"no consent lets incidents leave to {partner} now", field="partner")


# By the site's own rules (sharing.py says when)


def _by_rule(world: World, ask: Ask, command: ConsentCommand, now: datetime) -> tuple[Fact, ...]:
    match command:
        case ExpireConsent():
            return _expire(world, ask, command, now)
        case PurgeCopies():
            return _purge(world, ask, command, now)
        case NoteSent():
            return (RowsSent(partner=command.partner, rows=command.rows, tracks=command.tracks),)
        case TellSummary():
            consent = _standing(world, command.partner, ObjectClass.INCIDENTS, now)
            return (
                IncidentSummarised(partner=command.partner, consent_id=consent.id, summary=command.summary),
            )
        case OfferResources():
            consent = _standing(world, command.partner, ObjectClass.RESOURCES, now)
            return (ResourcesOffered(partner=command.partner, consent_id=consent.id, offer=command.offer),)
        case TellAirspace():
            consent = _standing(world, command.partner, ObjectClass.VOLUMES, now)
            return (
                JointAirspaceTold(
                    partner=command.partner,
                    consent_id=consent.id,
                    airspace=command.airspace,
                    ended=command.ended,
                ),
            )
    raise Refused("NOT_NOW", "that is no rule of the site", field="command")


def _standing(world: World, partner: str, object_class: ObjectClass, now: datetime) -> Consent:
    consent = consent_policy.in_force(world, partner)
    if (
        consent is None
        or not consent_policy.holds(consent.terms, now)
        or consent_policy.withheld(consent.terms, object_class) is None
    ):
        raise Refused("NO_CONSENT", f"no consent lets {object_class} leave to {partner}", field="partner")
    return consent


def _expire(world: World, ask: Ask, command: ExpireConsent, now: datetime) -> tuple[Fact, ...]:
    present = _own(world, command.consent_id)
    LIFECYCLE.advance(present.state, _A.EXPIRE)
    if present.terms.valid_until is None or now < present.terms.valid_until:
        raise Refused("NOT_NOW", "its time is not over", field="consent_id")
    ended = ConsentEnded(
        consent_id=present.id,
        partner=present.partner,
        version=present.version + 1,
        action=_A.EXPIRE,
        reason="",
    )
    # the last moment of its time: now its terms let nothing pass any more, and nothing would seem to end
    was = present.terms.valid_until - timedelta(microseconds=1)
    onward = consent_onward.ended(
        world, ask, was, over=present.partner, after=None, beyond=command.beyond, reason=""
    )
    return (ended, *onward)


def ran_out(world: World, consent: Consent, now: datetime) -> bool:
    """Whether a partner's consent is over without its word, so that we purge by ourselves."""
    until = consent.terms.valid_until
    theirs = consent.site != world.site and consent.state is _S.IN_FORCE
    return theirs and until is not None and until + UNHEARD <= now


def _purge(world: World, ask: Ask, command: PurgeCopies, now: datetime) -> tuple[Fact, ...]:
    consent = world.consents.get(command.consent_id)
    owed = command.consent_id in world.consent_book.owed
    if consent is None or consent.site == world.site:
        raise Unknown("consent_id", "no consent of a partner")
    if not owed and not ran_out(world, consent, now):
        raise Refused("NOT_NOW", "its copies are not to be purged", field="consent_id")
    if len(command.rows) > MOST_PURGED:
        raise Malformed("rows", f"{len(command.rows)} rows, at most {MOST_PURGED}")
    made: list[Fact] = []
    if command.rows or not owed:
        made.append(Purged(origin=consent.site, consent_id=consent.id, rows=command.rows))
    if command.last:
        receipt = PurgeReceipt(
            id=ids.derive(world.site, "PRG", f"{consent.id}\0{ask.command_id}"),
            site=world.site,
            partner=consent.site,
            consent_id=consent.id,
            at=now,
            counts=command.counts,
            rows=command.total,
            digest=command.digest,
            through=command.through,
        )
        made.append(PurgeReceipted(receipt=receipt))
    return tuple(made)
