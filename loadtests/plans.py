"""Scores of `ganying plan` on every shipped scenario, beside the human rule and the best known plans.

    python -m loadtests.plans [--seconds 5]

Net score is (ours - unavoidable) / (human - unavoidable), with the human rule of the reference file: 1.0 is what a
dispatcher does by hand today. Every plan is judged by the independent referee.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DATA = Path(__file__).parent.parent / "tests" / "data" / "opt"


def judged(scenario: Path, seconds: float) -> tuple[float, int, float]:
    """Our score, the referee's violations and the wall seconds."""
    with tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / "plan.json"
        began = time.monotonic()
        words = [sys.executable, "-m", "adapters.cli.plan", str(scenario), "--seconds", str(seconds)]
        subprocess.run([*words, "--out", str(plan)], check=True, capture_output=True)
        took_s = time.monotonic() - began
        referee = [sys.executable, str(DATA / "referee.py"), str(scenario), str(plan), "--json"]
        verdict = json.loads(subprocess.run(referee, check=False, capture_output=True, text=True).stdout)
    return float(verdict["score"]), len(verdict["violations"]), took_s


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=5.0)
    seconds = parser.parse_args().seconds
    reference = json.loads((DATA / "reference.json").read_text())
    table = reference.get("scenarios", reference)
    print(
        f"{'scenario':12} {'ours':>12} {'human':>12} {'best known':>12} {'net':>6} {'viol.':>6} {'wall s':>7}"
    )
    for name in ("S-101", "M-201", "M-201-roll", "L-301", "L-301-roll", "XL-401"):
        score, violations, took_s = judged(DATA / f"{name}.json", seconds)
        known = table[name]
        human, best = known["human"]["score"], known["best_known"]["score"]
        floor = known.get("unavoidable") or 0.0
        net = (score - floor) / (human - floor)
        print(f"{name:12} {score:12.1f} {human:12.1f} {best:12.1f} {net:6.3f} {violations:6d} {took_s:7.1f}")


if __name__ == "__main__":
    main()
