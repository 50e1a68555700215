"""The judge of an exercise: what every site's HTTP door shows, laid beside what the script was told it had changed.

Pure: lists of records in, a verdict out. Three questions. Is every change that a door said yes to in its owner's record,
and in each copy, once and in the owner's order? Does a partner show exactly the records that were shared with it, each
once? Are owner and copies, field by field, the same (a digest for each object class)?

Left out of the comparison, and why:
- who did it: names of persons do not travel, the site stands in their place;
- `shared_with` and the history's `share` steps: with whom else it was shared is the owner's business;
- an incident's run card and its steps, alarms of the public and what may be the same incident: they stay at home;
- a tasking's timers, and what its crew's page has shown: they are about the site's own clock and screens;
- an airspace request's questions, telephone notes, clocks and their steps: between the owner and its ATC.
Ages are no part of these records.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Record = Mapping[str, Any]
CLASSES = {"incidents": "incidents", "taskings": "taskings", "airspace": "airspace"}  # class: its door

_LOCAL: dict[str, frozenset[str]] = {
    "incidents": frozenset({"shared_with", "run_card", "sources", "possible_duplicates", "flags"}),
    "taskings": frozenset({"timers", "shown_version", "shown_at", "crew_ids"}),
    "airspace": frozenset({"questions", "phone", "clocks"}),
}
_LOCAL_STEPS = frozenset({"share", "apply_card", "override_card", "ask", "answer"})
_PERSONS = frozenset({"actor", "by", "reported_by", "verified_by", "approved_by", "answered_by"})
_STAMPS = frozenset({"stamp", "key"})  # how an act came from a device


@dataclass(frozen=True, slots=True)
class Change:
    """One act that the owner's door said yes to. `step` is what its history then ended with."""

    site: str
    cls: str
    record_id: str
    step: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What one site's doors show: its records and its copies, by object class, in the order they were listed."""

    site: str
    records: Mapping[str, Sequence[Record]]


@dataclass(slots=True)
class Verdict:
    """Figures of the last line, and up to some sentences about what is wrong."""

    changes: int = 0
    copies: int = 0  # records of others, over all sites
    carried: int = 0  # changes times the partners that were to see them
    lost: int = 0
    duplicated: int = 0
    disordered: int = 0
    unshared: int = 0  # shown without having been shared
    digests: dict[str, dict[str, str]] = field(default_factory=dict)  # class: "owner>viewer": digest
    unequal: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def digests_equal(self) -> bool:
        """Of every class, at every site."""
        return not self.unequal

    @property
    def passed(self) -> bool:
        """Nothing short."""
        return not (self.lost or self.duplicated or self.disordered or self.unshared or self.unequal)


def step_of(step: Record) -> str:
    """A step of a history as both sides show it."""
    return f"{step['at']} {step['action']} {step['state']} {step.get('reason', '')}"


def steps(record: Record) -> list[str]:
    """A record's history without what stays at home."""
    return [step_of(each) for each in record.get("history", ()) if each["action"] not in _LOCAL_STEPS]


def canonical(cls: str, record: Record) -> str:
    """The record as text, the same at its owner and abroad."""
    kept = {key: value for key, value in record.items() if key not in _LOCAL[cls]}
    return json.dumps(_nameless(kept, str(record["site"])), sort_keys=True, ensure_ascii=False)


def _nameless(value: Any, site: str) -> Any:
    if isinstance(value, Mapping):
        return {
            key: (
                site
                if each and key in _PERSONS
                else _steps(each, site)
                if key == "history"
                else _nameless(each, site)
            )
            for key, each in value.items()
            if key not in _STAMPS
        }
    if isinstance(value, list | tuple):
        return [_nameless(each, site) for each in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)  # a whole number typed in comes back from the wire as 3.0: the same figure
    return value


def _steps(history: Iterable[Record], site: str) -> list[Any]:
    return [_nameless(each, site) for each in history if each["action"] not in _LOCAL_STEPS]


def digest(texts: Iterable[str]) -> str:
    """SHA-256 over the texts, whatever order they came in; twice the same text is another digest."""
    made = hashlib.sha256()
    for text in sorted(texts):
        made.update(text.encode() + b"\n")
    return made.hexdigest()[:16]


