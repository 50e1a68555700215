"""Lines about reaching people: texts and calls, what was answered, phones that sign, and who a track is. Pure.

Numbers are masked, as everywhere outside the journal.
"""

from collections.abc import Callable
from typing import Any

from dispatch import callout_facts, device_facts, resource_facts
from dispatch.callout_kinds import CalloutState
from dispatch.callout_reach import known, masked
from dispatch.callout_records import Callout
from dispatch.facts import Recorded
from dispatch.papers import callout_words
from dispatch.papers.log_line import LogLine, line, plain, tasking_name, why
from dispatch.world import World


def _whom(one: Callout) -> str:
    return f"{one.recipient_name} {one.number_masked}".strip()


def _about(world: World, one: Callout) -> tuple[str, dict[str, str]]:
    return tasking_name(world, one.tasking_id) if one.tasking_id else ("", {})


def _queued(world: World, recorded: Recorded, fact: callout_facts.CalloutQueued) -> LogLine:
    one = fact.callout
    name, ties = _about(world, one)
    zh, en = callout_words.CALLOUT_CHANNEL[one.channel], plain(one.channel)
    failed = one.state is CalloutState.FAILED
    return line(
        recorded,
        why(
            f"{zh}{'未能发出' if failed else '通知'} {_whom(one)}：任务 {name} {callout_words.CALLOUT_CAUSE[one.cause]}",
            one.detail,
        ),
        why(
            f"{en} {'not sent' if failed else 'to'} {_whom(one)}: tasking {name} {plain(one.cause)}",
            one.detail,
        ),
        **ties,
    )


def _advanced(world: World, recorded: Recorded, fact: callout_facts.CalloutAdvanced) -> LogLine | None:
    """Only what failed: it is for a person to phone then."""
    one = world.callouts.get(fact.callout_id)
    if one is None or fact.state is not CalloutState.FAILED:
        return None
    _, ties = _about(world, one)
    zh, en = callout_words.CALLOUT_CHANNEL[one.channel], plain(one.channel)
    return line(
        recorded,
        why(f"{zh}未送达 {_whom(one)}，请电话联系", fact.detail),
        why(f"{en} not delivered to {_whom(one)}: phone them", fact.detail),
        **ties,
    )


def _phoned(world: World, recorded: Recorded, fact: callout_facts.CalloutPhoned) -> LogLine | None:
    one = world.callouts.get(fact.callout_id)
    if one is None:
        return None
    _, ties = _about(world, one)
    return line(recorded, f"已电话通知 {_whom(one)}", f"{_whom(one)} was phoned instead", **ties)


def _replied(world: World, recorded: Recorded, fact: callout_facts.CalloutReplied) -> LogLine | None:
    """A stranger's is none of ours."""
    reply = fact.reply
    if not reply.callout_id and not known(world, reply.phone_number):
        return None
    one = world.callouts.get(reply.callout_id)
    who = _whom(one) if one is not None else masked(reply.phone_number)
    _, ties = _about(world, one) if one is not None else ("", {})
    return line(
        recorded,
        f"短信回复 {who}：{callout_words.REPLY[reply.result]}",
        f"Reply of {who}: {plain(reply.result)}",
        **ties,
    )


def _phone(world: World, device_id: str) -> tuple[str, str]:
    """What a phone is called, and whose it is."""
    found = world.devices.get(device_id)
    if found is None:
        return device_id, ""
    account = world.accounts.get(found.account)
    return found.name or device_id, account.display_name if account is not None else found.account


def _enrolled(world: World, recorded: Recorded, fact: device_facts.DeviceEnrolled) -> LogLine | None:
    """A phone's first sign-in; the next ones are every day's."""
    found = world.devices.get(fact.device_id)
    if found is None or found.enrolled_at != recorded.at:
        return None
    name, whose = _phone(world, fact.device_id)
    return line(recorded, f"手机“{name}”登记：{whose}", f"Phone “{name}” enrolled: {whose}", security=True)


def _revoked(world: World, recorded: Recorded, fact: device_facts.DeviceRevoked) -> LogLine:
    name, whose = _phone(world, fact.device_id)
    return line(
        recorded,
        why(f"手机“{name}”（{whose}）停用", fact.reason),
        why(f"Phone “{name}” ({whose}) revoked", fact.reason),
    )


def _identity(_: World, recorded: Recorded, fact: resource_facts.IdentitySaved) -> LogLine | None:
    if recorded.role is None:
        return None
    one, ends = fact.identity, fact.identity.retired
    return line(
        recorded,
        f"身份登记“{one.name}”{'停用' if ends else '更新'}：{'、'.join(one.keys)}",
        f"Identity “{one.name}” {'retired' if ends else 'saved'}: {', '.join(one.keys)}",
        aircraft_id=one.aircraft_id,
    )


LINES: dict[type, Callable[[World, Recorded, Any], LogLine | None]] = {
    callout_facts.CalloutQueued: _queued,
    callout_facts.CalloutAdvanced: _advanced,
    callout_facts.CalloutPhoned: _phoned,
    callout_facts.CalloutReplied: _replied,
    device_facts.DeviceEnrolled: _enrolled,
    device_facts.DeviceRevoked: _revoked,
    resource_facts.IdentitySaved: _identity,
}
