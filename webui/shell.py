"""Write into sw.js what the phone's page loads, from Vite's own manifest: `python shell.py DIST`.

Run by build.sh. The worker keeps these at its installation, so that the page opens without a link from then on.
"""

import json
import sys
from pathlib import Path

ENTRIES = ("index.html", "src/phone/PhonePage.vue")


def needed(manifest: dict[str, dict[str, object]]) -> list[str]:
    """Files of the entries and of everything they import at once."""
    found: dict[str, None] = {}
    waiting = list(ENTRIES)
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        chunk = manifest[name]
        found |= dict.fromkeys((chunk["file"], *chunk.get("css", ()), *chunk.get("assets", ())))
        waiting += chunk.get("imports", ())
    return sorted(found)


def main() -> None:
    """Rewrite the list, and take the manifest away: nobody serves it."""
    dist = Path(sys.argv[1])
    kept = dist / ".vite" / "manifest.json"
    files = needed(json.loads(kept.read_text()))
    more = "".join(f", '/{name}'" for name in [*files, "basemap/sketch.json", "icon-192.png"])
    worker = dist / "sw.js"
    text = worker.read_text()
    begin = "const SHELL = ['/phone', '/icon.svg', '/manifest.webmanifest'"
    if begin not in text:
        raise SystemExit("sw.js has no list to add to")
    worker.write_text(text.replace(begin, begin + more))
    kept.unlink()
    kept.parent.rmdir()


main()
