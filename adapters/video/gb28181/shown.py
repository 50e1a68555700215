"""What an upper platform is shown in one dialog (watched.py): a stream live, here, or a recording (replayed.py)."""

import uuid
from typing import Any

from adapters.video.gb28181.sender import PsSender
from adapters.video.line import Line
from adapters.video.video import Video
from dispatch import video_above
from dispatch.commands import Ask
from dispatch.video_commands import BeginReplay, BeginViewing
from protocols.gb28181.mansrtsp import Control


class Refusal(Exception):
    """No, with what SIP says for it."""

    def __init__(self, status: int, reason: str, code: str) -> None:
        super().__init__(code)
        self.status, self.reason, self.code = status, reason, code


class Shown:
    """Begun once it is written down, started with ACK, stopped with BYE; `session` is the dialog's."""

    finished = False  # all that was asked for is with the sender

    def __init__(self, *, session: str, platform: str, stream_id: str) -> None:
        self.session, self.platform, self.stream_id = session, platform, stream_id

    async def begin(self, address: str, purpose: str) -> None:
        """Into the journal. Raises GanyingError, Refusal: then nothing is sent."""
        raise NotImplementedError

    def start(self, queue: PsSender) -> None:
        """Send."""
        raise NotImplementedError

    def stop(self) -> None:
        """Send no more."""
        raise NotImplementedError

    def left(self, sent: int, left_out: int) -> None:
        """Write the end down."""
        raise NotImplementedError

    def look(self) -> str:
        """Each second: why it is over; empty: it goes on."""
        raise NotImplementedError

    def control(self, control: Control) -> None:  # noqa: ARG002 (of a recording)
        """The receiver's wish. Raises Refusal."""
        raise Refusal(488, "Not Acceptable Here", "LIVE_IS_LIVE")

    def asked(self, command: BeginViewing | BeginReplay) -> Ask:
        """In the platform's name, by the site's word."""
        actor = f"gb28181:{self.platform}"
        return Ask(actor=actor, role=None, command_id=uuid.uuid4().hex, command=command)


class LiveShown(Shown):
    """A viewer of its line."""

    queue: PsSender  # as a viewer has it

    def __init__(self, line: Line, *, session: str, platform: str, desk: Any, video: Video) -> None:
        super().__init__(session=session, platform=platform, stream_id=line.stream.id)
        self._line, self._desk, self._video = line, desk, video
        self._started = False

    async def begin(self, address: str, purpose: str) -> None:
        """Into the journal."""
        command = BeginViewing(
            stream_id=self.stream_id, address=address, purpose=purpose, platform=self.platform
        )
        await self._video.viewings.begin(self.session, self.asked, command)

    def start(self, queue: PsSender) -> None:
        """From the last key frame on."""
        self.queue, self._started = queue, True
        self._video.watch(self, self._line)

    def stop(self) -> None:
        """No viewer any more."""
        if self._started:
            self._video.unwatch(self, self._line)

    def left(self, sent: int, left_out: int) -> None:
        """Nobody comes back to it."""
        self._video.viewings.leave(self.session, self.stream_id, sent, left_out, linger=False)

    def look(self) -> str:
        """Removed, disabled, labelled, or another line."""
        line = self._video.line(self.stream_id)
        gone = line is not self._line or video_above.why_not(self._desk.world, self.stream_id)
        return "stream_gone" if gone else ""
