"""Who is a partner now: the `[[partner]]`s of the configuration and those who joined by an invitation.

Those who joined stand in the journal, so they come and go while the server runs and are there again after a restart.
Of them one certificate is taken, the one that was issued when they joined; one that was shut out is refused whatever
the configuration says.
"""

from collections.abc import Callable

from adapters.config import Config, PartnerSection
from dispatch import enrol
from dispatch.consent_records import Beyond
from dispatch.enrol_records import JoinedSite
from dispatch.errors import Refused
from dispatch.world import World


class Partners:
    """Read anew from the world each time: it is asked seldom, and the world is what counts."""

    def __init__(self, config: Config, world: Callable[[], World]) -> None:
        self._config, self._world = config, world

    def sections(self) -> dict[str, PartnerSection]:
        """Every partner by site, in the order of the configuration, then as they joined."""
        world = self._world()
        shut = {site for site, each in world.joined_sites.items() if each.shut_out_at is not None}
        joined = sorted(enrol.present(world).values(), key=lambda each: (each.joined_at, each.site))
        listed = {each.site: each for each in self._config.partner if each.site not in shut}
        return listed | {each.site: _section(each) for each in joined if each.site not in listed}

    def beyond(self, partner: str) -> tuple[Beyond, ...]:
        """The sites that are reached over a partner."""
        return tuple(
            Beyond(site=each.site, agreement=each.agreement)
            for each in self._config.partner
            if each.via == partner
        )

    def joined(self, site: str) -> JoinedSite | None:
        """The record of one who joined, shut out or not."""
        return self._world().joined_sites.get(site)

    def check(self, site: str, certificate: bytes) -> None:
        """Raises Refused for a site that was shut out, or that joined with another certificate (DER) than this."""
        joined = self.joined(site)
        if joined is None:
            return
        if joined.shut_out_at is not None:
            raise Refused("SHUT_OUT", f"site {site} was shut out")
        if certificate not in (joined.certificate, joined.former or joined.certificate):
            raise Refused("CERTIFICATE", f"not the certificate that site {site} joined with")


def _section(joined: JoinedSite) -> PartnerSection:
    return PartnerSection(site=joined.site, name=joined.name, agreement=joined.agreement)
