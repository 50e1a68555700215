"""An item of a handover in Chinese words: its state and what stands beside it."""

from typing import Any

from dispatch.duty_records import HandoverItem
from dispatch.handover_items import CARD_LINE, MISSED
from dispatch.kinds import (
    AirspaceState,
    ClosureKind,
    HandoverItemKind,
    IncidentState,
    TaskingState,
    TimerKind,
)
from dispatch.papers import words

_CODES: dict[HandoverItemKind, tuple[Any, dict[Any, str]]] = {
    HandoverItemKind.ALARM: (IncidentState, words.INCIDENT_STATE),
    HandoverItemKind.INCIDENT: (IncidentState, words.INCIDENT_STATE),
    HandoverItemKind.TASKING: (TaskingState, words.TASKING_STATE),
    HandoverItemKind.ESCALATION: (TimerKind, words.TIMER),
    HandoverItemKind.AIRSPACE: (AirspaceState, words.AIRSPACE_STATE),
    HandoverItemKind.UNFIT: (str, words.UNFIT),
    HandoverItemKind.EXPIRING: (str, words.RUNS_OUT),
    HandoverItemKind.LINK: (str, words.LINE_STATE),
}

_PLAIN = {
    "active": "生效中",
    "coming": "将生效",
    "for_next": "交下一班",
    CARD_LINE: "预案事项超时",
    MISSED: "到班未交接",
}


def said(item: HandoverItem) -> str:
    """State and detail of an item in words; what this version does not know stays as it is."""
    if item.kind in _CODES:
        kind, table = _CODES[item.kind]
        try:
            state = table.get(kind(item.state), item.state)
        except ValueError:
            state = _PLAIN.get(item.state, item.state)
    else:
        state = _PLAIN.get(item.state, item.state)
    return f"{state} {_detail(item)}".strip() or "—"


def _detail(item: HandoverItem) -> str:
    match item.kind:
        case HandoverItemKind.ALARM | HandoverItemKind.INCIDENT:
            return words.LEVELS.get(int(item.detail), "")[:2] if item.detail.isdigit() else item.detail
        case HandoverItemKind.TASKING:
            timers = {str(kind): word for kind, word in words.TIMER.items()}
            return f"待{timers[item.detail]}" if item.detail in timers else item.detail
        case HandoverItemKind.CLOSURE:
            closures = {str(kind): words.CLOSURE_KIND[kind] for kind in ClosureKind}
            return closures.get(item.detail, item.detail)
        case HandoverItemKind.AIRSPACE:
            kinds = {str(kind): word for kind, word in words.AIRSPACE_KIND.items()}
            return kinds.get(item.detail, item.detail)
        case _:
            return item.detail
