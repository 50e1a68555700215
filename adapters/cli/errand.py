"""How a command of the command line reaches the one writer: through the running server, or by opening the journal.

The server's local socket is tried first. Where no server runs, the journal is opened here, the errand done, and
closed again; the journal itself keeps two writers from being open at once.
"""

import getpass
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from adapters.config import Config
from adapters.local_socket import Errands, Request, call
from dispatch.errors import NotStored

T = TypeVar("T")
Do = Callable[[Request], Awaitable[Request]]
Script = Callable[[Do], Coroutine[Any, Any, T]]


def signed(request: Request) -> Request:
    """The request with who asks and a key of its own."""
    return {**request, "actor": f"cli:{getpass.getuser()}", "key": uuid.uuid4().hex}


def perform(config: Config, script: Script[T]) -> T:
    """Run `script(do)`, where `await do(request)` is the desk's answer. Raises what it raises; what was done stands."""
    if call(config.data, {"do": "ping"}) is None:
        return _alone(config, script)

    async def do(request: Request) -> Request:
        answer = call(config.data, signed(request))
        if answer is None:
            raise NotStored("the server stopped meanwhile")
        return answer

    made: list[T | Failure] = []
    Deferred.fromCoroutine(script(do)).addBoth(made.append)
    return _value(made[0])


def _alone(config: Config, script: Script[T]) -> T:
    """With a desk of our own, for as long as it takes."""
    from twisted.internet import reactor

    from adapters import journal_key
    from adapters.clock import utc_now
    from adapters.desk import Desk

    config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    desk = Desk(
        url=config.database_url,
        site=config.site.id,
        key=journal_key.load_or_create(config.data),
        clock=utc_now,
        partners=frozenset(each.site for each in config.partner),
        reactor=reactor,
    )
    errands = Errands(desk)
    made: list[T | Failure] = []

    async def work() -> T:
        await desk.start()
        try:
            return await script(lambda request: errands.run(signed(request)))
        finally:
            await desk.stop()

    def end(result: T | Failure) -> None:
        made.append(result)
        reactor.stop()

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(work()).addBoth(end))
    reactor.run()
    return _value(made[0])


def _value(made: T | Failure) -> T:
    if isinstance(made, Failure):
        made.raiseException()
    return made
