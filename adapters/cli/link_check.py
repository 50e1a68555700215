"""`ganying link-check URL`: does the other end speak the link as docs/link_protocol.md says?

Dials as a site of its own, `--site`, for which the other end has a `[[partner]]` with this agreement and nothing else:
never as a site that is linked in earnest, since the checks end connections and move its cursor. One line a rule; exit
status 1 when one is broken, 2 when there was nobody to ask.
"""

import argparse
import ssl
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from cryptography import x509

from adapters.cli import link_check_beside as beside
from adapters.cli import link_check_rows as rows
from adapters.cli.link_check_talk import ANSWER_S, Asked, Broken, ended, greeted, have, heard
from adapters.cli.link_check_wire import Ended, Papers, Wire
from adapters.tls import site_of
from dispatch.errors import GanyingError, Malformed
from protocols.codec import link
from protocols.codec.link import Ack, Batch, Beat, Greet, Part

BEATS_S = 5.0  # a beat is due every 2 s
SILENCE_S = 12.0  # three beats missed, and some
OVERSIZE = link.MAX_MESSAGE_BYTES + 1
WINDOW_S = 2.0  # for what would come too much
WINDOW = 4  # batches of a lane that may be unacknowledged
UNKNOWN_FIELD = b"\xa2\x1f\x03new"  # number 500, three bytes
_US = 1_000_000


Rule = Callable[[Asked], None]


def run_checks(asked: Asked, tell: Callable[[str], None]) -> int:
    """All rules in order; how many are broken."""
    broken = 0
    for number, (text, rule) in RULES.items():
        try:
            rule(asked)
            tell(f"ok     {number:<4} {text}")
        except (Broken, Ended, Malformed, TimeoutError) as error:
            broken += 1
            tell(f"BROKEN {number:<4} {text}: {error}")
    return broken


def _now_us() -> int:
    return round(time.time() * _US)


def _without_certificate(asked: Asked) -> None:
    try:
        wire = Wire(asked.url, replace(asked.papers, certificate=None, key=None))
        message = wire.receive(ANSWER_S)
    except (Ended, ssl.SSLError, OSError, TimeoutError):
        return
    raise Broken(f"it answered somebody without a certificate ({type(message).__name__})")


def _paths(asked: Asked) -> None:
    wire = Wire(asked.url + "/elsewhere", asked.papers)
    wire.close()
    if wire.status == 101:
        raise Broken("any path is taken")
    try:
        other = Wire(asked.url, asked.papers, subprotocol="something.v9")
    except Ended:
        return
    other.close()
    if other.status == 101:
        raise Broken("any subprotocol is taken")
    ours = Wire(asked.url, asked.papers)
    ours.close()
    if ours.status != 101 or ours.subprotocol != link.SUBPROTOCOL:
        raise Broken(f"{ours.status} with subprotocol {ours.subprotocol!r}, not 101 with {link.SUBPROTOCOL}")


def _greets(asked: Asked) -> None:
    wire, theirs = heard(asked)
    wire.close()
    if theirs.site != wire.site:
        raise Broken(f"it says {theirs.site!r}, its certificate {wire.site!r}")
    if theirs.version != link.VERSION or not theirs.epoch:
        raise Broken(f"version {theirs.version}, epoch {theirs.epoch!r}")
    if theirs.minor >= 1 and not theirs.lanes:
        raise Broken("minor 1 without lanes")


def _beats(asked: Asked) -> None:
    talk = greeted(asked)
    sent = _now_us()
    talk.wire.send(Beat(at_us=sent, echo_us=0, echo_age_us=0))
    until = time.monotonic() + 2 * BEATS_S
    while time.monotonic() < until:
        beat = talk.receive(Beat, BEATS_S)
        if isinstance(beat, Beat) and beat.echo_us == sent:
            talk.wire.close()
            return
    raise Broken("no beat echoes ours")


