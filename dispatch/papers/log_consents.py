"""Lines about consents and what was told to partners under them. Pure."""

from collections.abc import Callable
from typing import Any

from dispatch.consent_facts import (
    ConsentEnded,
    ConsentProposed,
    ConsentSigned,
    IncidentSummarised,
    JointAirspaceTold,
    PurgeReceipted,
    RecordLabelled,
)
from dispatch.consent_kinds import ConsentAction
from dispatch.facts import Recorded
from dispatch.papers.log_line import LogLine, incident_name, line, plain, why
from dispatch.world import World

_ENDED = {
    ConsentAction.WITHDRAW: ("撤回", "withdrawn"),
    ConsentAction.REVOKE: ("撤销，不再外传", "revoked: nothing leaves"),
    ConsentAction.EXPIRE: ("到期，不再外传", "expired: nothing leaves"),
}
_LABEL_ZH = {
    "military": "军事",
    "key_facility": "重点设施",
    "personal": "个人信息",
    "unreleased": "未发布",
    "restricted_imagery": "受限影像",
}


def _proposed(_: World, recorded: Recorded, fact: ConsentProposed) -> LogLine:
    it = fact.consent
    return line(
        recorded,
        f"拟定对 {it.partner} 的共享协议“{it.terms.agreement}”第 {it.revision} 版，待签",
        f"Consent “{it.terms.agreement}” for {it.partner}, revision {it.revision}, proposed",
    )


def _signed(_: World, recorded: Recorded, fact: ConsentSigned) -> LogLine:
    it = fact.consent
    return line(
        recorded,
        f"{it.site} 对 {it.partner} 的共享协议“{it.terms.agreement}”第 {it.revision} 版签署生效",
        f"Consent “{it.terms.agreement}” of {it.site} for {it.partner}, revision {it.revision}, in force",
    )


def _ended(_: World, recorded: Recorded, fact: ConsentEnded) -> LogLine:
    zh, en = _ENDED.get(fact.action, ("终止", "ended"))
    return line(
        recorded,
        why(f"{recorded.origin} 对 {fact.partner} 的共享协议{zh}", fact.reason),
        why(f"Consent of {recorded.origin} for {fact.partner} {en}", fact.reason),
    )


def _summarised(_: World, recorded: Recorded, fact: IncidentSummarised) -> LogLine:
    title = f"“{fact.summary.title}”"
    return line(
        recorded,
        f"边界事件{title}摘要通报 {fact.partner}",
        f"Summary of {title}, near the border, told to {fact.partner}",
        incident_id=fact.summary.incident_id,
    )


def _airspace(world: World, recorded: Recorded, fact: JointAirspaceTold) -> LogLine:
    title = incident_name(world, fact.airspace.incident_id)
    return line(
        recorded,
        f"{title}现场空域{'停止通报' if fact.ended else '通报'} {fact.partner}",
        f"Airspace of {title} {'no longer told' if fact.ended else 'told'} to {fact.partner}",
        incident_id=fact.airspace.incident_id,
    )


def _receipt(_: World, recorded: Recorded, fact: PurgeReceipted) -> LogLine:
    it = fact.receipt
    return line(
        recorded,
        f"{it.site} 已清除 {it.partner} 的副本 {it.rows} 条，回执 {it.digest[:16]}",
        f"{it.site} purged {it.rows} copies of {it.partner}, receipt {it.digest[:16]}",
    )


def _labelled(_: World, recorded: Recorded, fact: RecordLabelled) -> LogLine:
    it = fact.labelled
    zh = "取消不外传标签" if it.label is None else f"加“{_LABEL_ZH.get(it.label, it.label)}”标签，不外传"
    en = "may leave again" if it.label is None else f"labelled {plain(it.label)}: never leaves"
    return line(recorded, why(f"{it.record_id} {zh}", it.reason), why(f"{it.record_id} {en}", it.reason))


LINES: dict[type, Callable[[World, Recorded, Any], LogLine | None]] = {
    ConsentProposed: _proposed,
    ConsentSigned: _signed,
    ConsentEnded: _ended,
    IncidentSummarised: _summarised,
    JointAirspaceTold: _airspace,
    PurgeReceipted: _receipt,
    RecordLabelled: _labelled,
}
