"""Doors of resources as tables: their columns, their rows as text, one row changed, whole tables as CSV or Excel."""

from typing import Any

from twisted.internet.threads import deferToThread

from adapters.web.doors_resources import require_saver
from adapters.web.lists import by_id, page, shown
from adapters.web.table import Call, Door, Handler
from dispatch import access, fitness
from dispatch.errors import Forbidden, Malformed, Refused
from dispatch.kinds import Role
from dispatch.resource_commands import SaveResource
from dispatch.views import STAFF
from protocols.json_answers import Page
from protocols.json_doors import PageQuery
from protocols.json_resources import KINDS
from protocols.json_tables import (
    ColumnAnswer,
    ColumnsAnswer,
    FitnessAnswer,
    RowAnswer,
    RowSave,
    unfit_answer,
)
from protocols.resources_csv import read_cells, write_table
from protocols.resources_table import table_of
from protocols.resources_xlsx import CONTENT_TYPE, write_workbook


def _columns(kind: str) -> Handler:
    async def columns(call: Call) -> ColumnsAnswer:
        return ColumnsAnswer(
            kind=kind,
            columns=[
                ColumnAnswer(
                    name=one.name,
                    required=one.required,
                    meaning=one.meaning,
                    choices=list(one.choices),
                    several=one.several,
                )
                for one in table_of(kind).columns
            ],
            may_save=call.who.session.role in access.may_save(kind),
        )

    return columns


def _row(kind: str, record: Any) -> RowAnswer:
    names = [column.name for column in table_of(kind).columns]
    cells = table_of(kind).cells(record)
    return RowAnswer(
        id=record.id,
        site=record.site,
        version=record.version,
        cells={name: cells[name] for name in names},
    )


def _rows(kind: str) -> Handler:
    async def rows(call: Call) -> Any:
        listed = page(shown(call, kind), lambda record: by_id(record.id), call.query)
        return Page[RowAnswer](items=[_row(kind, one) for one in listed.items], next=listed.next)

    return rows


def _save(kind: str) -> Handler:
    async def save(call: Call) -> RowAnswer:
        require_saver(call, kind)
        body: RowSave = call.body
        try:
            record = read_cells(kind, body.cells, call.site.config.site.id)
        except Malformed as error:  # well formed as a body, and no such row: as BAD_TABLE of an import
            raise Refused("BAD_CELL", error.detail, field=error.field) from None
        if record.id != body.id:
            raise Refused("BAD_CELL", f"is not {body.id}", field="cells.id")
        await call.site.desk.ask(call.ask(SaveResource(resource=record, version_seen=body.version_seen)))
        return _row(kind, getattr(call.site.desk.world, kind)[body.id])

    return save


def _exporting(kind: str, write: Any) -> Handler:
    async def exporting(call: Call) -> bytes:
        own = [one for one in shown(call, kind) if one.site == call.site.config.site.id]
        own.sort(key=lambda one: one.id)
        made = await deferToThread(write, kind, own)
        return made if isinstance(made, bytes) else made.encode()

    return exporting


async def _fitness(call: Call) -> list[FitnessAnswer]:
    if call.who.session.role not in STAFF | {Role.OPERATOR}:
        raise Forbidden(f"fitness names crews: it is for {', '.join(sorted(STAFF))}, and an operator's own")
    world, now = call.site.desk.world, call.site.clock()
    return [
        FitnessAnswer(aircraft_id=one.id, unfit=[unfit_answer(why) for why in fitness.unfit(world, one, now)])
        for one in shown(call, "aircraft")
        if one.site == call.site.config.site.id
    ]


def _doors(kind: str) -> tuple[Door, ...]:
    title = "".join(part.capitalize() for part in kind.split("_"))
    return (
        Door(
            method="GET",
            path=f"/resources/{kind}/columns",
            name=f"columnsOf{title}",
            text=f"The columns of {kind}.",
            handler=_columns(kind),
            answers=ColumnsAnswer,
        ),
        Door(
            method="GET",
            path=f"/resources/{kind}/rows",
            name=f"rowsOf{title}",
            text=f"{kind} as cells of text, by id.",
            handler=_rows(kind),
            query=PageQuery,
            answers=Page[RowAnswer],
        ),
        Door(
            method="POST",
            path=f"/resources/{kind}/rows",
            name=f"saveRowOf{title}",
            text=f"Create or change one of {kind} by its cells; a cell that cannot be read is named as `cells.<column>`.",
            handler=_save(kind),
            takes=RowSave,
            answers=RowAnswer,
        ),
        Door(
            method="GET",
            path=f"/resources/{kind}/export",
            name=f"export{title}",
            text=f"{kind} of this site as CSV, which the import reads.",
            handler=_exporting(kind, write_table),
            answers=bytes,
            sends="text/csv; charset=utf-8",
        ),
        Door(
            method="GET",
            path=f"/resources/{kind}/export.xlsx",
            name=f"workbookOf{title}",
            text=f"{kind} of this site as an Excel workbook, which the import reads.",
            handler=_exporting(kind, write_workbook),
            answers=bytes,
            sends=CONTENT_TYPE,
        ),
    )


DOORS = (
    *(door for kind in KINDS for door in _doors(kind)),
    Door(
        method="GET",
        path="/fitness",
        name="fitness",
        text="Which aircraft may take a tasking now, and every rule that says no.",
        handler=_fitness,
        answers=list[FitnessAnswer],
    ),
)