def _acknowledged(asked: Asked) -> int:
    """Send an empty batch on lane 0; how far it was acknowledged."""
    talk = greeted(asked)
    after = have(talk.theirs)
    talk.wire.send(Batch(after=after, through=after + 3, rows=()))
    ack = talk.receive(Ack)
    talk.wire.close()
    if not isinstance(ack, Ack) or (ack.through, ack.lane) != (after + 3, 0):
        raise Broken(f"acknowledged {ack}, not {after + 3} of lane 0")
    return after + 3


def _acks(asked: Asked) -> None:
    _acknowledged(asked)


def _resumes(asked: Asked) -> None:
    through = _acknowledged(asked)
    wire, theirs = heard(asked)
    wire.close()
    if have(theirs) != through:
        raise Broken(f"it has {have(theirs)} and acknowledged {through}")


def _bad_batch(asked: Asked, shift: int) -> None:
    talk = greeted(asked)
    after = max(0, have(talk.theirs) + shift)
    talk.wire.send(Batch(after=after, through=after + 2, rows=()))
    ended(talk, "MALFORMED")
    wire, theirs = heard(asked)
    wire.close()
    if have(theirs) != have(talk.theirs):
        raise Broken("its cursor moved all the same")


def _gap(asked: Asked) -> None:
    _bad_batch(asked, 5)


def _again(asked: Asked) -> None:
    _acknowledged(asked)
    _bad_batch(asked, -2)


def _unknown_field(asked: Asked) -> None:
    talk = greeted(asked)
    after = have(talk.theirs)
    batch = link.encode(Batch(after=after, through=after + 1, rows=()))
    # an unknown field beside the known ones, and a whole message of an unknown kind
    talk.wire.send_bytes(batch + UNKNOWN_FIELD)
    talk.receive(Ack)
    if talk.theirs.minor >= 1:
        talk.wire.send_bytes(UNKNOWN_FIELD)
        talk.wire.send(Batch(after=after + 1, through=after + 2, rows=()))
        talk.receive(Ack)
    talk.wire.close()


def _garbage(asked: Asked) -> None:
    talk = greeted(asked)
    talk.wire.send_bytes(b"\xff\xff\xff\xff")
    ended(talk, "MALFORMED")
    talk = greeted(asked)
    talk.wire.send_bytes(b"hello", text=True)
    ended(talk, "MALFORMED")


def _oversize(asked: Asked) -> None:
    talk = greeted(asked)
    talk.wire.announce(OVERSIZE)
    ended(talk, "MALFORMED")


def _wrong_version(asked: Asked) -> None:
    ended(greeted(asked, lambda ours: replace(ours, version=99)), "VERSION")


def _wrong_agreement(asked: Asked) -> None:
    ended(greeted(asked, lambda ours: replace(ours, agreement=ours.agreement + " (other)")), "AGREEMENT")


def _wrong_site(asked: Asked) -> None:
    ended(greeted(asked, lambda ours: replace(ours, site="99")), "SITE_MISMATCH")


def _ahead(asked: Asked) -> None:
    def more(ours: Greet) -> Greet:
        lanes = tuple(replace(each, have=each.have + 1_000_000) for each in ours.lanes)
        return replace(ours, have=ours.have + 1_000_000, lanes=lanes)

    ended(greeted(asked, more), "HAVE_AHEAD")


def _silent(asked: Asked) -> None:
    ended(greeted(asked), "SILENT", within_s=SILENCE_S)


def _window(asked: Asked) -> None:
    """From the first row on, and nothing acknowledged: batches join, rows are in order, and there are few of them."""

    def nothing(ours: Greet) -> Greet:
        return replace(ours, have=0, lanes=tuple(replace(each, have=0) for each in ours.lanes))

    talk = greeted(asked, nothing)
    at: dict[int, int] = {}
    count: dict[int, int] = {}
    until = time.monotonic() + WINDOW_S
    while (left := until - time.monotonic()) > 0:
        try:
            message = talk.wire.receive(left)
        except TimeoutError:
            break
        if isinstance(message, Part):
            raise Broken(f"parted with {message.code}")
        if isinstance(message, Batch):
            if message.after != at.get(message.lane, 0):
                raise Broken(f"a batch after {message.after}, the last ended at {at.get(message.lane, 0)}")
            at[message.lane] = message.through
            count[message.lane] = count.get(message.lane, 0) + 1
    talk.wire.close()
    if any(each > WINDOW for each in count.values()):
        raise Broken(f"{max(count.values())} batches of a lane without an Ack")


