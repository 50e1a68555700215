"""A page of refused steps, as `loadtests.refusals` and `loadtests.refusals_atc` write it: measured, then printed or filed."""

import argparse
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import react

Measure = Callable[[Path], Awaitable[tuple[Any, list[str], str]]]  # what was tried, what is wrong, the page


def write_page(said: str, measure: Measure) -> None:
    """Measure and write the page; exit status 1 when anything is wrong. `said`: the command's docstring."""
    arguments = argparse.ArgumentParser(description=said.splitlines()[0])
    arguments.add_argument("--out", type=Path, help="a file for the page, else it is printed")
    asked = arguments.parse_args()
    failed: list[str] = []

    async def run() -> None:
        with tempfile.TemporaryDirectory() as name:
            _, wrong, text = await measure(Path(name))
        failed.extend(wrong)
        if asked.out is None:
            print(text)
        else:
            asked.out.write_text(text)

    try:
        react(lambda _: Deferred.fromCoroutine(run()))
    except SystemExit as end:
        if end.code:
            raise
    for line in failed:
        print(line, file=sys.stderr)
    sys.exit(1 if failed else 0)
