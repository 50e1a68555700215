"""Who was asked to join, and who has: as they are kept. Every field here has one of the same name in records.proto.

No secret is kept, only its hash; and no key of a newcomer, which never leaves it: only the certificate that names it.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A vehicle or base may join once with the code whose secret has this hash. Aware UTC; `None`: not so far."""

    id: str
    site: str  # the newcomer's id, as 36-YS1
    name: str
    agreement: str
    secret_sha256: str  # hex, of the secret's bytes
    invited_at: datetime
    invited_by: str
    expires_at: datetime
    used_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawn_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedSite:
    """A partner that joined by an invitation. Only this certificate is taken from it; shut out: none."""

    site: str
    name: str
    agreement: str
    invitation_id: str
    invited_by: str
    joined_at: datetime
    certificate: bytes  # X.509, DER: no secret; asked for again by the same key it is given again
    shut_out_at: datetime | None = None
    shut_out_by: str = ""
    reason: str = ""  # why it was shut out
    former: bytes = b""  # the certificate before it was renewed; taken too until it ends
    renewed_at: datetime | None = None
