"""openapi.json from the table of doors: nothing is written twice, so nothing can drift."""

import re
from http import HTTPStatus
from typing import Any

import msgspec

from adapters.web.table import ID_PATTERN, PREFIX, Door
from adapters.web.version import version
from protocols.json_alerts import ALERT_ID_PATTERN
from protocols.json_answers import Problem, schemas
from protocols.json_doors import NoQuery, Nothing

_IDS = re.compile(r"<(id|alert):(\w+)>")
_PATTERNS = {"id": ID_PATTERN, "alert": ALERT_ID_PATTERN}
_KEY_TEXT = (
    " Send `Idempotency-Key` (1 to 64 printable ASCII characters) to make a retry safe: the same key gets the first"
    " answer, the same key with another body is 422 KEY_REUSED. Without it each request is a new command."
)


def document(doors: tuple[Door, ...]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the doors."""
    kinds = list(
        dict.fromkeys([Problem, *(d.takes for d in doors), *(d.answers for d in doors if d.answers)])
    )
    refs, components = schemas(kinds)
    schema_of = dict(zip(kinds, refs, strict=True))
    paths: dict[str, Any] = {}
    for door in doors:
        path = PREFIX + _IDS.sub(r"{\2}", door.path)
        paths.setdefault(path, {})[door.method.lower()] = _operation(door, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Ganying 赣鹰", "version": version(), "license": {"name": "GPL-3.0-or-later"}},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"session": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(door: Door, schema_of: dict[Any, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": door.name,
        "summary": door.text + (_KEY_TEXT if door.writes else ""),
        "responses": _responses(door, schema_of),
        "security": [] if door.open else [{"session": []}],
    }
    parameters = [*_path_parameters(door), *_query_parameters(door)]
    if parameters:
        made["parameters"] = parameters
    if door.raw:
        made["requestBody"] = {"required": True, "content": _raw_content(door, schema_of)}
    elif door.method in ("POST", "PUT"):
        needed = any(each.required for each in msgspec.structs.fields(door.takes))
        made["requestBody"] = {
            "required": needed,
            "content": {"application/json": {"schema": schema_of[door.takes]}},
        }
    return made


def _raw_content(door: Door, schema_of: dict[Any, Any]) -> dict[str, Any]:
    """What the door reads: its own shape, which may narrow that of `takes`, alone or in an array of any items."""
    shape = dict(door.raw_shape)
    if door.takes is not Nothing:
        one = {"allOf": [schema_of[door.takes], shape]} if shape else schema_of[door.takes]
        shape = {"anyOf": [one, {"type": "array", "items": {}, "minItems": 1, "maxItems": 500}]}
    return {kind: {"schema": shape} for kind in door.raw}


def _path_parameters(door: Door) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": f"^{_PATTERNS[kind]}$"},
        }
        for kind, name in _IDS.findall(door.path)
    ]


def _query_parameters(door: Door) -> list[dict[str, Any]]:
    if door.query is NoQuery:
        return []
    _, components = msgspec.json.schema_components([door.query], ref_template="{name}")
    shape = components[door.query.__name__]
    needed = shape.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": schema}
        for name, schema in shape["properties"].items()
    ]


def _responses(door: Door, schema_of: dict[Any, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {str(door.status if door.answers else 204): {"description": "Done."}}
    if door.answers:
        schema = {"type": "string", "format": "binary"} if door.answers is bytes else schema_of[door.answers]
        made[str(door.status)]["content"] = {door.sends: {"schema": schema}}
    if door.tagged:
        made["304"] = {"description": "What `If-None-Match` names is still so."}
    problem = {"application/problem+json": {"schema": schema_of[Problem]}}
    for status in sorted(_failures(door)):
        made[str(status)] = {"description": HTTPStatus(status).phrase, "content": problem}
    return made


def _failures(door: Door) -> set[int]:
    """Which failures a door can answer, from what it does."""
    found = {400, 405, 408, 413, 422, 500, *door.statuses}
    if not door.open:
        found |= {401, 403}
    if _IDS.search(door.path):
        found.add(404)
    if door.method in ("POST", "PUT"):
        found |= {415}
    if door.writes:
        found |= {404, 409, 423, 503}
    return found
