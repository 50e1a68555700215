"""Which schema a journal has, and how it becomes the newest. The steps themselves are in migrations/versions."""

from enum import StrEnum
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from adapters.store.database import StoreError

MIGRATIONS = Path(__file__).parent / "migrations"


class Schema(StrEnum):
    """A journal's schema beside the one this version writes."""

    FRESH = "fresh"
    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def newest_version() -> str:
    """The schema version this program writes."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def version_of(connection: Connection) -> str | None:
    """The schema version of the database, None if it has no journal."""
    return MigrationContext.configure(connection).get_current_revision()


def compare(connection: Connection) -> Schema:
    """How the database's schema stands to ours. Raises StoreError if it holds something else than a journal."""
    found = version_of(connection)
    if found is None:
        if inspect(connection).has_table("journal"):
            raise StoreError("NOT_A_JOURNAL", "the database has a table `journal` that Ganying did not make")
        return Schema.FRESH
    if found == newest_version():
        return Schema.CURRENT
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    return Schema.OLDER if found in known else Schema.NEWER


def migrate(connection: Connection, revision: str = "head") -> None:
    """Bring the schema to `revision` within the connection's transaction; a failure leaves it as it was."""
    arguments: dict[str, Any] = {"config": _config(connection), "revision": revision}
    command.upgrade(**arguments)


def require_current(connection: Connection) -> None:
    """Raises StoreError unless the schema is the one this version writes."""
    match compare(connection):
        case Schema.OLDER:
            raise StoreError(
                "OLD_SCHEMA",
                f"the journal has schema {version_of(connection)}, this version writes {newest_version()}: "
                "make a backup, then run `ganying migrate`",
            )
        case Schema.NEWER:
            raise StoreError(
                "NEW_SCHEMA",
                f"the journal has schema {version_of(connection)}, newer than this version's "
                f"{newest_version()}: run the newer version",
            )
        case Schema.FRESH:
            raise StoreError("NO_JOURNAL", "there is no journal in this database yet")
        case Schema.CURRENT:
            pass
