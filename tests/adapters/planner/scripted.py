"""A stand-in for a solver process that does what a file tells it: real pipes and a real death, without solving.

    python -m tests.adapters.planner.scripted DIARY WORD...

Each job appends a line to DIARY and takes the next WORD: `answer`, `slow` (tells a plan and answers once it is
cancelled), `crash`, `tell-crash` (tells a plan first), `hang`, `tell-hang`, `nonsense`, `wrong`.
"""

import os
import signal
import sys
from pathlib import Path

import msgspec

from adapters.planner.talk import Better, Cancel, Done, Job, Proven, Wrong, line_of, read_order

PLAN = {"schema_version": "1.0", "scenario_id": "x", "solver": "ganying", "aircraft": []}
ANSWER = {"plan": PLAN, "score": {"score": 7.0}, "human_score": 9.0, "violations": [], "bound": 6.0}


def say(word: Better | Proven | Done | Wrong) -> None:
    """One line."""
    sys.stdout.buffer.write(line_of(word))
    sys.stdout.buffer.flush()


def done(job: int) -> None:
    """The answer."""
    say(Done(job=job, answer=msgspec.Raw(msgspec.json.encode(ANSWER)), kept_score=8.0))


def act(word: str, job: Job) -> None:
    """What a word stands for."""
    if word.startswith("tell") or word == "slow":
        say(Better(job=job.id, score=8.5, plan=msgspec.Raw(msgspec.json.encode(PLAN))))
        say(Proven(job=job.id, bound=5.0))
    if word == "slow":
        for line in sys.stdin.buffer:
            if isinstance(read_order(line), Cancel):
                break
        done(job.id)
    elif word.endswith("crash"):
        os.kill(os.getpid(), signal.SIGSEGV)
    elif word.endswith("hang"):
        while True:
            signal.pause()
    elif word == "nonsense":
        sys.stdout.buffer.write(b"free(): invalid pointer\n")
        sys.stdout.buffer.flush()
        signal.pause()
    elif word == "wrong":
        say(Wrong(job=job.id, field="aircraft[0].fuel_kg", detail="is negative"))
    else:
        done(job.id)


def main() -> None:
    """Jobs until the site goes."""
    diary, words = Path(sys.argv[1]), sys.argv[2:]
    while line := sys.stdin.buffer.readline():
        order = read_order(line)
        if not isinstance(order, Job):
            continue
        with diary.open("a") as file:
            file.write(f"{order.id}\n")
        taken = len(diary.read_text().splitlines()) - 1
        act(words[min(taken, len(words) - 1)], order)


if __name__ == "__main__":
    main()
