"""`ganying`: finds the subcommand and runs it. Each one is a file in adapters/cli."""

import argparse
import sys
from importlib import import_module

from dispatch.errors import GanyingError

COMMANDS = (
    "serve",
    "demo",
    "config",
    "account",
    "resources",
    "plan",
    "decode",
    "replay",
    "journal",
    "backup",
    "migrate",
    "ca",
)  # modules of adapters/cli; some add more than one subcommand


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    whole = argparse.ArgumentParser(
        prog="ganying", description="赣鹰: aviation rescue dispatch and airspace coordination server"
    )
    sub = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        import_module(f"adapters.cli.{name}").add_parser(sub)
    return whole


def main(argv: list[str] | None = None) -> int:
    """Run one subcommand. Exit status 2 for what the caller got wrong, said in one line."""
    arguments = parser().parse_args(argv)
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
