"""GeoChat in an event's detail: `__chat` and `__chatreceipt`, one person to one other, as ATAK and WinTAK write them.

A message (`b-t-f`) has its text in the remarks and an id of its own. A receipt (`b-t-f-d` it is there, `b-t-f-r` it was
read) has that id as its uid and as `messageId`; ATAK says it in `__chatreceipt`, WinTAK in `__chat`. Shapes of both as
in the samples of the public TAK schemas (takschemas, node-CoT).
"""

from dataclasses import dataclass
from html import escape
from typing import Any

CHAT = "b-t-f"
DELIVERED = "b-t-f-d"
READ = "b-t-f-r"
LENGTH = 256  # of attributes


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """Who says what to whom; the text is the event's remarks. `at` is its time as ISO-8601."""

    message_id: str
    from_uid: str
    from_name: str = ""
    to_uid: str
    to_name: str = ""
    at: str = ""


def read(element: Any) -> Chat | None:
    """What a `__chat` or `__chatreceipt` says; None where it names no message."""
    message_id = _text(element, "messageId")
    group = element.find("chatgrp")
    if not message_id:
        return None
    return Chat(
        message_id=message_id,
        from_uid="" if group is None else _text(group, "uid0"),
        from_name=_text(element, "senderCallsign"),
        to_uid=_text(element, "id"),
        to_name=_text(element, "chatroom"),
    )


def element_of(chat: Chat) -> str:
    """The text of a `__chat`."""
    said = {
        "parent": "RootContactGroup",
        "groupOwner": "false",
        "messageId": chat.message_id,
        "chatroom": chat.to_name or chat.to_uid,
        "id": chat.to_uid,
        "senderCallsign": chat.from_name,
    }
    group = {"uid0": chat.from_uid, "uid1": chat.to_uid, "id": chat.to_uid}
    return f"<__chat{_attributes(said)}><chatgrp{_attributes(group)}/></__chat>"


def remarks_of(chat: Chat, text: str) -> str:
    """The text of its remarks; `text` is escaped already."""
    said = {"source": f"BAO.F.ATAK.{chat.from_uid}", "to": chat.to_uid, "time": chat.at}
    return f"<remarks{_attributes(said)}>{text}</remarks>"


def _text(element: Any, name: str) -> str:
    value: str = element.get(name, "")
    return value[:LENGTH]


def _attributes(said: dict[str, str]) -> str:
    return "".join(f' {name}="{escape(value)}"' for name, value in said.items() if value)
