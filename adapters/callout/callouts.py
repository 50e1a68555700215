"""The call-outs of a site as app.py starts and the doors reach them. Without `[sms] url` there is nothing here."""

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from adapters.callout.gateway import Gateway
from adapters.callout.intake import Intake
from adapters.callout.notices import Notices
from adapters.callout.sender import Sender
from adapters.callout.settings import settings_of
from adapters.clock import Clock
from adapters.config import Config
from adapters.desk import Desk
from adapters.metrics import Metrics
from adapters.web.site import ServiceState
from dispatch.errors import Malformed
from protocols.json_callouts import GatewayEvent, GatewayOutcome

KEY_FILE, KEY_BYTES = "callouts.key", 32


class Callouts:
    """Starts and stops the parts."""

    def __init__(
        self,
        *,
        desk: Desk,
        config: Config,
        open_operators: Callable[[], frozenset[str]],
        clock: Clock,
        metrics: Metrics,
        reactor: Any,
    ) -> None:
        self.settings = settings = settings_of(config)
        if settings is None:
            return
        self._gateway = Gateway(settings, reactor)
        key = _key(config.data / KEY_FILE)
        self._notices = Notices(
            desk=desk,
            settings=settings,
            key=key,
            open_operators=open_operators,
            clock=clock,
            reactor=reactor,
        )
        self._sender = Sender(
            desk=desk,
            gateway=self._gateway,
            settings=settings,
            clock=clock,
            metrics=metrics,
            reactor=reactor,
        )
        self._intake = Intake(desk, settings, clock, metrics)

    def start(self) -> None:
        """After the desk."""
        if self.settings is not None:
            self._sender.start()
            self._notices.start()

    def look(self) -> None:
        """What both loops do each second, now."""
        if self.settings is not None:
            self._notices.look()
            self._sender.look()

    async def stop(self) -> None:
        """Before the desk."""
        if self.settings is not None:
            self._notices.stop()
            self._sender.stop()
            await self._gateway.close()

    async def take(self, event: GatewayEvent, gateway: str) -> GatewayOutcome:
        """One event of the gateway's."""
        if self.settings is None:
            return GatewayOutcome(id=event.id, result="NO_GATEWAY")
        return await self._intake.take(event, gateway)

    def services(self) -> Iterator[ServiceState]:
        """How the gateway does, as far as our requests tell."""
        if self.settings is not None:
            why = self._sender.last_why
            yield ServiceState(
                name="sms",
                kind="gateway",
                state="degraded" if why else "ok",
                detail=why,
                figures={"queued_rows": float(self._sender.queued)},
            )


def _key(path: Path) -> bytes:
    """The key that codes are made with, made on first use. Raises Malformed for a file that is not one."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_bytes()
        if len(key) != KEY_BYTES:
            raise Malformed(KEY_FILE, f"{path} does not hold {KEY_BYTES} bytes") from None
        return key
    key = secrets.token_bytes(KEY_BYTES)
    with os.fdopen(handle, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key
