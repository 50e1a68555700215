"""No bytes from outside make anything but a named refusal: a seeded minute here, ten million inputs in the long run."""

import contextlib
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from tests.fuzz.mutate import inputs
from tests.fuzz.targets import TARGETS, Target

SEED = 20_261_125
SHORT_INPUTS = 20_000  # of each target: all of them take about a minute
LONG_INPUTS = 10_000_000  # altogether
KEPT_BYTES = 4_000_000
ROOT = Path(__file__).parents[2]

each = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)


@each
def test_damaged_bytes_are_refused_by_name(target: Target) -> None:
    for data in inputs(target.seeds(), SHORT_INPUTS, SEED):
        try:
            target.feed(data)
        except target.refusals:
            pass
        except Exception as error:
            raise AssertionError(f"{target.name} on {data.hex()}") from error


@each
def test_honest_bytes_are_read(target: Target) -> None:
    for data in target.seeds():
        try:
            target.feed(data)
        except target.refusals:
            assert target.name == "link"  # whose seeds are another protocol's messages


@each
def test_what_was_fed_is_not_kept(target: Target) -> None:
    def feed(number: int) -> None:
        for data in inputs(target.seeds(), number, SEED + 1):
            with contextlib.suppress(target.refusals):
                target.feed(data)

    feed(50)  # what is made once
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        feed(300)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < KEPT_BYTES


@pytest.mark.soak
@pytest.mark.timeout(7_200)
@each
def test_a_fuzzer_that_follows_coverage_finds_nothing(target: Target) -> None:
    runs = LONG_INPUTS // len(TARGETS) + 1
    seed = int(os.environ.get("FUZZ_SEED", SEED))
    words = [sys.executable, "-m", "tests.fuzz.guided", target.name, str(runs), str(seed)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=7_000)
    assert done.returncode == 0, f"seed {seed}\n{done.stderr[-4_000:]}"
