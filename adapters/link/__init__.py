"""Links to partner sites over WebSocket with mutual TLS. `Links` is the door; docs/federation.md tells the whole."""

from adapters.link.links import Links
from adapters.link.status import LinkStatus

__all__ = ["LinkStatus", "Links"]
