"""How facts about accounts, sessions and sign-ins change the world."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from immutables import Map

from dispatch import account_facts
from dispatch.facts import Recorded
from dispatch.world import World, put


def _account_saved(world: World, recorded: Recorded, fact: account_facts.AccountSaved) -> World:
    account, before = fact.account, world.accounts.get(fact.account.name)
    same = before is not None and before.password_hash == account.password_hash
    set_at = before.password_set_at if same and before is not None else recorded.at
    world = put(world, "accounts", account.name, replace(account, password_set_at=set_at))
    if same or account.must_change:
        return world
    kept = world.sessions.mutate()
    for digest, session in world.sessions.items():  # the new password is what they were held up for
        if session.account == account.name and session.must_change:
            kept[digest] = replace(session, must_change=False)
    return replace(world, sessions=kept.finish())


def _session_opened(world: World, _: Recorded, fact: account_facts.SessionOpened) -> World:
    kept = world.sessions.mutate()
    if world.at is not None:  # signing in sweeps what has run out, so that the map stays small
        for digest, session in world.sessions.items():
            if session.expires_at <= world.at:
                del kept[digest]
    kept[fact.session.token_digest] = fact.session
    return replace(world, sessions=kept.finish())


def _session_closed(world: World, _: Recorded, fact: account_facts.SessionClosed) -> World:
    if fact.token_digest not in world.sessions:
        return world
    return replace(world, sessions=world.sessions.delete(fact.token_digest))


def _sessions_ended(world: World, _: Recorded, fact: account_facts.SessionsEnded) -> World:
    kept = world.sessions.mutate()
    for digest in fact.token_digests:
        if digest in kept:
            del kept[digest]
    return replace(world, sessions=kept.finish())


def _with_session(world: World, token_digest: str, **changes: Any) -> World:
    session = world.sessions.get(token_digest)
    if session is None:
        return world
    return replace(world, sessions=world.sessions.set(token_digest, replace(session, **changes)))


def _session_locked(world: World, recorded: Recorded, fact: account_facts.SessionLocked) -> World:
    return _with_session(world, fact.token_digest, locked_at=recorded.at)


def _session_unlocked(world: World, _: Recorded, fact: account_facts.SessionUnlocked) -> World:
    return _with_session(world, fact.token_digest, locked_at=None)


def _sign_in_locked(world: World, recorded: Recorded, fact: account_facts.SignInLocked) -> World:
    kept = {key: each for key, each in world.sign_in_locks.items() if each.until > recorded.at}
    kept[fact.lock.account, fact.lock.address] = fact.lock
    return replace(world, sign_in_locks=Map(kept))


def _sign_in_unlocked(world: World, _: Recorded, fact: account_facts.SignInUnlocked) -> World:
    kept = {key: each for key, each in world.sign_in_locks.items() if each.account != fact.account}
    return replace(world, sign_in_locks=Map(kept))


FOLDS: dict[type, Callable[[World, Recorded, Any], World]] = {
    account_facts.AccountSaved: _account_saved,
    account_facts.SessionOpened: _session_opened,
    account_facts.SessionClosed: _session_closed,
    account_facts.SessionsEnded: _sessions_ended,
    account_facts.SessionLocked: _session_locked,
    account_facts.SessionUnlocked: _session_unlocked,
    account_facts.SignInLocked: _sign_in_locked,
    account_facts.SignInUnlocked: _sign_in_unlocked,
}
