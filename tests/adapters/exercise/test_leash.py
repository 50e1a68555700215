"""A child on the leash ends when the other end of its standard input is let go."""

import subprocess
import sys

CHILD = """
import sys, threading
from adapters.exercise.leash import hold
hold()
print("up", flush=True)
threading.Event().wait(60)
"""


def test_child_ends_when_its_parent_lets_go() -> None:
    child = subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stdout.readline() == b"up\n"
    assert child.poll() is None
    child.stdin.close()
    assert child.wait(timeout=20) == -15
    child.stdout.close()
