"""Lines about accounts and signing in: the security administrator's and the auditor's. Pure."""

from collections.abc import Callable
from typing import Any

from dispatch import account_facts
from dispatch.facts import Recorded
from dispatch.papers import words
from dispatch.papers.log_line import LogLine, line, plain
from dispatch.world import World

_FIELDS_ZH = {
    "password_hash": "密码",
    "totp_sealed": "第二因素",
    "roles": "角色",
    "disabled": "停用状态",
    "display_name": "姓名",
    "operator_id": "所属公司",
    "alarm_kinds": "告警种类",
    "must_change": "须改密码",
}


def _account(_: World, recorded: Recorded, fact: account_facts.AccountSaved) -> LogLine:
    name = fact.account.name
    if not fact.changed:
        roles = "、".join(words.ROLE[role] for role in fact.account.roles)
        named = ", ".join(map(str, fact.account.roles))
        return line(recorded, f"账号 {name} 建立：{roles}", f"Account {name} made: {named}", security=True)
    zh = "、".join(_FIELDS_ZH.get(each, each) for each in fact.changed)
    if "disabled" in fact.changed:
        zh = "停用" if fact.account.disabled else "启用"
    en = ", ".join(plain(each) for each in fact.changed)
    return line(recorded, f"账号 {name} 变更：{zh}", f"Account {name} changed: {en}", security=True)


def _sessions_ended(_: World, recorded: Recorded, fact: account_facts.SessionsEnded) -> LogLine:
    count = len(fact.token_digests)
    return line(
        recorded,
        f"账号 {fact.account} 的 {count} 个会话被结束：{fact.reason}",
        f"{count} sessions of {fact.account} ended: {fact.reason}",
        security=True,
    )


def _sign_in_locked(_: World, recorded: Recorded, fact: account_facts.SignInLocked) -> LogLine:
    lock = fact.lock
    return line(
        recorded,
        f"账号 {lock.account} 从 {lock.address} 连错 {lock.tries} 次，锁至 {words.clock(lock.until)}",
        f"Account {lock.account} locked from {lock.address} after {lock.tries} wrong tries",
        security=True,
    )


def _sign_in_unlocked(_: World, recorded: Recorded, fact: account_facts.SignInUnlocked) -> LogLine:
    return line(recorded, f"账号 {fact.account} 解锁", f"Account {fact.account} unlocked", security=True)


LINES: dict[type, Callable[[World, Recorded, Any], LogLine | None]] = {
    account_facts.AccountSaved: _account,
    account_facts.SessionsEnded: _sessions_ended,
    account_facts.SignInLocked: _sign_in_locked,
    account_facts.SignInUnlocked: _sign_in_unlocked,
}