RULES: dict[str, tuple[str, Rule]] = {
    "L1": ("nobody without a certificate is let in", _without_certificate),
    "L2": ("only the path and the subprotocol ganying-link.v1 are upgraded", _paths),
    "L3": ("its first message is a Greet: site of its certificate, version 1, an epoch, its lanes", _greets),
    "L4": ("beats come, and echo ours", _beats),
    "L5": ("a batch is acknowledged on its lane, whole", _acks),
    "L6": ("a new connection goes on from what was acknowledged", _resumes),
    "L7": ("a batch that comes again is refused and moves nothing", _again),
    "L8": ("a gap is refused and moves nothing", _gap),
    "L9": ("unknown fields and messages are passed over", _unknown_field),
    "L10": ("what does not read, and text, ends the connection", _garbage),
    "L11": ("a frame over 4 MiB is refused unread", _oversize),
    "L12": ("another version is refused", _wrong_version),
    "L13": ("another agreement is refused", _wrong_agreement),
    "L14": ("a site that is not the certificate's is refused", _wrong_site),
    "L15": ("somebody who has more than there is is refused", _ahead),
    "L16": ("its batches join, and at most four of a lane wait for an Ack", _window),
    "L17": ("somebody silent is let go", _silent),
    "L18": ("a row that was acknowledged is kept, whatever happens next", rows.kept),
    "L19": ("a row that comes twice is kept once, and its number takes no other text", rows.once),
    "L20": ("a row that is not the sender's own is dropped and the cursor passes it", rows.foreign),
    "L21": ("a row by an unknown role is dropped alone", rows.unknown_role),
    "L22": (
        "a question about past tracks is answered with what it asks for, or a code",
        beside.past_answered,
    ),
    "L23": ("a newer question about past tracks takes the place of the one before", beside.past_newest),
    "L24": ("past tracks that nobody asked for are passed over", beside.past_unasked),
    "L25": ("who names neither past tracks nor video is told nothing of them", beside.not_named),
    "L26": (
        "a stream that was not granted is refused by a code, and no picture comes",
        beside.video_not_granted,
    ),
    "L27": ("video that nobody asked for is dropped, and the link goes on", beside.video_unasked),
}


def add_parser(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `link-check`."""
    parser = sub.add_parser("link-check", help="test another implementation of the link")
    parser.add_argument("url", help="wss://host:port/link")
    parser.add_argument("--certificate", type=Path, required=True, help="of a site for tests alone")
    parser.add_argument("--key", type=Path, required=True)
    parser.add_argument("--ca", type=Path, required=True, help="authorities of the federation")
    parser.add_argument("--agreement", required=True, help="as the other end's [[partner]] names it")
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """0 when every rule is kept, 1 when not, 2 when nobody answered."""
    papers = Papers(certificate=arguments.certificate, key=arguments.key, ca=arguments.ca)
    try:
        own = site_of(x509.load_pem_x509_certificate(arguments.certificate.read_bytes()))
        asked = Asked(url=arguments.url, papers=papers, site=own, agreement=arguments.agreement)
        Wire(asked.url, papers).close()
        broken = run_checks(asked, lambda line: print(line, flush=True))
    except (GanyingError, OSError, ValueError, Ended) as error:
        print(f"ganying link-check: {error}", file=sys.stderr)
        return 2
    print(f"{len(RULES) - broken} of {len(RULES)} rules kept")
    return 1 if broken else 0
