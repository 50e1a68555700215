"""Who may ask whom in, what makes a code good, who is shut out: rules over worlds, no IO."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch import enrol
from dispatch.commands import Ask
from dispatch.consent_commands import ProposeConsent, SignConsent
from dispatch.consent_kinds import ConsentState
from dispatch.decide import decide
from dispatch.enrol_commands import InviteSite, JoinSite, ShutOutSite, WithdrawInvitation
from dispatch.errors import Forbidden, GanyingError, Malformed, Refused, Unknown
from dispatch.facts import Recorded
from dispatch.fold import fold
from dispatch.kinds import Role
from dispatch.world import World
from tests.dispatch.consents import terms
from tests.dispatch.scene import NOW

DIGEST = "ab" * 32


class Scene:
    """A world that grows by what is asked."""

    def __init__(self) -> None:
        self.world = World.empty("36")
        self.now = NOW
        self.keys = count()

    def ask(
        self, command: Any, role: Role | None = Role.DUTY_CHIEF, partners: tuple[str, ...] = ("43",)
    ) -> Any:
        key = f"k{next(self.keys)}"
        ask = Ask(actor=str(role) if role else "cli:root", role=role, command_id=key, command=command)
        made = decide(self.world, ask, self.now, frozenset(partners))
        for part, fact in enumerate(made):
            self.world = fold(
                self.world,
                Recorded(
                    seq=self.world.seq + 1,
                    at=self.now,
                    origin="36",
                    origin_seq=self.world.seq + 1,
                    command_id=key,
                    part=part,
                    actor=ask.actor,
                    role=role,
                    fact=fact,
                ),
            )
        return made


def invite(site: str = "36-YS1", digest: str = DIGEST, **more: Any) -> InviteSite:
    return InviteSite(
        **{
            "site": site,
            "name": "前指车",
            "agreement": "江西省内-2026",
            "valid_hours": 24.0,
            "secret_sha256": digest,
            **more,
        }
    )


def join(digest: str = DIGEST) -> JoinSite:
    return JoinSite(secret_sha256=digest, certificate=b"DER")


def code_of(scene: Scene, command: Any, role: Role | None = Role.DUTY_CHIEF) -> str:
    with pytest.raises(GanyingError) as found:
        scene.ask(command, role)
    return found.value.code


def test_who_joined_is_a_partner_and_the_code_is_good_once() -> None:
    scene = Scene()
    scene.ask(invite())
    scene.ask(join(), None)
    assert enrol.partners(scene.world, frozenset({"43"})) == {"43", "36-YS1"}
    assert code_of(scene, join(), None) == "USED"
    assert code_of(scene, invite()) == "PARTNER_EXISTS"


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.DUTY_CHIEF, Role.SECADMIN, Role.SYSADMIN}, key=str))
def test_only_chiefs_and_administrators_invite_and_shut_out(role: Role) -> None:
    for command in (invite(), ShutOutSite(site="36-YS1", reason="x"), WithdrawInvitation(invitation_id="x")):
        with pytest.raises(Forbidden):
            Scene().ask(command, role)


def test_nobody_but_the_site_itself_lets_a_newcomer_in() -> None:
    scene = Scene()
    scene.ask(invite())
    with pytest.raises(Forbidden):
        scene.ask(join(), Role.DUTY_CHIEF)


@pytest.mark.parametrize("site", ["36", "43", "43-YS1", "42-YS1"])
def test_a_site_vouches_for_vehicles_and_bases_of_its_own_province_alone(site: str) -> None:
    assert code_of(Scene(), invite(site)) == "NOT_OURS"


def test_bounds_of_an_invitation() -> None:
    scene = Scene()
    for more in (
        {"valid_hours": 0.1},
        {"valid_hours": 169.0},
        {"valid_hours": float("nan")},
        {"name": " "},
        {"agreement": "x" * 121},
        {"name": "a\nb"},
        {"secret_sha256": ""},
        {"site": "36-ys1"},
    ):
        with pytest.raises(Malformed):
            scene.ask(invite(**more))
    for number in range(enrol.MOST_OPEN):
        scene.ask(invite(f"36-V{number}", digest=f"{number:064}"))
    assert code_of(scene, invite("36-V99")) == "TOO_MANY_OPEN"
    assert code_of(scene, invite("36-V1")) == "INVITED"
    scene.now += timedelta(hours=24)
    scene.ask(invite("36-V1"))


def test_withdrawn_and_expired_codes_are_refused_by_name() -> None:
    scene = Scene()
    scene.ask(invite())
    (one,) = scene.world.invitations.values()
    scene.ask(WithdrawInvitation(invitation_id=one.id, reason="换车"))
    assert code_of(scene, join(), None) == "WITHDRAWN"
    assert code_of(scene, WithdrawInvitation(invitation_id=one.id)) == "NOT_NOW"
    scene.ask(invite(digest="cd" * 32, valid_hours=1.0))
    scene.now += timedelta(hours=1)
    assert code_of(scene, join("cd" * 32), None) == "EXPIRED"
    assert code_of(scene, join("ef" * 32), None) == "WRONG_CODE"


def test_who_is_shut_out_is_no_partner_and_what_was_agreed_with_it_ends() -> None:
    scene = Scene()
    scene.ask(invite())
    scene.ask(join(), None)
    scene.ask(ProposeConsent(partner="36-YS1", terms=terms()))
    (consent,) = scene.world.consents.values()
    scene.ask(SignConsent(consent_id=consent.id, version_seen=consent.version), Role.SECADMIN)
    scene.ask(ShutOutSite(site="36-YS1", reason="车辆失窃"))
    assert enrol.partners(scene.world, frozenset({"43"})) == {"43"}
    assert [each.state for each in scene.world.consents.values()] == [ConsentState.REVOKED]
    assert code_of(scene, ShutOutSite(site="36-YS1", reason="again")) == "NOT_NOW"
    with pytest.raises(Unknown):
        scene.ask(ShutOutSite(site="43", reason="a neighbour is in the configuration"))
    scene.ask(invite(digest="cd" * 32))
    scene.ask(join("cd" * 32), None)
    assert "36-YS1" in enrol.present(scene.world)


@given(st.lists(st.sampled_from(["invite", "withdraw", "join", "wait", "shut"]), max_size=12))
def test_whatever_order_a_code_never_lets_two_in(acts: list[str]) -> None:
    """A state machine in small: after any acts each invitation has let in one site at most."""
    scene, joins = Scene(), 0
    for number, act in enumerate(acts):
        digest = f"{number:064}"
        open_now = [each for each in scene.world.invitations.values() if enrol.is_open(each, scene.now)]
        try:
            if act == "invite":
                scene.ask(invite(digest=digest))
            elif act == "withdraw" and open_now:
                scene.ask(WithdrawInvitation(invitation_id=open_now[0].id))
            elif act == "join":
                every = list(scene.world.invitations.values())
                for each in every:
                    try:
                        scene.ask(join(each.secret_sha256), None)
                        joins += 1
                    except Refused as error:
                        assert error.code in {"USED", "WITHDRAWN", "EXPIRED"}
            elif act == "wait":
                scene.now += timedelta(hours=24)
            elif act == "shut":
                scene.ask(ShutOutSite(site="36-YS1", reason="x"))
        except (Refused, Unknown):
            continue
    assert joins == sum(each.used_at is not None for each in scene.world.invitations.values())
