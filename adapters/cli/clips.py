"""`ganying clips list|verify`: parts of video recordings that were exported, and whether their files are as the journal says.

Before the first start and beside a running server. `verify FILE` is for a file that somebody brings back: whether it is one
that this site exported, and which. Exit status 1 where a file was changed, is missing or is none of ours.
"""

import argparse
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from adapters.cli.config import add_config_option
from adapters.config import Config, load
from dispatch.video_facts import VideoClipExported
from dispatch.video_records import VideoClip


def add_parser(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `clips` and its two verbs."""
    verbs = sub.add_parser("clips", help="list or verify exported parts of video recordings").add_subparsers(
        dest="verb", required=True, metavar="VERB"
    )
    listing = verbs.add_parser("list", help="one JSON line per clip")
    listing.set_defaults(func=run_list)
    verify = verbs.add_parser("verify", help="compare files with the hashes in the journal")
    verify.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="one that was handed out; else all"
    )
    verify.set_defaults(func=run_verify)
    for parser in (listing, verify):
        add_config_option(parser)


def exported(config: Config) -> Iterator[VideoClip]:
    """All of this site, in the order in which they were exported; none before the first start."""
    from adapters.store.journal import Store
    from protocols.codec.facts import decode

    store = Store.read(config.database_url, config.site.id)
    if store is None:
        return
    try:
        for batch in store.rows(0):
            for sealed in batch:
                row = sealed.row
                if row.kind == VideoClipExported.__name__ and not sealed.body_missing:
                    fact = decode(row.kind, row.body)
                    if isinstance(fact, VideoClipExported):
                        yield fact.clip
    finally:
        store.close()


def run_list(arguments: argparse.Namespace) -> int:
    """Print them."""
    for clip in exported(load(arguments.config)):
        print(json.dumps(_line(clip), ensure_ascii=False))
    return 0


def run_verify(arguments: argparse.Namespace) -> int:
    """Hash the files."""
    config = load(arguments.config)
    if arguments.file is not None:
        return _verify_one(config, arguments.file)
    wrong = 0
    for clip in exported(config):
        path = config.data / "clips" / clip.file_name
        state = "missing"
        if path.is_file():
            state = "whole" if digest_of(path) == clip.sha256 else "changed"
        wrong += state != "whole"
        print(json.dumps({"id": clip.id, "state": state, "sha256": clip.sha256}))
    return 1 if wrong else 0


def _verify_one(config: Config, path: Path) -> int:
    digest = digest_of(path)
    found = next((each for each in exported(config) if each.sha256 == digest), None)
    if found is None:
        print(json.dumps({"state": "unknown", "sha256": digest}))
        return 1
    print(json.dumps({"state": "whole", **_line(found)}, ensure_ascii=False))
    return 0


def digest_of(path: Path) -> str:
    """SHA-256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _line(clip: VideoClip) -> dict[str, object]:
    return {
        "id": clip.id,
        "stream": clip.stream_name,
        "stream_id": clip.stream_id,
        "carrier_id": clip.carrier_id,
        "from": clip.from_at.isoformat(),
        "to": clip.to_at.isoformat(),
        "incident_id": clip.incident_id,
        "reason": clip.reason,
        "exported_by": clip.exported_by,
        "exported_at": clip.exported_at.isoformat(),
        "sha256": clip.sha256,
        "with_klv": clip.with_klv,
    }
