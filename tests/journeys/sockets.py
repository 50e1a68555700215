"""Which internet sockets some processes hold, from /proc: the proof that a demonstration stays on this machine."""

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

TABLES = ("tcp", "tcp6", "udp", "udp6")
NO_PORT = "0000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Socket:
    """One socket and both its ends."""

    table: str
    local: str
    remote: str  # empty: listening

    @property
    def stays_here(self) -> bool:
        """Both ends are loopback addresses."""
        return all(_is_loopback(end) for end in (self.local, self.remote) if end)


def _is_loopback(text: str) -> bool:
    address = ipaddress.ip_address(text)
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def _address(hexadecimal: str) -> str:
    """/proc writes addresses as 32-bit words in the machine's order, little end first."""
    words = [hexadecimal[i : i + 8] for i in range(0, len(hexadecimal), 8)]
    return str(ipaddress.ip_address(b"".join(bytes.fromhex(word)[::-1] for word in words)))


def children_of(pid: int) -> list[int]:
    """All processes below this one."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = parents.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _inodes(pids: Iterable[int]) -> set[str]:
    found = set()
    for pid in pids:
        for handle in Path(f"/proc/{pid}/fd").iterdir():
            try:
                target = str(handle.readlink())
            except OSError:  # closed meanwhile
                continue
            if target.startswith("socket:["):
                found.add(target[8:-1])
    return found


def _rows(pid: int) -> Iterator[tuple[str, list[str]]]:
    for table in TABLES:
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            yield table, line.split()


def sockets_of(pids: list[int]) -> list[Socket]:
    """The internet sockets of these processes now."""
    inodes = _inodes(pids)
    found = []
    for table, fields in _rows(pids[0]):
        if fields[9] in inodes:
            remote, _, port = fields[2].partition(":")
            found.append(
                Socket(
                    table=table,
                    local=_address(fields[1].partition(":")[0]),
                    remote="" if port == NO_PORT else _address(remote),
                )
            )
    return found
