"""What every measurement says beside its figures: the machine, the date; and the CPU that processes have used."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def processor() -> str:
    """The processor's name."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def stamp() -> str:
    """Machine, date and how busy it was."""
    load = os.getloadavg()[0]
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {processor()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, load {load:.1f}"
    )


def cpu_s(pid: int) -> float:
    """CPU seconds, user and system, of a process and its living children."""
    used = _own_s(pid)
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            used += cpu_s(int(child))
    return used


def _own_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
