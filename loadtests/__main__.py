"""`make bench`: every measurement, one after the other, its output with machine and date into RESULTS.md."""

import subprocess
import sys
from pathlib import Path

from loadtests.machine import stamp

RESULTS = Path(__file__).with_name("RESULTS.md")
LIMIT_S = 2_400  # of one measurement
COMMANDS = (
    ("The whole way under load", ("loadtests.sustained", "--flame", "loadtests/plots/sustained.svg")),
    ("Three times as much", ("loadtests.sustained", "--rate", "300000")),
    ("Decoding Mode S", ("loadtests.decoder_rate",)),
    ("Urgent items", ("loadtests.urgent",)),
    ("Overload of one source", ("loadtests.overload",)),
    ("Fan-out", ("loadtests.fanout",)),
    ("Archive", ("loadtests.archive_rate",)),
    ("Workers and a broker", ("loadtests.workers",)),
    ("Cost against growth", ("loadtests.growth",)),
    ("People and partners", ("loadtests.people",)),
    ("Independent decoders", ("loadtests.peers",)),
    ("KLV beside independent readers", ("loadtests.klv_beside",)),
    ("Commands through the desk", ("loadtests.desk_rate",)),
    ("Plans", ("loadtests.plans",)),
    ("From an event to its proposal", ("loadtests.event_to_plan",)),
    ("From an alarm to its candidate", ("loadtests.alarms",)),
    ("Planning anew", ("loadtests.replan",)),
    ("From the alarm to the archive", ("loadtests.story", "--brief")),
    ("A phone without a link", ("loadtests.phone_outbox",)),
    ("A tasking over a poor link", ("loadtests.phone_link",)),
    ("Flight events from tracks", ("loadtests.flight_events",)),
    ("Why not", ("loadtests.why_not",)),
    ("The bound on trial", ("loadtests.bound_campaign", "--count", "300")),
    ("Planning beside HiGHS", ("loadtests.plan_peer",)),
    ("Points in airspace volumes", ("loadtests.volumes",)),
    ("Encounters and recordings", ("loadtests.encounters",)),
    ("Conflict search beside BlueSky", ("loadtests.conflict_rate",)),
    ("A room of three sites", ("loadtests.rooms",)),
    ("All safety nets", ("loadtests.nets_rate", "--all-ours")),
)
HEAD = """# Results

Made by `make bench`. Ratios are what counts, each against a baseline of the same run; absolute figures tell what this
machine did that day and are no promise. What limits each stands in its file's first lines. Each section says when and
on what it was measured.
"""


def main() -> int:
    """Run all, or those whose titles begin with the words given; exit status 1 if one could not."""
    wanted = tuple(word.lower() for word in sys.argv[1:])
    kept = _sections()
    failed = 0
    for title, words in COMMANDS:
        if wanted and not title.lower().startswith(wanted):
            continue
        done = subprocess.run(
            [sys.executable, "-m", *words], capture_output=True, text=True, check=False, timeout=LIMIT_S
        )
        failed |= done.returncode
        shown = done.stdout.strip() or done.stderr.strip()[-2000:]
        print(f"== {title}\n{shown}", flush=True)
        body = shown if "\n|" in shown else f"```\n{shown}\n```"
        kept[title] = f"`python -m {' '.join(words)}`\n\n{stamp()}\n\n{body}\n"
        named = [name for name, _ in COMMANDS if name in kept]  # the others are measured by hand, and stay
        order = (*named, *(name for name in kept if name not in named))
        written = [f"## {name}\n\n{kept[name]}" for name in order]
        RESULTS.write_text("\n".join((HEAD, *written)))
    return 1 if failed else 0


def _sections() -> dict[str, str]:
    """What RESULTS.md holds now, by title."""
    if not RESULTS.exists():
        return {}
    parts = RESULTS.read_text().split("\n## ")[1:]
    pairs = (part.partition("\n\n") for part in parts)
    return {title.strip(): body.rstrip() + "\n" for title, _, body in pairs}


if __name__ == "__main__":
    sys.exit(main())
