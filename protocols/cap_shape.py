"""CAP 1.2 as the description of the door shows it: the elements that the standard requires and the codes it allows.

OpenAPI describes XML by names and namespaces. It is narrower than what is read (more elements, blocks in any number).
"""

from typing import Any

from protocols.cap import CATEGORY, CERTAINTY, LEVELS, SCOPE, STATUS, URGENCY
from protocols.cap_xml import NAMESPACE

_NAME = {"type": "string", "pattern": "^[^\\s,<&\\u0000-\\u001f\\u007f-\\u009f\\ufffe\\uffff]{1,200}$"}
_TEXT = {"type": "string", "pattern": "[^\\s\\u0000-\\u001f\\u007f-\\u009f\\ufffe\\uffff]"}
_TIME = {"type": "string", "format": "date-time"}


def _codes(known: Any) -> dict[str, Any]:
    return {"type": "string", "enum": sorted(known)}


def _element(required: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **more},
        "additionalProperties": False,
    }


_INFO = _element(
    {
        "category": _codes(CATEGORY),
        "event": _TEXT,
        "urgency": _codes(URGENCY),
        "severity": _codes(LEVELS),
        "certainty": _codes(CERTAINTY),
    },
    headline=_TEXT,
    description=_TEXT,
    area=_element({"areaDesc": _TEXT}),
)
_HEAD = {
    "identifier": _NAME,
    "sender": _NAME,
    "sent": _TIME,
    "status": _codes(STATUS),
    "scope": _codes(SCOPE),
}
SHAPE: dict[str, Any] = {
    **_element({**_HEAD, "msgType": _codes(("Alert", "Ack", "Error"))}, info=_INFO),
    "xml": {"name": "alert", "namespace": NAMESPACE},
}
