"""JT/T 808 beside what others made of the same frames of real terminals, as recorded: no kept decoder is in Python.

Two hands: whoever prepared tests/data/jt808/vectors.json (check code, lengths, place without its hemisphere, time) and
the figures that Traccar's own tests expect of its decoder, one or none a frame.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from loadtests.peers_compared import DATA, Comparison, Why, decoded
from protocols.jt808_frames import FLAG, escape

_BEIJING = timezone(timedelta(hours=8))  # terminals' times are GMT+8 by the standard
_EXPECTED = re.compile(r'(?:Position\.)?"?([A-Za-z0-9_]+)"?(?: \+ (\d+))?, (.*)')
_NAMES = {"KEY_SATELLITES": "satellites"}  # what both have a name for
_POSITION_KINDS = ("0200", "0704")

_TRACCAR = (
    Why(
        name="damaged frames",
        fields=frozenset(("read",)),
        because="Traccar asks neither the check code nor the length of a frame; ours refuses a wrong one, counted as CRC or "
        "MALFORMED (length). The other hand finds the same frames wrong",
        holds=lambda pair: (
            pair.ours is False
            and not (pair.told["checksum_ok"] and pair.told["body_len_ok"])
            and (pair.line["error"] == "CRC" or pair.line.get("field") == "length")
        ),
    ),
    Why(
        name="makers' own items",
        fields=frozenset(("value",)),
        because="Traccar knows hundreds of items that makers added to the standard; ours reads the standard's and hands the "
        "others on as octets (`items`, `body`)",
        one_sided=True,
        holds=lambda pair: pair.ours is None and bool(pair.line.get("items") or pair.line.get("body")),
    ),
)


def _vectors() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each frame, and the first line that ours prints of it. All go through one `ganying decode`, in order."""
    loaded = json.loads((DATA / "jt808" / "vectors.json").read_text())
    framed = [vector for vector in loaded if vector["hex"].startswith("7e")]
    wire = b"".join(FLAG + escape(bytes.fromhex(vector["hex"])[1:-1]) + FLAG for vector in framed)
    lines = decoded("jt808", data=wire)
    firsts = [
        line
        for before, line in zip([{}, *lines], lines, strict=False)
        if line.get("kind") != "0704"
        or (line["number"], line["serial"]) != (before.get("number"), before.get("serial"))
    ]
    yield from zip(framed, firsts, strict=True)


def _seconds(vector: dict[str, Any]) -> float | None:
    if "time" not in vector:
        return None
    return datetime.strptime(vector["time"], "%y%m%d%H%M%S").replace(tzinfo=_BEIJING).timestamp()


def all_jt808() -> Iterator[Comparison]:
    """Everything of this file."""
    other = Comparison(recording="vectors.json", peer="another hand (recorded)")
    traccar = Comparison(recording="vectors.json", peer="Traccar (recorded)", whys=_TRACCAR)
    for vector, line in _vectors():
        read = "error" not in line
        ours: dict[str, Any] = {"read": read}
        theirs: dict[str, Any] = {"read": vector["checksum_ok"] and vector["body_len_ok"]}
        if read:
            ours |= {"kind": line["kind"], "2019": line["version"] == 2019}
            theirs |= {"kind": vector["msg_id"], "2019": vector["v2019"]}
        if read and line["kind"] == "0200":
            at = datetime.fromisoformat(line["time"]).astimezone(UTC).timestamp()
            ours |= {"lat": abs(line["lat_deg"]), "lon": abs(line["lon_deg"]), "time": at}
            theirs |= {"lat": vector["pos"][0], "lon": vector["pos"][1], "time": _seconds(vector)}
        other.message(ours, theirs, line=line, told=vector)
        _beside_traccar(traccar, vector, line)
    yield from (other, traccar)


def _beside_traccar(traccar: Comparison, vector: dict[str, Any], line: dict[str, Any]) -> None:
    ours: dict[str, Any] = {"read": "error" not in line}
    theirs: dict[str, Any] = {"read": True}
    expected = _EXPECTED.fullmatch(vector["java_expected"])
    if expected is not None and ours["read"]:
        name = _NAMES.get(expected[1])
        ours["value"] = None if name is None else str(line[name])
        theirs["value"] = expected[3]
    elif vector["expect"] in ("verifyPosition", "verifyPositions") and line.get("kind") in _POSITION_KINDS:
        # their check is that there is a place within bounds
        ours["place"], theirs["place"] = line.get("lat_deg") is not None, True
    traccar.message(ours, theirs, line=line, told=vector)
