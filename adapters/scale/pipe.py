"""The reading end of a pipe, in big pieces: a busy reactor comes by seldom, and Twisted's own takes 8 KB a turn."""

import contextlib
import fcntl
import os
import select
from collections.abc import Callable
from typing import Any

from twisted.internet.abstract import FileDescriptor
from twisted.internet.main import CONNECTION_DONE

READ_BYTES = 1 << 18  # taken at once; the pipe holds as many


class PipeReader(FileDescriptor):
    """Nothing is read before `startReading`."""

    def __init__(self, descriptor: int, received: Callable[[bytes], None], reactor: Any) -> None:
        super().__init__(reactor)
        os.set_blocking(descriptor, False)
        with contextlib.suppress(
            OSError, AttributeError
        ):  # Linux only, and the user may have used up his share
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, READ_BYTES)
        self._descriptor = descriptor
        self._received = received
        self.connected = 1

    def fileno(self) -> int:
        """For the reactor."""
        return self._descriptor

    def doRead(self) -> Any:  # noqa: N802  # Twisted's name
        """One piece; at the end of the pipe, what Twisted wants for a closed connection."""
        try:
            data = os.read(self._descriptor, READ_BYTES)
        except BlockingIOError:
            return None
        except OSError:
            data = b""
        if not data:
            return CONNECTION_DONE
        self._received(data)
        return None

    def finish(self) -> None:
        """All that is left, and the end."""
        while self._descriptor >= 0 and self.doRead() is None and self._left():
            pass
        self.connectionLost(None)

    def connectionLost(self, reason: Any) -> None:  # noqa: N802  # Twisted's name
        """Closed."""
        super().connectionLost(reason)  # type: ignore[no-untyped-call]  # twisted
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _left(self) -> bool:
        return bool(select.select([self._descriptor], [], [], 0)[0])
