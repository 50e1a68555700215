"""The house keeps its order: imports run one way, files stay small, names carry their units."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PURE = ("dispatch", "protocols", "optimizer")
CODE = [
    path
    for folder in (*PURE, "adapters")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "gen" not in path.parts
]


def test_imports_run_one_way() -> None:
    """import-linter's contracts in pyproject.toml hold."""
    tool = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def calls(tree: ast.AST) -> set[str]:
    """Dotted names of everything that is called."""
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


@pytest.mark.parametrize("folder", PURE)
def test_pure_code_reads_no_clock_and_draws_no_lots(folder: str) -> None:
    """Time and chance are arguments outside adapters."""
    forbidden = {
        "datetime.now",
        "datetime.utcnow",
        "time.time",
        "random.random",
        "uuid.uuid4",
        "secrets.token_hex",
        "open",
    }
    for path in CODE:
        if path.relative_to(ROOT).parts[0] == folder:
            assert not calls(ast.parse(path.read_text())) & forbidden, path


def test_every_module_opens_with_what_it_is_for() -> None:
    """A reader learns each file's purpose from its first line."""
    silent = [
        str(p.relative_to(ROOT))
        for p in CODE
        if p.stat().st_size and not ast.get_docstring(ast.parse(p.read_text()))
    ]
    assert silent == []


UNITLESS = {
    "altitude",
    "speed",
    "distance",
    "height",
    "elevation",
    "duration",
    "radius",
    "latitude",
    "longitude",
    "lat",
    "lon",
}


def test_measured_fields_name_their_unit() -> None:
    """No dataclass field is a bare altitude, speed or distance."""
    bare = [
        f"{path.relative_to(ROOT)}:{node.target.id}"
        for path in CODE
        for cls in ast.walk(ast.parse(path.read_text()))
        if isinstance(cls, ast.ClassDef)
        for node in cls.body
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and node.target.id in UNITLESS
        and ast.unparse(node.annotation) != "int"  # codes of a wire format have no unit
    ]
    assert bare == []


def test_lock_files_name_no_registry() -> None:
    """Names, versions and hashes only: an air-gapped site has its own mirror."""
    for name in ("requirements.lock", "requirements-dev.lock"):
        assert "://" not in (ROOT / name).read_text(), name
    assert '"resolved"' not in (ROOT / "webui/package-lock.json").read_text()
