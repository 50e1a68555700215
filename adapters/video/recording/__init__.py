"""Recordings of video: written by the processes that take it in, found, replayed and exported by processes of their own.

    video process ── recorder.py ── segment_file.py ──► recordings/STREAM/2026-11-27/103000-1795….gyv + .json (places.py)
                                                                │
    site: recordings.py ── asking.py ──► child.py: catalogue.py (search) · still.py · clip.py (MP4) · house.py (quota)
          replays.py, chunks.py: what a viewer is sent, written down first

docs/video_recording.md describes it.
"""
