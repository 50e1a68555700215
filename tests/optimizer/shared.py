"""The shared scenarios of tests/data/opt, their referee and a small scenario to bend."""

import copy
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import optimizer

DATA = Path(__file__).parent.parent / "data" / "opt"
REFERENCE: dict[str, Any] = json.loads((DATA / "reference.json").read_text(encoding="utf-8"))["scenarios"]
NAMES = sorted(REFERENCE)


def scenario(name: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return value


def schema(name: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((DATA / f"{name}.schema.json").read_text(encoding="utf-8"))
    return value


FORMAT = Path(optimizer.__file__).parent / "format"


def _load(path: Path) -> ModuleType:
    """A referee as a user has it: a file by itself."""
    spec = importlib.util.spec_from_file_location(f"opt_{path.parent.name}_referee", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_REFEREE = _load(DATA / "referee.py")
_REFEREE_1_1 = _load(FORMAT / "referee.py")


def judged(sc: dict[str, Any], plan: dict[str, Any]) -> dict[str, Any]:
    """The referee's answer, after the plan went through JSON as it would in a file."""
    value: dict[str, Any] = _REFEREE.Referee(sc, json.loads(json.dumps(plan))).run()
    return value


def judged_1_1(sc: dict[str, Any], plan: dict[str, Any]) -> dict[str, Any]:
    """The same by the referee of format 1.1, which is ours."""
    value: dict[str, Any] = _REFEREE_1_1.Judge(sc, json.loads(json.dumps(plan))).judge()
    return value


_SMALL = scenario("S-101")


def small() -> dict[str, Any]:
    """A fresh copy of the smallest scenario: three fires, six aircraft."""
    return copy.deepcopy(_SMALL)
