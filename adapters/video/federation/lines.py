"""What video needs of the links."""

from typing import Protocol

from protocols.codec.link_video import VideoWord


class Lines(Protocol):
    """The links (adapters/link/links.py), to partners that are linked directly."""

    def say_video(self, site: str, word: VideoWord) -> bool:
        """Put it out, if the link is up, the partner reads it and the line has room."""

    def full(self, site: str) -> bool:
        """Whether its socket holds more than it likes, or is not there."""

    def connection(self, site: str) -> int:
        """The number of its present connection that has greeted; 0: none."""

    def skew_us(self, site: str) -> int:
        """How far its clock is ahead of ours, as far as known."""

    def count_refused(self, site: str, code: str, count: int) -> None:
        """For the link page: so much was not taken."""
