"""`ganying backup DIR` and `ganying restore DIR`: a site's journal and keys to a folder, and back to a clean one."""

import argparse
import sys
from pathlib import Path

from adapters.cli.config import add_config_option
from adapters.config import load


def add_parser(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `backup` and `restore`."""
    parser = sub.add_parser("backup", help="copy the journal and the site's keys to a new folder")
    parser.add_argument("dir", type=Path, help="a new or empty folder; it will hold the site's keys (0600)")
    add_config_option(parser)
    parser.set_defaults(func=run_backup)
    parser = sub.add_parser("restore", help="bring a backup into a clean data folder")
    parser.add_argument("dir", type=Path, help="a folder that `backup` wrote")
    parser.add_argument(
        "--even-if-damaged", action="store_true", help="restore a journal whose chain does not verify"
    )
    add_config_option(parser)
    parser.set_defaults(func=run_restore)


def run_backup(arguments: argparse.Namespace) -> int:
    """Back up, then verify the copy. Exit status 1 if the copy's chain shows damage."""
    config = load(arguments.config)
    from adapters.store import copying

    made = copying.backup(config.database_url, config.site.id, config.data, arguments.dir)
    print(f"site {made.site}: {made.rows} rows, schema {made.schema}, {made.files} files -> {arguments.dir}")
    return 1 if _damaged(arguments.dir) else 0


def run_restore(arguments: argparse.Namespace) -> int:
    """Restore. Exit status 1, and nothing done, if the backup's chain shows damage."""
    config = load(arguments.config)
    from adapters.store import copying

    copying.read_manifest(arguments.dir)
    if _damaged(arguments.dir) and not arguments.even_if_damaged:
        print("ganying: not restored; --even-if-damaged would", file=sys.stderr)
        return 1
    made = copying.restore(config.database_url, config.site.id, config.data, arguments.dir)
    print(f"site {made.site}: {made.rows} rows, schema {made.schema}, {made.files} files <- {arguments.dir}")
    return 0


def _damaged(folder: Path) -> bool:
    from adapters.store import copying

    findings = copying.audit(folder)
    for finding in findings:
        print(f"row {finding.seq}: {finding.damage}: {finding.detail}", file=sys.stderr)
    return bool(findings)
