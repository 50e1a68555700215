"""Runs a program that must not outlive who started it: `python -I -S leash.py PARENT PROGRAM ARGUMENT…`. Linux.

A program of its own, because nothing may be run between fork and exec in a process that has threads.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # prctl(2); kept through exec


def main() -> None:
    """Become the program, killed when the thread that started us is gone."""
    if ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0 or os.getppid() != int(sys.argv[1]):
        raise SystemExit(1)  # the parent went before we could say so
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606  # no shell is meant


if __name__ == "__main__":
    main()
