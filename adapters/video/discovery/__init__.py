"""Senders of video that nobody registered (未登记来源): heard, shown to the desk, bound to an aircraft (docs/video.md)."""
