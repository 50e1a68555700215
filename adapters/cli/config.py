"""`ganying config example` and `ganying config check`."""

import argparse
from pathlib import Path

from adapters.config import EXAMPLE, load


def add_parser(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `config`."""
    parser = sub.add_parser("config", help="print an example site.toml, or check one")
    parser.add_argument("what", choices=("example", "check"))
    add_config_option(parser)
    parser.set_defaults(func=run)


def add_config_option(parser: argparse.ArgumentParser) -> None:
    """The `--config` of every command that touches a site."""
    parser.add_argument("--config", type=Path, default=Path("site.toml"), help="the site's file (site.toml)")


def run(arguments: argparse.Namespace) -> int:
    """Print the example, or say that a file is good."""
    if arguments.what == "example":
        print(EXAMPLE, end="")
        return 0
    config = load(arguments.config)
    print(f"{arguments.config}: site {config.site.id} {config.site.name}")
    return 0