def judge(seen: Sequence[Seen], changes: Sequence[Change]) -> Verdict:
    """Everything of above."""
    verdict = Verdict(changes=len(changes))
    homes = {each.site: each for each in seen}
    asked: dict[str, list[str]] = {}
    for change in changes:
        asked.setdefault(change.record_id, []).append(change.step)
    audience = {
        str(incident["id"]): frozenset(incident["shared_with"])
        for home in seen
        for incident in home.records["incidents"]
        if incident["site"] == home.site
    }
    for owner in seen:
        for cls in CLASSES:
            own = [each for each in owner.records[cls] if each["site"] == owner.site]
            _at_home(verdict, owner.site, cls, own, asked, changes)
            for viewer in seen:
                if viewer is not owner:
                    shown = [each for each in viewer.records[cls] if each["site"] == owner.site]
                    meant = [
                        each
                        for each in own
                        if viewer.site in audience.get(str(each.get("incident_id", each["id"])), ())
                    ]
                    _abroad(verdict, f"{owner.site}>{viewer.site}", cls, meant, shown, asked)
    for change in changes:
        if change.site not in homes:
            verdict.lost += 1
    return verdict


def _at_home(
    verdict: Verdict,
    site: str,
    cls: str,
    own: Sequence[Record],
    asked: Mapping[str, Sequence[str]],
    changes: Sequence[Change],
) -> None:
    """What the door said yes to is in the owner's record."""
    by_id = _once(verdict, f"{site} {cls}", own)
    wanted = {each.record_id for each in changes if each.site == site and each.cls == cls}
    for record_id in sorted(wanted):
        record = by_id.get(record_id)
        have = [] if record is None else [step_of(each) for each in record["history"]]
        _compare(verdict, f"{site} {record_id}", asked[record_id], have, only_asked=True)


def _abroad(
    verdict: Verdict,
    pair: str,
    cls: str,
    meant: Sequence[Record],
    shown: Sequence[Record],
    asked: Mapping[str, Sequence[str]],
) -> None:
    """The partner shows what it was meant to, as the owner has it."""
    verdict.copies += len(shown)
    copies = _once(verdict, f"{pair} {cls}", shown)
    for record in meant:
        record_id = str(record["id"])
        copy = copies.get(record_id)
        verdict.carried += len(asked.get(record_id, ()))
        _compare(
            verdict,
            f"{pair} {record_id}",
            steps(record),
            [] if copy is None else steps(copy),
            only_asked=False,
        )
        if copy is None and not steps(record):
            verdict.lost += 1
            verdict.wrong.append(f"{pair} {record_id}: not there")
    meant_ids = {str(each["id"]) for each in meant}
    for record_id in copies.keys() - meant_ids:
        verdict.unshared += 1
        verdict.wrong.append(f"{pair} {record_id}: was not shared")
    home, abroad = (digest(canonical(cls, each) for each in those) for those in (meant, shown))
    verdict.digests.setdefault(cls, {})[pair] = abroad
    if home != abroad:
        verdict.unequal.append(f"{pair} {cls}")
        verdict.wrong.extend(_differences(pair, cls, meant, copies))


def _once(verdict: Verdict, where: str, records: Sequence[Record]) -> dict[str, Record]:
    found: dict[str, Record] = {}
    for record in records:
        if str(record["id"]) in found:
            verdict.duplicated += 1
            verdict.wrong.append(f"{where} {record['id']}: listed twice")
        found[str(record["id"])] = record
    return found


def _compare(
    verdict: Verdict, where: str, wanted: Sequence[str], have: Sequence[str], *, only_asked: bool
) -> None:
    """Each step once, in the order wanted. `only_asked`: other steps may stand between (the site's own clocks)."""
    expected, found = Counter(wanted), Counter(have)
    missing = sum((expected - found).values())
    extra = sum(
        max(0, count - expected[step]) for step, count in found.items() if step in expected or not only_asked
    )
    if missing:
        verdict.lost += missing
        verdict.wrong.append(f"{where}: {missing} steps missing of {len(wanted)}")
    if extra:
        verdict.duplicated += extra
        verdict.wrong.append(f"{where}: {extra} steps too many")
    if not missing and not extra and [each for each in have if each in expected] != list(wanted):
        verdict.disordered += 1
        verdict.wrong.append(f"{where}: another order")


def _differences(pair: str, cls: str, meant: Sequence[Record], copies: Mapping[str, Record]) -> list[str]:
    for record in meant:
        copy = copies.get(str(record["id"]))
        if copy is None:
            continue
        one, other = (json.loads(canonical(cls, each)) for each in (record, copy))
        fields = sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))
        if fields:
            return [
                f"{pair} {record['id']}: {key} is {str(one.get(key))[:160]} at home, {str(other.get(key))[:160]} abroad"
                for key in fields[:3]
            ]
    return []
