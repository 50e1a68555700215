"""A segment gives back whole batches, wherever it was cut; a kill costs what was not yet on disk."""

import signal
import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.archive import names, segment
from adapters.archive.files import FileSource
from adapters.archive.keeping import keep_files
from adapters.archive.query import Query, answer
from adapters.archive.segment import OpenSegment
from adapters.archive.settings import ArchiveSettings
from tests.adapters.archive.reports import NOON_S, Report, batch, rows_of

NOON_US = round(NOON_S * 1_000_000)

# Appends a second's reports again and again, and says each number once it is on disk.
WRITE_UNTIL_KILLED = """
import sys
from pathlib import Path
from adapters.archive.files import FileSink
from tests.adapters.archive.reports import NOON_S, Report, batch

sink = FileSink(Path(sys.argv[1]), keep_free_bytes=0, clock_s=lambda: NOON_S)
sink.prepare()
for second in range(100_000):
    sink.append(batch([Report(at_s=NOON_S + second, track_id=f"jt808:{n}") for n in range(50)]))
    print(second, flush=True)
"""


def kept(root: Path) -> ArchiveSettings:
    return ArchiveSettings(folder=str(root), url="", days=3650, max_bytes=0, keep_free_bytes=0, readers=1)


def test_what_was_appended_is_there_after_kill_9(tmp_path: Path) -> None:
    """Every second that was said to be written, before and after house was kept; and the next run goes on."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITE_UNTIL_KILLED, tmp_path], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    said = [int(next(writer.stdout)) for _ in range(20)]
    writer.send_signal(signal.SIGKILL)
    said += [int(line) for line in writer.stdout]
    writer.wait()
    asked = Query(from_us=NOON_US, to_us=NOON_US + 10**12, limit=10**7)
    before = rows_of(answer(FileSource(tmp_path), asked).rows)
    seconds = {(row[0] - NOON_US) // 1_000_000 for row in before}
    assert seconds >= set(said)
    assert len(seconds - set(said)) <= 1  # the one that was on disk but not yet said
    assert len(before) == 50 * len(seconds)  # whole seconds only
    report = keep_files(kept(tmp_path), names.contents(tmp_path).last_serial, NOON_US)
    assert report.settled_rows == len(before)
    assert names.contents(tmp_path).segments == ()
    assert rows_of(answer(FileSource(tmp_path), asked).rows) == before


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_segment_cut_anywhere_gives_its_whole_batches(data: st.DataObject) -> None:
    """Never half a batch, never an error, nothing after the cut."""
    folder = Path(CUT.name)
    path = folder / "whole.arrows"
    if not path.exists():
        written = OpenSegment(path)
        for second in range(4):
            written.append(batch([Report(at_s=NOON_S + second, track_id=f"jt808:{n}") for n in range(9)]))
        written.close()
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    tail = data.draw(st.binary(max_size=64) | st.just(bytes(4096)))  # what a disk may leave behind the end
    torn = folder / "torn.arrows"
    torn.write_bytes(whole[:cut] + tail)
    found = rows_of(segment.table(torn))
    assert found == rows_of(segment.table(path))[: len(found)]
    assert len(found) % 9 == 0


def setup_module() -> None:
    global CUT  # noqa: PLW0603 (hypothesis and tmp_path do not go together)
    import tempfile

    CUT = tempfile.TemporaryDirectory()


def teardown_module() -> None:
    CUT.cleanup()
