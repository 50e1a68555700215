"""`ganying serve`: run a site until SIGTERM or Ctrl-C."""

import argparse
import gc

from adapters.cli.config import add_config_option
from adapters.config import load


def add_parser(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `serve`."""
    parser = sub.add_parser("serve", help="run a site")
    add_config_option(parser)
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve; prints `ready URL` once it accepts. Exit status 0 after SIGTERM, 1 when it could not start."""
    config = load(arguments.config)
    gc.disable()  # what an import makes stays: looking through it again and again is a fifth of a start
    from adapters.app import serve

    gc.enable()
    return serve(config)
