"""`make bench`: every measurement, one after the other, its output with machine and date into RESULTS.md."""

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
COMMANDS = (
    ("Commands through the desk", ("loadtests.desk_rate",)),
    ("Messages through a feed", ("loadtests.feed_rate",)),
    ("Consoles at 1 Hz", ("loadtests.consoles", "--consoles", "300", "--aircraft", "500")),
    ("A day into the archive, and questions about it", ("loadtests.archive_rate",)),
    ("Plans", ("loadtests.plans",)),
)
HEAD = """# Results

Made by `make bench`. Ratios are what counts, each against a baseline of the same run; absolute figures tell what this
machine did that day and are no promise. What limits each stands in its file's first lines.
"""


def processor() -> str:
    """The processor's name."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def main() -> int:
    """Run all; exit status 1 if one could not."""
    machine = (
        f"{processor()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    )
    text = [HEAD, f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {machine}\n"]
    failed = 0
    for title, words in COMMANDS:
        done = subprocess.run(
            [sys.executable, "-m", *words], capture_output=True, text=True, check=False, timeout=1200
        )
        failed |= done.returncode
        shown = done.stdout.strip() or done.stderr.strip()[-2000:]
        print(f"== {title}\n{shown}", flush=True)
        text.append(f"## {title}\n\n`python -m {' '.join(words)}`\n\n```\n{shown}\n```\n")
    RESULTS.write_text("\n".join(text))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
