"""The kinds of document, and who may read each."""

from enum import StrEnum

from dispatch.kinds import Role


class DocumentKind(StrEnum):
    """What is written; DOMAIN §2.2."""

    ALARM_RECORD = "alarm_record"  # 火情接报单
    RUN_CARD = "run_card"  # 预案执行单
    TASK_ORDER = "task_order"  # 飞行任务书
    FLIGHT_PLAN = "flight_plan"  # 飞行计划申请
    FIRE_REPORT = "fire_report"  # 扑火报告单
    FLIGHT_LOG = "flight_log"  # 飞行日志
    SETTLEMENT = "settlement"  # 费用结算
    FIELD_RECORD = "field_record"  # 下传引接记录


TITLES: dict[DocumentKind, str] = {
    DocumentKind.ALARM_RECORD: "火情接报单",
    DocumentKind.RUN_CARD: "预案执行单",
    DocumentKind.TASK_ORDER: "飞行任务书",
    DocumentKind.FLIGHT_PLAN: "飞行计划申请",
    DocumentKind.FIRE_REPORT: "扑火报告单",
    DocumentKind.FLIGHT_LOG: "飞行日志",
    DocumentKind.SETTLEMENT: "费用结算单",
    DocumentKind.FIELD_RECORD: "下传引接记录",
}

CODES: dict[DocumentKind, str] = {
    DocumentKind.ALARM_RECORD: "JB",
    DocumentKind.RUN_CARD: "YA",
    DocumentKind.TASK_ORDER: "RW",
    DocumentKind.FLIGHT_PLAN: "JH",
    DocumentKind.FIRE_REPORT: "BG",
    DocumentKind.FLIGHT_LOG: "RZ",
    DocumentKind.SETTLEMENT: "JS",
    DocumentKind.FIELD_RECORD: "XC",
}  # the last part of a document's number

OF_INCIDENT = frozenset(
    {
        DocumentKind.ALARM_RECORD,
        DocumentKind.RUN_CARD,
        DocumentKind.FIRE_REPORT,
        DocumentKind.FIELD_RECORD,
    }
)
OF_TASKING = (
    frozenset(DocumentKind) - OF_INCIDENT
)  # one for each tasking; of flight plans one for each request

_DESK = frozenset({Role.DISPATCHER, Role.DUTY_CHIEF})
_ALL = _DESK | {Role.BASE, Role.OBSERVER, Role.AUDITOR}

# Least privilege: who is not named reads none. An operator reads those of its own taskings only (`may_read`); what
# others flew and cost is in the incident's own papers, which it does not see.
READERS: dict[DocumentKind, frozenset[Role]] = {
    DocumentKind.ALARM_RECORD: _ALL,
    DocumentKind.RUN_CARD: _ALL,
    DocumentKind.TASK_ORDER: _ALL | {Role.OPERATOR},
    DocumentKind.FLIGHT_PLAN: _ALL | {Role.OPERATOR, Role.ATC},
    DocumentKind.FIRE_REPORT: _ALL,
    DocumentKind.FLIGHT_LOG: _ALL | {Role.OPERATOR},
    DocumentKind.SETTLEMENT: _DESK | {Role.BASE, Role.AUDITOR, Role.OPERATOR},
    DocumentKind.FIELD_RECORD: _DESK | {Role.AUDITOR},  # nobody else sees what was sent to whom
}


def may_read(kind: DocumentKind, role: Role, own_operator: str, operator: str) -> bool:
    """Whether `role` may read a document of `kind`; `operator` is the tasking's, empty for an incident's paper."""
    if role not in READERS[kind]:
        return False
    return role is not Role.OPERATOR or (own_operator != "" and own_operator == operator)
