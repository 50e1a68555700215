"""`ganying`: finds the subcommand and runs it. Each one is a file in adapters/cli."""

import argparse
import sys
from importlib import import_module

from dispatch.errors import GanyingError

COMMANDS = {
    "serve": "serve",
    "worker": "worker",
    "demo": "demo",
    "config": "config",
    "account": "account",
    "resources": "resources",
    "plan": "plan",
    "decode": "decode",
    "replay": "replay",
    "track": "track",
    "journal": "journal",
    "backup": "backup",
    "restore": "backup",
    "migrate": "migrate",
    "ca": "ca",
    "invite": "invite",
    "enrol": "enrol",
    "link-check": "link_check",
    "atak": "atak",
    "volumes": "volumes",
    "safety": "safety",
    "clips": "clips",
}  # subcommand -> module of adapters/cli


def parser(wanted: str = "") -> argparse.ArgumentParser:
    """The command line, of `wanted` alone when that is a subcommand: what is not asked for is not imported."""
    whole = argparse.ArgumentParser(
        prog="ganying", description="赣鹰: aviation rescue dispatch and airspace coordination server"
    )
    sub = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    modules = {COMMANDS[wanted]} if wanted in COMMANDS else dict.fromkeys(COMMANDS.values())
    for name in modules:
        import_module(f"adapters.cli.{name}").add_parser(sub)
    return whole


def main(argv: list[str] | None = None) -> int:
    """Run one subcommand. Exit status 2 for what the caller got wrong, said in one line."""
    words = sys.argv[1:] if argv is None else argv
    arguments = parser(words[0] if words else "").parse_args(words)
    try:
        return int(arguments.func(arguments))
    except GanyingError as error:
        print(f"ganying: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output went away, as `| head` does
        sys.stderr.close()
        return 1


if __name__ == "__main__":
    sys.exit(main())
