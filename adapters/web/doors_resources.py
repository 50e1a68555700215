"""Doors of resources of every kind (fleet.TABLES): one at a time or as a table."""

from dataclasses import replace
from typing import Any

from twisted.internet.threads import deferToThread

from adapters.web.lists import by_id, one, page, shown
from adapters.web.problems import HttpError
from adapters.web.table import Call, Door, Handler
from dispatch import access
from dispatch.errors import Forbidden, GanyingError, Malformed, Refused, Unknown
from dispatch.records import Aircraft, Resource
from dispatch.resource_commands import SaveResource
from protocols.json_answers import ImportAnswer, ImportedRow, Page
from protocols.json_doors import PageQuery
from protocols.json_resources import KINDS, ResourceBody, record
from protocols.resources_csv import BadTable, Fault, read_table
from protocols.resources_xlsx import CONTENT_TYPE, read_workbook

_ZIP = b"PK\x03\x04"


def _listing(kind: str) -> Handler:
    async def listing(call: Call) -> Any:
        return page(shown(call, kind), lambda resource: by_id(resource.id), call.query)

    return listing


def _getting(kind: str) -> Handler:
    async def getting(call: Call) -> Any:
        return one(call, kind, call.path["id"])

    return getting


def _check_bases(call: Call, resource: Resource) -> None:
    """A base that does not exist is named as such before the desk is asked. Raises Unknown."""
    if isinstance(resource, Aircraft):
        for field in ("home_base_id", "at_base_id"):
            base_id = getattr(resource, field)
            if base_id and base_id not in call.site.desk.world.bases:
                raise Unknown(field, f"no base {base_id}")


def require_saver(call: Call, kind: str) -> None:
    """Raises Forbidden before anything is read."""
    if call.who.session.role not in access.may_save(kind):
        raise Forbidden(f"changing {kind} is for {', '.join(sorted(access.may_save(kind)))}")


async def _save(call: Call, kind: str, body: ResourceBody) -> Any:
    require_saver(call, kind)
    resource = record(body, call.site.config.site.id)
    _check_bases(call, resource)
    await call.site.desk.ask(call.ask(SaveResource(resource=resource, version_seen=body.version_seen)))
    return getattr(call.site.desk.world, kind)[body.id]


def _saving(kind: str) -> Handler:
    async def saving(call: Call) -> Any:
        return await _save(call, kind, call.body)

    return saving


def _replacing(kind: str) -> Handler:
    async def replacing(call: Call) -> Any:
        if call.body.id != call.path["id"]:
            raise Refused("ID_MISMATCH", f"the path says {call.path['id']}", field="id")
        return await _save(call, kind, call.body)

    return replacing


def _importing(kind: str) -> Handler:
    async def importing(call: Call) -> ImportAnswer:
        """Rows that are as they were are skipped, so that a file can be sent again."""
        require_saver(call, kind)
        saved, failed = 0, []
        for number, row in enumerate(await _rows(call, kind), start=2):
            present = getattr(call.site.desk.world, kind).get(row.id)
            if present is not None and replace(row, version=present.version) == present:
                continue
            command = SaveResource(resource=row, version_seen=present.version if present else 0)
            try:
                await call.site.desk.ask(call.ask(command, part=f":{number}"))
                saved += 1
            except GanyingError as error:
                failed.append(
                    ImportedRow(
                        line=number, id=row.id, code=error.code, field=error.field, detail=error.detail
                    )
                )
        return ImportAnswer(saved=saved, failed=failed)

    return importing


def _fault(fault: Fault) -> ImportedRow:
    return ImportedRow(line=fault.line, id="", code="MALFORMED", field=fault.column, detail=fault.detail)


async def _rows(call: Call, kind: str) -> tuple[Any, ...]:
    if not call.raw:
        raise Malformed("", "no rows")
    try:
        return await deferToThread(_read, kind, call.raw, call.site.config.site.id)
    except BadTable as error:
        faults = tuple(_fault(fault) for fault in error.faults)
        raise HttpError(409, "BAD_TABLE", error.detail, field=error.field, faults=faults) from None


def _read(kind: str, raw: bytes, site: str) -> tuple[Resource, ...]:
    """In a thread: a large table takes seconds."""
    if raw.startswith(_ZIP):
        return read_workbook(kind, raw, site)
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise Malformed("", f"is not UTF-8: {error}") from None
    return read_table(kind, text, site)


def _doors(kind: str) -> tuple[Door, ...]:
    body, made = KINDS[kind]
    title = "".join(part.capitalize() for part in kind.split("_"))
    return (
        Door(
            method="GET",
            path=f"/resources/{kind}",
            name=f"list{title}",
            text=f"{kind}, by id.",
            handler=_listing(kind),
            query=PageQuery,
            answers=Page[made],  # type: ignore[valid-type]  # a class from the table of kinds
        ),
        Door(
            method="POST",
            path=f"/resources/{kind}",
            name=f"save{title}",
            text=f"Create one of {kind} (`version_seen` 0) or change it (the version seen).",
            handler=_saving(kind),
            takes=body,
            answers=made,
            status=201,
        ),
        Door(
            method="POST",
            path=f"/resources/{kind}/import",
            name=f"import{title}",
            text=f"Many of {kind} as CSV with a header line, or as an Excel workbook: how many were saved, which were not and why. With one cell that cannot be read nothing is saved: 409 BAD_TABLE lists all such as `faults`.",
            handler=_importing(kind),
            raw=("text/csv", CONTENT_TYPE),
            raw_shape={"type": "string", "minLength": 1},
            answers=ImportAnswer,
        ),
        Door(
            method="GET",
            path=f"/resources/{kind}/<id:id>",
            name=f"get{title}",
            text=f"One of {kind}.",
            handler=_getting(kind),
            answers=made,
        ),
        Door(
            method="PUT",
            path=f"/resources/{kind}/<id:id>",
            name=f"change{title}",
            text=f"Change one of {kind}; `version_seen` is the version seen.",
            handler=_replacing(kind),
            takes=body,
            answers=made,
        ),
    )


DOORS = tuple(door for kind in KINDS for door in _doors(kind))
