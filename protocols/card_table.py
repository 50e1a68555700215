"""Columns of the table of run cards (预案卡); as resources_table.py.

    tasks      recon needs=recon stay_s=1800 | water aircraft=helicopter | flood_evacuation people=20 to=base stay_s=900
    notices    省应急管理厅值班室 @1800 | 应急管理部 @1800 if=large_area:1000000
    checklist  核实火场周边人员 @120 | 通知地面队伍

A part is a kind of task with its words, or a line with its clock in seconds and when it holds; parts are separated by `|`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from dispatch.errors import Malformed
from dispatch.kinds import AircraftKind, Capability, IncidentKind, ItemSort, LiftTo, NoticeTrigger, TaskKind
from dispatch.run_card import (
    LEAST_CEILING_M,
    LEAST_RADIUS_M,
    MOST_CEILING_M,
    MOST_ITEMS,
    MOST_RADIUS_M,
    MOST_TASKS,
    MOST_TEXT,
)
from dispatch.run_card_records import CardItem, RunCard, TaskWant
from protocols.cells import Table, Word, cell, id_, may, need, number, since, text, truth, until, whole

_MOST_CHARS = 8_000  # of one cell: forty lines of a checklist
_ITEM = re.compile(
    r"(?P<text>[^@|]+?)\s*(?:@\s*(?P<within>\d+(?:\.\d+)?))?\s*(?:if=(?P<when>[a-z_]+)(?::(?P<threshold>[\d.]+))?)?"
)


def _of(kinds: Any) -> Callable[[str], tuple[Any, ...]]:
    one = Word(kinds)
    return lambda raw: tuple(one(part) for part in raw.split("+"))


_WORDS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "needs": ("needs", _of(Capability)),
    "aircraft": ("aircraft_kinds", _of(AircraftKind)),
    "visits": ("visits", whole(1, 10_000)),
    "stay_s": ("stay_s", number(0, 1e6)),
    "people": ("people", whole(0, 100_000)),
    "to": ("lift_to", Word(LiftTo)),
    "cargo_kg": ("cargo_kg", number(0, 1e6)),
    "station": ("continuous", truth),
    "needs_pad": ("needs_pad", truth),
    "pad_within_m": ("pad_within_m", number(0, 1e6)),
}  # as it is written -> the field of TaskWant and its reader


def _parts(raw: str, most: int) -> list[str]:
    if len(raw) > _MOST_CHARS:
        raise ValueError(f"longer than {_MOST_CHARS} characters")
    if any(ord(c) < 32 for c in raw):
        raise ValueError("has a control character")
    parts = [part.strip() for part in raw.split("|")]
    if len(parts) > most:
        raise ValueError(f"{len(parts)} parts, at most {most}")
    return parts


def read_tasks(raw: str) -> tuple[TaskWant, ...]:
    """Tasks as they stand in a cell. Raises ValueError."""
    return tuple(_task(part) for part in _parts(raw, MOST_TASKS))


def _task(part: str) -> TaskWant:
    kind, *words = part.split() or [""]
    values: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in _WORDS:
            raise ValueError(f"{word[:40]!r} is none of {', '.join(f'{known}=' for known in _WORDS)}")
        field, read = _WORDS[name]
        if field in values:
            raise ValueError(f"{name} is said twice")
        values[field] = read(value)
    return TaskWant(kind=Word(TaskKind)(kind), **values)


def write_tasks(tasks: tuple[TaskWant, ...]) -> str:
    """The cell that reads back to them."""
    return " | ".join(_written(want) for want in tasks)


def _written(want: TaskWant) -> str:
    plain = TaskWant(kind=want.kind)
    said = [str(want.kind)]
    for name, (field, _) in _WORDS.items():
        value = getattr(want, field)
        if value != getattr(plain, field):
            said.append(f"{name}={'+'.join(value) if isinstance(value, tuple) else cell(value)}")
    return " ".join(said)


def _items(sort: ItemSort) -> Callable[[str], tuple[CardItem, ...]]:
    def read(raw: str) -> tuple[CardItem, ...]:
        return tuple(_item(sort, part) for part in _parts(raw, MOST_ITEMS))

    return read


def _item(sort: ItemSort, part: str) -> CardItem:
    found = _ITEM.fullmatch(part)
    if found is None:
        raise ValueError(f"{part[:40]!r} is not text [@seconds] [if=when[:figure]]")
    if len(found["text"]) > MOST_TEXT:
        raise ValueError(f"{part[:40]!r} is longer than {MOST_TEXT} characters")
    return CardItem(
        sort=sort,
        text=found["text"],
        within_s=None if found["within"] is None else number(0, 1e7)(found["within"]),
        trigger=Word(NoticeTrigger)(found["when"] or "always"),
        threshold=number(0, 1e12)(found["threshold"] or "0"),
    )


def _write_items(items: tuple[CardItem, ...], sort: ItemSort) -> str:
    return " | ".join(_line(item) for item in items if item.sort is sort)


def _line(item: CardItem) -> str:
    said = item.text
    if item.within_s is not None:
        said += f" @{cell(item.within_s)}"
    if item.trigger is not NoticeTrigger.ALWAYS:
        figure = f":{cell(item.threshold)}" if item.threshold else ""
        said += f" if={item.trigger}{figure}"
    return said


def _area(raw: str) -> str:
    if not re.fullmatch(r"(?:[0-9]{2}){1,3}", raw):
        raise ValueError(f"{raw[:20]!r} is not 2, 4 or 6 digits")
    return raw


_COLUMNS = (
    need("id", id_, "stable id"),
    need("name", text, "name on the desk and on paper"),
    need("kind", Word(IncidentKind), "kind of incident"),
    may("level", whole(0, 4), 0, "1 (Ⅰ) to 4 (Ⅳ); empty or 0: every level"),
    may("area", _area, "", "GB/T 2260: 36 province, 3604 prefecture, 360423 county; empty: everywhere"),
    need(
        "tasks",
        read_tasks,
        "kind word=value … | kind …; words: " + ", ".join(_WORDS) + "; several values with +",
    ),
    may("notices", _items(ItemSort.NOTICE), (), "who is told @seconds if=when:figure | …"),
    may("checklist", _items(ItemSort.CHECK), (), "what is done @seconds if=when:figure | …"),
    need("radius_m", number(LEAST_RADIUS_M, MOST_RADIUS_M), "airspace asked for, metres round the scene"),
    need("ceiling_m", number(LEAST_CEILING_M, MOST_CEILING_M), "its top, metres above the ground there"),
    need("valid_from", since, "day or ISO 8601"),
    may("valid_until", until, None, "day, through to its end, or ISO 8601; empty: until replaced"),
    need("source", text, "where the row comes from; a proposal says so"),
)


def _build(values: dict[str, Any]) -> dict[str, Any]:
    fields = dict(values)
    fields["items"] = (*fields.pop("notices"), *fields.pop("checklist"))
    if fields["valid_until"] is not None and fields["valid_until"] <= fields["valid_from"]:
        raise Malformed("valid_until", "is not after valid_from")
    return fields


def _cells(record: Any) -> dict[str, str]:
    card: RunCard = record
    plain = {name: cell(getattr(card, name)) for name in card.__slots__ if name not in ("tasks", "items")}
    return plain | {
        "level": cell(card.level or None),
        "tasks": write_tasks(card.tasks),
        "notices": _write_items(card.items, ItemSort.NOTICE),
        "checklist": _write_items(card.items, ItemSort.CHECK),
    }


CARDS: Mapping[str, Table] = {
    "run_cards": Table(record=RunCard, columns=_COLUMNS, build=_build, cells=_cells),
}
