"""`ganying resources import|export|load-jiangxi`: bases, water points, aircraft … as CSV files.

Works before the first start and beside a running server. A file is read whole first: any fault in it is listed with
line and column and nothing is imported. Rows that are as the site has them make no new fact, so importing twice does
nothing the second time; a row that a rule refuses is named, the others stand.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

import adapters.data
from adapters.cli.config import add_config_option
from adapters.cli.errand import Do, perform
from adapters.config import Config, load
from adapters.local_socket import Request
from dispatch.errors import Malformed
from dispatch.records import Resource
from protocols.resources_csv import MAX_TEXT_CHARS, BadTable, read_table, write_table
from protocols.resources_table import COLUMNS, table_of

JIANGXI = Path(adapters.data.__file__).parent / "jiangxi"
ORDER = (
    "duty_rules",
    "clearance_rules",
    "aid_rules",
    "minima",
    "run_cards",
    "operators",
    "bases",
    "water_points",
    "landing_sites",
    "hospitals",
    "aircraft",
    "contracts",
    "crew",
    "equipment",
)  # a row names what is in a table before its own
ROWS_AT_ONCE = 200  # some 600 bytes each: well below the local socket's limit


def add_parser(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `resources`."""
    parser = sub.add_parser("resources", help="bases, water points, aircraft … as CSV")
    acts = parser.add_subparsers(dest="act", required=True)
    importing = acts.add_parser("import", help="read a CSV file into the site")
    importing.add_argument("kind", choices=COLUMNS)
    importing.add_argument("file", type=Path)
    exporting = acts.add_parser("export", help="write the site's resources of a kind as CSV")
    exporting.add_argument("kind", choices=COLUMNS)
    exporting.add_argument("--out", type=Path, default=None, help="a file (standard output)")
    acts.add_parser("load-jiangxi", help="import the starting data that is shipped, see its ORIGIN.md")
    for each in acts.choices.values():
        add_config_option(each)
        each.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """0 when all of it is in the journal, 1 when some rows were refused. Raises GanyingError."""
    config = load(arguments.config)
    match arguments.act:
        case "import":
            return _import(config, [(arguments.kind, arguments.file)])
        case "export":
            return _export(config, arguments.kind, arguments.out)
        case _:
            return _import(config, [(kind, JIANGXI / f"{kind}.csv") for kind in ORDER])


def read_file(kind: str, path: Path, site: str) -> tuple[Resource, ...]:
    """The records of one file. Prints every fault and raises BadTable; raises Malformed for an unreadable file."""
    try:
        with path.open("rb") as file:
            raw = file.read(4 * MAX_TEXT_CHARS + 1)
        return read_table(kind, raw.decode("utf-8"), site)
    except OSError as error:
        raise Malformed("file", f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise Malformed("file", f"{path} is not UTF-8 (byte {error.start})") from None
    except BadTable as refused:
        for fault in refused.faults:
            print(f"{path}: {fault}", file=sys.stderr)
        raise


def errands(kind: str, records: Sequence[Resource]) -> list[Request]:
    """What to ask of the site for these records, in parts that fit its local socket."""
    return [
        {
            "do": "import_resources",
            "kind": kind,
            "resources": msgspec.to_builtins(records[start : start + ROWS_AT_ONCE]),
        }
        for start in range(0, len(records), ROWS_AT_ONCE)
    ]


async def _all(do: Do, requests: list[Request]) -> list[Request]:
    return [await do(request) for request in requests]


def _import(config: Config, files: list[tuple[str, Path]]) -> int:
    tables = [(kind, read_file(kind, path, config.site.id)) for kind, path in files]
    asked = [request for kind, records in tables for request in errands(kind, records)]
    answers = perform(config, lambda do: _all(do, asked))
    refused = 0
    for kind, records in tables:
        mine = [a for q, a in zip(asked, answers, strict=True) if q["kind"] == kind]
        saved = sum(int(answer["saved"]) for answer in mine)
        wrong: list[dict[str, Any]] = [row for answer in mine for row in answer["refused"]]
        for row in wrong:
            print(f"{kind} {row['id']}: {row['code']} {row['field']}: {row['detail']}", file=sys.stderr)
        unchanged = len(records) - saved - len(wrong)
        print(f"{kind}: {saved} saved, {unchanged} unchanged, {len(wrong)} refused")
        refused += len(wrong)
    return 1 if refused else 0


def _export(config: Config, kind: str, out: Path | None) -> int:
    [answer] = perform(config, lambda do: _all(do, [{"do": "list_resources", "kind": kind}]))
    records = msgspec.convert(answer["resources"], list[table_of(kind).record])  # type: ignore[misc]  # a class from the table
    text = write_table(kind, sorted(records, key=lambda record: record.id))
    if out is None:
        sys.stdout.write(text)
    else:
        out.write_text(text, encoding="utf-8", newline="")
    return 0
