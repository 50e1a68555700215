"""The broker's subjects of one site. Names of sites, workers and feeds hold no dot, blank or wildcard.

ganying.36.sightings.w1.hill   what feed hill of worker w1 saw: live to the site, and kept by the stream
ganying.36.workers.w1          w1 is alive, once a second
ganying.36.site                the site is alive, and its clock, once a second
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose subject a message came on: the broker lets nobody else speak there. `feed` empty: a beat."""

    worker: str
    feed: str = ""


@dataclass(frozen=True, slots=True)
class Subjects:
    """Of the site with this id."""

    site_id: str

    def sightings(self, worker: str = "*", feed: str = "*") -> str:
        """Where a feed's batches go."""
        return f"ganying.{self.site_id}.sightings.{worker}.{feed}"

    def beat(self, worker: str = "*") -> str:
        """Where a worker says that it is alive."""
        return f"ganying.{self.site_id}.workers.{worker}"

    @property
    def site(self) -> str:
        """Where the site does."""
        return f"ganying.{self.site_id}.site"

    @property
    def stream(self) -> str:
        """The name of the stream that keeps the last minutes."""
        return f"GANYING-{self.site_id}"

    @staticmethod
    def origin(subject: str) -> Origin:
        """Of a subject of `sightings` or `beat`."""
        parts = subject.split(".")
        return Origin(parts[3], parts[4] if len(parts) > 4 else "")
