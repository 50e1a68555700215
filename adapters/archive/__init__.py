"""The archive (航迹档案): every accepted report on disk, in columns, for as long as the law and the disk say.

A report's way: `dispatch.history.History` (memory) -> `archive.Archive.take` once a second -> one writer thread
(`writer.py`) -> an open segment -> `housekeeping.py`, a process of its own -> Parquet -> `query.py`, in another.

    archive/open/00000042.arrows                 being written: an Arrow stream, on disk to the second (segment.py)
    archive/2026-11-24/03-…-….parquet            an hour's reports, sorted by thing and time (settle.py)
    archive/late/…                               reports that came hours after they were made, from a terminal's memory

Names say what is inside (names.py), so nothing is opened to find out, and every step can be killed at any byte:
segments are read up to where they end, and a file that replaces others is born whole and by one rename.
With `store = "database"` rows of one table take the place of files (adapters/store/archive.py).
"""
