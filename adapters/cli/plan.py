"""`ganying plan SCENARIO.json --out PLAN.json`: one scenario in, one plan out, of the interchange formats 1.0 and 1.1.

    ganying plan SCENARIO.json [--seconds S] [--seed N] [--iterations N] [--previous PLAN.json]
        [--passes N] [--what-if CHANGES.json] [--reasons zh|en [--reasons-out FILE]] --out PLAN.json

`-` as the scenario reads standard input, `--out -` writes standard output. With `--explain` what is written is
not the plan alone but {"plan": …, "score": {"score": …, terms}, "human_score": …, "explanation": …,
"violations": […], "method": …, "iterations": …, "seed": …, "bound": …}, which the server's solver process reads; without it
the file is the bare plan of the schema. A summary goes to standard error.

`--seconds` is 5 unless `--iterations` is given without it; with `--iterations` alone no clock is looked at and
the same scenario, seed and iterations give the same plan.

`--passes`: how often to raise the proven bound on the score of any plan, at most, within half of the time. Small
problems get as many as there is time for; a province's takes some ten seconds of its own, so it is asked for.

`--what-if`: a list of changes (docs/planning.md). What is written is {"changes", "difference", "answer"}: what the plan
would be with them, as a difference to the plan without them, and its answer as `--explain` writes it.

`--reasons zh|en`: why this plan, in words (`plan_reasons.py`), to `--reasons-out FILE` (`-`: standard output), else to
standard output, or to standard error where the plan itself goes to standard output. Measuring them takes some time after
`--seconds`, and may find a better plan, which is then the one that is written.

Exit status: 0 the plan is written and legal (with `--explain`: written; the object says what it breaks); 1 it is
written, but no plan can keep every rule (each broken one is named); 2 the input cannot be read or is malformed (the field is named), nothing is written.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.cli.plan_reasons import reasons_text
from adapters.cli.plan_words import LANGUAGES
from dispatch.errors import Malformed
from optimizer.stop import Stop

DEFAULT_SECONDS = 5.0
DEFAULT_PASSES = 40  # the bound rises no more after these
_LARGEST_INPUT_BYTES = 64 * 2**20  # a scenario of 500 aircraft has under one megabyte; beyond this: refused
_MALFORMED, _BROKEN, _FINE = 2, 1, 0


def add_parser(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `plan` to the command line."""
    parser = sub.add_parser("plan", help="plan sorties for a scenario file")
    _add_arguments(parser)
    parser.set_defaults(func=run)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "scenario", metavar="SCENARIO.json", help="scenario of format 1.0 or 1.1, or - for standard input"
    )
    parser.add_argument(
        "--seconds", type=_seconds, help=f"time to improve the plan (default {DEFAULT_SECONDS:g})"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the search (default 0)")
    parser.add_argument("--iterations", type=_count, help="stop after so many iterations of the search")
    parser.add_argument("--previous", metavar="PLAN.json", help="an earlier plan to start from")
    parser.add_argument("--passes", type=_count, help="passes to raise the proven bound, at most")
    parser.add_argument("--out", metavar="PLAN.json", required=True, help="where the plan goes, or -")
    parser.add_argument("--what-if", metavar="CHANGES.json", help="changes to try; the difference is written")
    parser.add_argument("--explain", action="store_true", help="write plan, score and reasons in one object")
    parser.add_argument("--reasons", choices=LANGUAGES, help="tell in words why it is this plan")
    parser.add_argument("--reasons-out", metavar="FILE", help="where the words go, or - (standard output)")


def run(args: argparse.Namespace) -> int:
    """Plan; answers the exit status."""
    try:
        _check(args)
        answer, violations, words = _plan(args)
    except Malformed as error:
        print(f"ganying plan: {error}", file=sys.stderr)
        return _MALFORMED
    except OSError as error:
        print(f"ganying plan: cannot read {error.filename}: {error.strerror}", file=sys.stderr)
        return _MALFORMED
    texts = [(args.out, json.dumps(answer, ensure_ascii=False, indent=1) + "\n")]
    if args.reasons and not args.reasons_out and args.out == "-":
        sys.stderr.write(words)
    elif args.reasons:
        texts.append((args.reasons_out or "-", words))
    for name, text in texts:
        try:
            _write(name, text)
        except OSError as error:
            print(f"ganying plan: cannot write {name}: {error.strerror}", file=sys.stderr)
            return _MALFORMED
    return _BROKEN if violations else _FINE


def _check(args: argparse.Namespace) -> None:
    if args.reasons_out and not args.reasons:
        raise Malformed("--reasons-out", "needs --reasons zh or en")
    if args.reasons_out and args.reasons_out == args.out:
        raise Malformed("--reasons-out", "is where the plan goes")


def _write(name: str, text: str) -> None:
    """To a file, or to standard output for -. Raises OSError."""
    if name == "-":
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        Path(name).write_text(text, encoding="utf-8")


def _plan(args: argparse.Namespace) -> tuple[Mapping[str, object], int, str]:
    """What is to be written, how many broken rules the exit status must tell of, and the reasons in words if asked."""
    return _what_if(args) if args.what_if else _plain(args)


def _what_if(args: argparse.Namespace) -> tuple[Mapping[str, object], int, str]:
    from optimizer.wonder import wonder

    scenario = _read(args.scenario, "scenario")
    answer = wonder(
        scenario,
        _json(args.what_if, "changes"),
        _read(args.previous, "previous") if args.previous else None,
        stops=(lambda: _stop(args), lambda: _stop(args)),
        seed=args.seed,
        listen=lambda _problem, _plan, _score: None,
    )
    score, broken = answer["difference"]["score"], answer["answer"]["violations"]
    print(
        f"score {score['before']:.3f} as it stands, {score['after']:.3f} if so, {len(broken)} violations",
        file=sys.stderr,
    )
    return answer, 0, reasons_text(scenario, answer["answer"], args.reasons) if args.reasons else ""


def _plain(args: argparse.Namespace) -> tuple[Mapping[str, object], int, str]:
    from optimizer.answer import answer, broken_rules
    from optimizer.bound import proves_quickly
    from optimizer.plan import read_plan
    from optimizer.problem import parse
    from optimizer.solve import solve

    stop = _stop(args)
    scenario = _read(args.scenario, "scenario")
    problem = parse(scenario)
    previous = read_plan(problem, _read(args.previous, "previous")) if args.previous else None
    passes = args.passes
    if passes is None:
        passes = DEFAULT_PASSES if proves_quickly(problem) and args.iterations is None else 0
    result = solve(problem, stop, args.seed, previous, passes=passes)
    broken = broken_rules(problem, result)
    print(
        f"score {result.score.total:.3f}, human rule {result.human.total:.3f}, "
        f"{result.method}, {result.iterations} iterations, {len(broken)} violations"
        + (f", no plan below {result.bound:.3f}" if result.bound is not None else ""),
        file=sys.stderr,
    )
    for row in broken:
        print(f"  {row['code']} {row['aircraft_id']}: {row['detail']}", file=sys.stderr)
    if not args.explain and not args.reasons:
        return result.plan.to_json(problem), len(broken), ""
    told = answer(problem, result, args.seed)
    words = reasons_text(scenario, told, args.reasons) if args.reasons else ""
    written: Any = told if args.explain else told["plan"]
    return written, len(broken), words


def _stop(args: argparse.Namespace) -> Stop:
    from optimizer.stop import FirstOf, MaxIterations, MaxSeconds

    stops: list[Stop] = []
    if args.iterations is not None:
        stops.append(MaxIterations(iterations=args.iterations))
    if args.seconds is not None or args.iterations is None:
        seconds = DEFAULT_SECONDS if args.seconds is None else args.seconds
        stops.append(MaxSeconds(seconds, time.monotonic))
    return FirstOf(stops=tuple(stops))


def _read(name: str, what: str) -> Mapping[str, object]:
    """A JSON object from a file or standard input. Raises Malformed or OSError."""
    value = _json(name, what)
    if not isinstance(value, dict):
        raise Malformed(what, "is not a JSON object")
    return value


def _json(name: str, what: str) -> object:
    """JSON from a file or standard input. Raises Malformed or OSError."""
    if name == "-":
        body = sys.stdin.buffer.read(_LARGEST_INPUT_BYTES + 1)
    else:
        with Path(name).open("rb") as file:
            body = file.read(_LARGEST_INPUT_BYTES + 1)
    if len(body) > _LARGEST_INPUT_BYTES:
        raise Malformed(what, f"is longer than {_LARGEST_INPUT_BYTES} bytes")
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Malformed(what, f"is not JSON: {error}") from error
    return value


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0.0 <= seconds <= 86_400.0:
        raise argparse.ArgumentTypeError("must be from 0 to 86400")
    return seconds


def _count(text: str) -> int:
    count = int(text)
    if count < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return count


def main(arguments: list[str] | None = None) -> int:
    """The command on its own, without the others (`python -m adapters.cli.plan`)."""
    parser = argparse.ArgumentParser(prog="ganying plan")
    _add_arguments(parser)
    return run(parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
