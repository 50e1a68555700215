"""People and resources for the sites of an exercise, written into their journals before the first start.

`python -m loadtests.federation_furnish SITE.toml …`: one process for all, since starting Python is most of the work.
"""

import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from adapters import journal_key
from adapters.accounts import hash_password
from adapters.cli.errand import signed
from adapters.cli.resources import JIANGXI, ORDER, errands, read_file
from adapters.clock import utc_now
from adapters.config import Config, load
from adapters.desk import Desk
from adapters.local_socket import Errands
from tests.journeys.running import PASSWORD, ROLES

SECOND = {"diaodu2": "dispatcher", "zhiban2": "duty_chief"}


async def furnish(config: Config, password_hash: str) -> None:
    """Accounts of every role of a first sortie, two more at the desk, and Jiangxi's aircraft and places."""
    config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    desk = Desk(
        url=config.database_url,
        site=config.site.id,
        key=journal_key.load_or_create(config.data),
        clock=utc_now,
        reactor=reactor,
    )
    await desk.start()
    try:
        does = Errands(desk)
        for name, role in (ROLES | SECOND).items():
            account: dict[str, Any] = {
                "name": name,
                "display_name": name,
                "roles": [role],
                "password_hash": password_hash,
                "operator_id": "OP1" if role == "operator" else "",
            }
            await does.run(signed({"do": "save_account", "account": account, "version_seen": 0}))
        for request in resources(config.site.id):
            await does.run(signed(request))
    finally:
        await desk.stop()


def resources(site: str) -> list[dict[str, Any]]:
    """What `ganying resources load-jiangxi` asks of a site."""
    asked: list[dict[str, Any]] = []
    for kind in ORDER:
        asked += errands(kind, read_file(kind, JIANGXI / f"{kind}.csv", site))
    return asked


async def furnish_all(files: list[str]) -> None:
    """One after the other."""
    hashed = hash_password(PASSWORD)
    for file in files:
        await furnish(load(Path(file)), hashed)


def main(files: list[str]) -> int:
    """Exit status 1 with the reason on stderr."""
    failed: list[Failure] = []

    def end(result: Any) -> None:
        if isinstance(result, Failure):
            failed.append(result)
        reactor.stop()

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(furnish_all(files)).addBoth(end))
    reactor.run()
    for failure in failed:
        print(failure.getTraceback(), file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
