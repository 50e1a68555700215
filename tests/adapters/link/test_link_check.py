"""The conformance checks: our own link keeps every rule; an end that does not is named."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.threads import deferToThread

from adapters.cli import link_check, link_check_talk
from adapters.cli.link_check import run_checks
from adapters.cli.link_check_talk import Asked, Broken
from adapters.cli.link_check_wire import Papers
from dispatch.errors import Malformed
from protocols.codec import link
from protocols.codec.link import Ack, Batch, Greet, Message, Part, PastAsk, PastPart
from protocols.codec.link_video import VideoOver, VideoPiece, VideoPull, VideoTook
from tests.adapters.link.sites import AGREEMENT, Site, certificates, partner, sites
from tests.adapters.video.federation.sites import FilmSite


def asked_of(site: Site, ca: Path) -> Asked:
    papers = Papers(certificate=ca / "36-T1.crt", key=ca / "36-T1.key", ca=ca / "ca.crt")
    return Asked(
        url=f"wss://127.0.0.1:{site.links.port}/link", papers=papers, site="36-T1", agreement=AGREEMENT
    )


@pytest_twisted.ensureDeferred
async def test_our_own_link_keeps_every_rule(tmp_path: Path) -> None:
    """Over real sockets, from another thread."""
    ca = certificates(tmp_path / "ca", "43", "36-T1")
    site = FilmSite(tmp_path, "43", ca)
    site.archived = True
    async with sites(site):
        await site.start(partner("36-T1"))
        for number in range(3):
            await site.shared_incident(f"fire {number}", "36-T1")
        said: list[str] = []
        broken: Any = await deferToThread(run_checks, asked_of(site, ca), said.append)
        assert broken == 0, [each for each in said if not each.startswith("ok")]
        assert len(said) == len(link_check.RULES)


@pytest_twisted.ensureDeferred
async def test_what_is_asked_with_another_agreement_is_told_by_name(tmp_path: Path) -> None:
    """The other end parts: the rule says with what."""
    ca = certificates(tmp_path / "ca", "43", "36-T1")
    site = Site(tmp_path, "43", ca)
    async with sites(site):
        await site.start(partner("36-T1"))
        asked = replace(asked_of(site, ca), agreement="another")
        with pytest.raises(Broken, match="AGREEMENT"):
            await deferToThread(link_check.RULES["L5"][1], asked)


GREET = Greet(
    site="43",
    name="",
    version=1,
    agreement="a",
    have=7,
    have_epoch="e",
    epoch="f",
    head=9,
    at=datetime(2026, 11, 26, tzinfo=UTC),
)


class Careless:
    """An end that takes everything and acknowledges what it likes."""

    def __init__(self, greet: Greet, through: int) -> None:
        self.theirs, self.through, self.status, self.site = greet, through, 101, greet.site
        self.answers: list[link.Message] = [greet]

    def send(self, message: link.Message) -> None:
        if isinstance(message, Batch):
            self.answers.append(Ack(through=self.through))

    def receive(self, within_s: float) -> link.Message:
        if not self.answers:
            raise TimeoutError(within_s)
        return self.answers.pop(0)

    def until_ended(self, within_s: float) -> str:
        raise TimeoutError(within_s)

    def close(self) -> None:
        """Nothing to close."""

    cut = close


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("L5", "acknowledged"),
        ("L8", "still open"),
        ("L13", "still open"),
        ("L18", "it acknowledged 8 and has 7"),
        ("L19", "acknowledged"),
        ("L20", "acknowledged"),
        ("L21", "acknowledged"),
    ],
)
def test_an_end_that_breaks_a_rule_is_named(
    rule: str, why: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Wrong acknowledgements, gaps and other agreements taken."""
    monkeypatch.setattr(link_check_talk, "Wire", lambda *_, **__: Careless(GREET, through=8))
    papers = Papers(certificate=None, key=None, ca=tmp_path)
    with pytest.raises(Broken, match=why):
        link_check.RULES[rule][1](Asked(url="wss://x/link", papers=papers, site="36-T1", agreement="a"))


class Faulty(Careless):
    """An end that speaks of the past and of video, and answers as `says`."""

    def __init__(self, says: Callable[[Any], list[Message]]) -> None:
        super().__init__(replace(GREET, capabilities=("track_history", "video_pull")), through=8)
        self.says = says

    def send(self, message: Message) -> None:
        super().send(message)
        self.answers += self.says(message)


def part(ask: PastAsk, **other: Any) -> list[Message]:
    """An answer to a question, right but for these."""
    right = PastPart(number=ask.number, from_us=ask.from_us, through_us=ask.to_us)
    return [replace(right, **other)]


def asks(answer: Callable[[PastAsk], list[Message]]) -> Callable[[Any], list[Message]]:
    return lambda message: answer(message) if isinstance(message, PastAsk) else []


def pulls(answer: Callable[[VideoPull], list[Message]]) -> Callable[[Any], list[Message]]:
    return lambda message: answer(message) if isinstance(message, VideoPull) else []


def parts_at(kind: type[Message]) -> Callable[[Any], list[Message]]:
    said = Part(code="MALFORMED", detail="who asked?")
    return lambda message: [said] if isinstance(message, kind) else []


PICTURE = VideoPiece(feed=77, unit=1, offset=0, size=1, key=True, data=b"x")


@pytest.mark.parametrize(
    ("rule", "says", "why"),
    [
        ("L22", asks(lambda _: []), "no PastPart"),
        ("L22", asks(lambda ask: part(ask, number=ask.number + 1)), "an answer to question 2"),
        ("L22", asks(lambda ask: part(ask, through_us=ask.to_us + 1)), "end 1 us after"),
        ("L22", asks(lambda ask: part(ask, through_us=ask.from_us)), "no code"),
        ("L22", asks(lambda ask: part(ask, rows=3, packed={"address": b"no"})), "past_part.address"),
        ("L23", asks(lambda ask: part(ask) if ask.number == 1 else []), "no answer to the newer"),
        ("L23", asks(lambda ask: part(ask) * 2), "one more answer, to question 2"),
        ("L23", asks(lambda ask: part(ask, through_us=ask.to_us + 1) if ask.number == 2 else []), "end 1 us"),
        ("L24", parts_at(PastPart), "parted with MALFORMED"),
        ("L25", asks(part), "a PastPart to who does not name it"),
        ("L25", pulls(lambda pull: [VideoOver(feed=pull.feed, code="NO_STREAM")]), "a VideoOver to who"),
        ("L26", pulls(lambda _: []), "no VideoOver"),
        ("L26", pulls(lambda _: [PICTURE]), "a picture of a stream"),
        ("L26", pulls(lambda _: [VideoOver(feed=1, code="NO_STREAM")]), "of feed 1, not 77"),
        ("L27", parts_at(VideoPiece), "parted with MALFORMED"),
        ("L27", parts_at(VideoTook), "parted with MALFORMED"),
    ],
)
def test_an_end_that_breaks_a_rule_of_the_past_or_of_video_is_named(
    rule: str,
    says: Callable[[Any], list[Message]],
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(link_check_talk, "Wire", lambda *_, **__: Faulty(says))
    papers = Papers(certificate=None, key=None, ca=tmp_path)
    with pytest.raises((Broken, Malformed), match=why):
        link_check.RULES[rule][1](Asked(url="wss://x/link", papers=papers, site="36-T1", agreement="a"))
