"""Two sites that help each other, in one process: what leaves one waits until it is delivered to the other."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from dispatch import aid, partner
from dispatch.aid_commands import (
    ActOnAidOffer,
    ActOnAidRequest,
    AidAircraftOffered,
    AidPlace,
    AskAid,
    ReceiveAid,
)
from dispatch.aid_kinds import AidAskAction, AidOfferAction, AidState
from dispatch.aid_lent import offer_of
from dispatch.aid_records import AidOffer, AidRequest, AidTerms
from dispatch.aid_state import joint
from dispatch.facts import Recorded
from dispatch.fold import fold
from dispatch.incident_commands import ActOnIncident
from dispatch.kinds import IncidentAction, Role, TaskKind
from dispatch.resource_commands import SaveResource
from tests.dispatch.scene import Scene, aircraft


class AidPair:
    """36 asks, 43 helps. `ours` and `theirs` are their scenes; `out[site]` what left it and has not arrived."""

    def __init__(self) -> None:
        self.ours, self.theirs = Scene(), Scene("43")
        for number in (1, 2):  # another province's aircraft have addresses of their own
            craft = replace(aircraft(number), icao24=f"78e0{number:02x}", site="43")
            self.theirs.site_asks(SaveResource(resource=craft, version_seen=1))
        self.sent = {"36": 0, "43": 0}
        self.request_id = ""

    def ask(self) -> str:
        """A confirmed fire and a request for one aircraft."""
        incident_id = self.ours.report()
        confirm = ActOnIncident(incident_id=incident_id, action=IncidentAction.CONFIRM, version_seen=1)
        self.ours.ask(Role.DISPATCHER, confirm)
        now = self.ours.now
        terms = AidTerms(
            task=TaskKind.WATER,
            count=1,
            needed_by=now + timedelta(hours=2),
            until=now + timedelta(hours=8),
        )
        self.ours.ask(
            Role.DISPATCHER, AskAid(incident_id=incident_id, partners=("43",), terms=terms), actor="zhang.wei"
        )
        self.request_id = next(iter(self.ours.world.aid_requests))
        return self.request_id

    def request(self, scene: Scene | None = None) -> AidRequest:
        """The request as a site has it."""
        return (scene or self.ours).world.aid_requests[self.request_id]

    def offer(self, scene: Scene | None = None) -> AidOffer | None:
        """The offer as a site has it."""
        world = (scene or self.theirs).world
        request = world.aid_requests.get(self.request_id)
        return None if request is None else offer_of(world, request)

    def state(self, scene: Scene) -> AidState:
        """What a site's screen says."""
        return joint(self.request(scene), self.offer(scene))

    def asking(self, action: AidAskAction, role: Role = Role.DUTY_CHIEF, **more: Any) -> None:
        """A step at 36."""
        offer = self.offer(self.ours)
        more.setdefault("reason", "不再需要")
        if action is AidAskAction.ACCEPT:
            more = {
                "offer_version": offer.version if offer is not None else 0,
                "base_id": "JX-JA",
                **more,
            }
        if action is AidAskAction.TAKE_COMMAND:
            more = {"handover": self.place("43 机长"), **more}
        version = more.pop("version_seen", self.request().version)
        self.ours.ask(
            role,
            ActOnAidRequest(request_id=self.request_id, action=action, version_seen=version, **more),
            actor="li.na",
        )

    def helping(self, action: AidOfferAction, role: Role = Role.DUTY_CHIEF, **more: Any) -> None:
        """A step at 43."""
        offer = self.offer()
        more.setdefault("reason", "本省有火")
        if action is AidOfferAction.OFFER:
            eta = self.theirs.now + timedelta(hours=1)
            more = {"aircraft": (AidAircraftOffered(aircraft_id="B-7001", eta=eta),), **more}
        if action is AidOfferAction.HAND_OVER:
            more = {"handover": self.place("36 前指"), **more}
        version = more.pop("version_seen", offer.version if offer is not None else 1)
        self.theirs.ask(
            role,
            ActOnAidOffer(
                offer_id=offer.id if offer is not None else "43-AOF-NONE",
                action=action,
                version_seen=version,
                **more,
            ),
            actor="wang.fang",
        )

    def place(self, other: str) -> AidPlace:
        """Where command passes."""
        return AidPlace(at=self.ours.now, place="修水县起降点", other_role=other)

    def receive(self) -> None:
        """43's clock puts what has come in on its desk."""
        for one in aid.due(self.theirs.world, self.theirs.now):
            if isinstance(one, ReceiveAid):
                self.theirs.site_asks(one)

    def leaving(self, scene: Scene) -> list[Recorded]:
        """Everything that may travel from a site, in its order."""
        to = "43" if scene.site == "36" else "36"
        own = [each for each in scene.journal if each.origin == scene.site]
        return [each for each in own if partner.shareable(scene.world, each, to)]

    def deliver(self, scene: Scene, recorded: Recorded) -> None:
        """One row comes to the other site, its person replaced by the site as the link does."""
        to = self.theirs if scene is self.ours else self.ours
        partner.check_received(to.world, recorded.fact, scene.site)
        arrived = replace(recorded, seq=len(to.journal) + 1, at=to.now, actor=scene.site)
        to.journal.append(arrived)
        to.world = fold(to.world, arrived)

    def exchange(self) -> None:
        """Everything that left and has not arrived arrives, both ways."""
        for scene in (self.ours, self.theirs):
            rows = self.leaving(scene)
            for row in rows[self.sent[scene.site] :]:
                self.deliver(scene, row)
            self.sent[scene.site] = len(rows)
