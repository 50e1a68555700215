"""One target under a coverage-guided fuzzer: `python -m tests.fuzz.guided TARGET RUNS SEED`. A defect ends it with 1.

Prints `done RUNS` when it got through. Run by the long tests, each target in a process of its own.
"""

import contextlib
import sys
import tempfile
from pathlib import Path

import atheris


def main(name: str, runs: int, seed: int) -> None:
    """Fuzz until `runs` inputs are through."""
    with atheris.instrument_imports(include=["protocols", "dispatch"]):
        from tests.fuzz.targets import TARGETS
    target = next(each for each in TARGETS if each.name == name)

    def one(data: bytes) -> None:
        with contextlib.suppress(target.refusals):
            target.feed(data)

    with tempfile.TemporaryDirectory() as corpus:
        for number, data in enumerate(target.seeds()):
            Path(corpus, str(number)).write_bytes(data)
        words = [
            sys.argv[0],
            f"-runs={runs}",
            f"-seed={seed}",
            "-max_len=4096",
            "-timeout=20",
            "-rss_limit_mb=2048",
        ]
        words += ["-verbosity=0", "-print_final_stats=0", corpus]
        atheris.Setup(words, one)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
