"""`ganying migrate`: bring an older journal to this version's schema, with the server stopped."""

import argparse

from adapters.cli.config import add_config_option
from adapters.config import load


def add_parser(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `migrate`."""
    parser = sub.add_parser("migrate", help="bring an older journal to this version's schema")
    add_config_option(parser)
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Migrate and say from which schema to which. Refused while a server runs: it holds the journal's lock."""
    config = load(arguments.config)
    from adapters.store.journal import Store

    before, after = Store.migrate(config.database_url, config.site.id)
    if before is None:
        print(f"site {config.site.id}: a fresh journal, schema {after}")
    elif before == after:
        print(f"site {config.site.id}: already schema {after}")
    else:
        print(f"site {config.site.id}: schema {before} -> {after}")
    return 0
