"""What the desk sends to teams, over the line on which a team reports itself; receipts and answers come back the same way.

    round       what waits for a key that a line has told us of is written to it, once a connection, and noted as handed
    b-t-f-d     delivered       b-t-f-r   read       b-t-f to the desk   its answer, to what it was sent last

A client that never gives receipts is sent it again on each new connection, for half a day (uplink.TEAM_WAITS): uids are
the same, so it is there once. A word about a message counts only from the line that reports the team it was sent to. A
desk that is busy is asked again, WAITING at most; full: the oldest goes, counted.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Container
from typing import Any
from weakref import WeakKeyDictionary

import structlog

from adapters.clock import Clock
from adapters.feeds.readers.cot import CotReader
from dispatch import uplink
from dispatch.commands import Ask, Command
from dispatch.errors import GanyingError
from dispatch.uplink_commands import AnswerUplink, NoteUplink
from dispatch.uplink_fold import rank
from dispatch.uplink_kinds import UplinkAnswer, UplinkState, UplinkTo
from dispatch.uplink_records import Uplink
from dispatch.world import World
from protocols import cot_chat, cot_stream, cot_uplink
from protocols.cot_event import CotEvent
from protocols.cot_sighting import key_of

WAITING = 64
RETRY_S = 2.0
AT_ONCE = 8  # messages to one line in a round; the rest in the next

log = structlog.get_logger()


class FieldUplinks:
    """One site's. On the reactor thread."""

    def __init__(
        self,
        ask: Callable[[Ask], Any],
        *,
        world: Callable[[], World],
        clock: Clock,
        metrics: Any,
        reactor: Any,
    ) -> None:
        self._ask, self._world, self._clock, self._reactor = ask, world, clock, reactor
        self._said: WeakKeyDictionary[CotReader, set[str]] = WeakKeyDictionary()
        self._waiting: deque[tuple[str, Command]] = deque()
        self._retry: Any = None
        self._counted = metrics.counter(
            "ganying_field_uplinks",
            "Messages to teams and words about them, by what became of them",
            ("outcome",),
        )

    def stop(self) -> None:
        """Ask no more."""
        if self._retry is not None and self._retry.active():
            self._retry.cancel()

    def due(self) -> dict[str, list[Uplink]]:
        """What waits, for one round."""
        return uplink.for_teams(self._world(), self._clock())

    def tell(self, reader: CotReader, due: dict[str, list[Uplink]]) -> None:
        """Write to one line what it has not been told since it came up."""
        said = self._said.setdefault(reader, set())
        for key in [key for key in due if key in reader.heard]:
            for one in [one for one in due[key] if one.id not in said][:AT_ONCE]:
                if not self._write(reader, one):
                    return  # no room; the next round looks again
                said.add(one.id)
                self._counted.labels("written").inc()
                if one.state is UplinkState.SENT:
                    note = NoteUplink(uplink_id=one.id, state=UplinkState.HANDED)
                    self._tell_desk(f"{one.id}-handed", note)

    def _write(self, reader: CotReader, one: Uplink) -> bool:
        line, session = reader.line, reader.session
        incident = self._world().incidents.get(one.incident_id)
        if session is None or line.send is None or incident is None or not reader.up or not line.room():
            return False
        frame = cot_stream.stream_frame if session.proto else cot_stream.xml_frame
        events = cot_uplink.events_of(one, incident.position, self._clock().timestamp())
        line.send(b"".join(frame(each) for each in events))
        return True

    def heard(self, event: CotEvent, keys: Container[str]) -> None:
        """A word of a line's that has told us of `keys`: a receipt, or a chat that may be an answer."""
        chat = event.detail.receipt or event.detail.chat
        if chat is None:
            return
        from_uid = chat.from_uid or next((each.uid for each in event.detail.links if each.uid), "")
        key = key_of(from_uid) if from_uid else ""
        if key not in keys:
            self._counted.labels("not_theirs").inc()
            return
        if event.type in (cot_chat.DELIVERED, cot_chat.READ):
            self._receipt(event.type, chat.message_id, key)
        elif event.type == cot_chat.CHAT and chat.to_uid == cot_uplink.desk_uid(self._world().site):
            self._answer(chat.message_id, key, event.detail.remarks)

    def _receipt(self, code: str, uplink_id: str, key: str) -> None:
        one = self._world().uplinks.get(uplink_id)
        if one is None or one.thing_key != key:
            self._counted.labels("not_theirs").inc()
            return
        if code == cot_chat.READ:
            if one.answer is None:
                command = AnswerUplink(uplink_id=one.id, answer=UplinkAnswer.READ)
                self._tell_desk(f"{one.id}-read", command)
        elif rank(one.state) < rank(UplinkState.DELIVERED):
            self._tell_desk(f"{one.id}-there", NoteUplink(uplink_id=one.id, state=UplinkState.DELIVERED))

    def _answer(self, message_id: str, key: str, text: str) -> None:
        sent = [
            each
            for each in self._world().uplinks.values()
            if each.to is UplinkTo.TEAM and each.thing_key == key
        ]
        text = "".join(each for each in text if ord(each) >= 32 or each in "\n\t").strip()[: uplink.MAX_TEXT]
        if not sent or not text:
            self._counted.labels("no_answer").inc()
            return
        last = max(sent, key=lambda each: (each.sent_at, each.id))
        number = hashlib.sha256(f"{key}\0{message_id}".encode()).hexdigest()[:40]
        self._tell_desk(
            f"chat-{number}", AnswerUplink(uplink_id=last.id, answer=UplinkAnswer.TEXT, text=text)
        )

    def _tell_desk(self, command_id: str, command: Command) -> None:
        asked = Ask(actor="field", role=None, command_id=command_id, command=command)
        self._ask(asked).addCallbacks(self._taken, self._not_taken, errbackArgs=(command_id, command))

    def _taken(self, _: Any) -> None:
        self._counted.labels("noted").inc()

    def _not_taken(self, failure: Any, command_id: str, command: Command) -> None:
        error = failure.value
        if isinstance(error, GanyingError) and error.code in ("BUSY", "NOT_STORED"):
            if len(self._waiting) >= WAITING:
                self._waiting.popleft()
                self._counted.labels("lost_while_busy").inc()
            self._waiting.append((command_id, command))
            if self._retry is None or not self._retry.active():
                self._retry = self._reactor.callLater(RETRY_S, self._again)
            return
        self._counted.labels("refused").inc()
        if not isinstance(error, GanyingError):
            log.error("defect in noting a word of a team", traceback=failure.getTraceback())

    def _again(self) -> None:
        waiting, self._waiting = self._waiting, deque()
        for command_id, command in waiting:
            self._tell_desk(command_id, command)
