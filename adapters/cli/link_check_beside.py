"""What `ganying link-check` asks beside rows: tracks of the past, and video. Who does not name them is not asked.

Nothing that is asked for here was ever granted to the site that asks: streams that nobody granted, and of the past
whatever the consent lets it have, which is mostly nothing, said in the form that any answer has.
"""

import time
from collections.abc import Iterator
from dataclasses import replace

from adapters.cli.link_check_talk import Asked, Broken, Talk, greeted, have
from adapters.cli.link_check_wire import Ended
from protocols.codec.link import Ack, Batch, Beat, Message, Part, PastAsk, PastPart
from protocols.codec.link_past import read_rows
from protocols.codec.link_video import PIECE_BYTES, VideoOver, VideoPiece, VideoPull, VideoTook, VideoWord
from protocols.link_greeting import PAST, VIDEO_PULL

PAST_ANSWER_S = 30.0  # an archive is opened
QUIET_S = 2.0  # for what would come too much
FEED = 77
NEVER_ASKED = 4_000_000_000
_US = 1_000_000


def past_answered(asked: Asked) -> None:
    """One question, of an hour ago to a minute ago."""
    talk = _speaks(asked, PAST)
    if talk is None:
        return
    ask = _question(1)
    talk.wire.send(ask)
    part = next(_heard(talk, PAST_ANSWER_S, PastPart), None)
    talk.wire.close()
    if part is None:
        raise Broken(f"no PastPart within {PAST_ANSWER_S:.0f} s")
    _fits(ask, part)


def past_newest(asked: Asked) -> None:
    """Two at once from the same beginning, the second one shorter: it is the second that counts."""
    talk = _speaks(asked, PAST)
    if talk is None:
        return
    first = _question(1)
    asks = {1: first, 2: replace(first, number=2, to_us=first.to_us - 1800 * _US)}
    for each in asks.values():
        talk.wire.send(each)
    seen: list[int] = []
    for part in _heard(talk, PAST_ANSWER_S, PastPart):
        number = getattr(part, "number", 0)
        if number not in asks:
            raise Broken(f"an answer to question {number}, which was never put")
        _fits(asks[number], part)
        seen.append(number)
        if number == 2:
            break
    if 2 not in seen:
        raise Broken(f"no answer to the newer question within {PAST_ANSWER_S:.0f} s")
    more = next(_heard(talk, QUIET_S, PastPart), None)
    talk.wire.close()
    if more is not None:
        raise Broken(f"one more answer, to question {getattr(more, 'number', 0)}")


def past_unasked(asked: Asked) -> None:
    """An answer without a question."""
    talk = _speaks(asked, PAST)
    if talk is not None:
        ask = _question(NEVER_ASKED)
        talk.wire.send(PastPart(number=ask.number, from_us=ask.from_us, through_us=ask.to_us))
        _goes_on(talk)


def not_named(asked: Asked) -> None:
    """We name neither, and ask for both: no word of either comes, and the link stays."""
    talk = greeted(
        asked,
        lambda ours: replace(
            ours, capabilities=tuple(each for each in ours.capabilities if each not in (PAST, VIDEO_PULL))
        ),
    )
    talk.wire.send(_question(1))
    talk.wire.send(_pull(talk))
    found = next(_heard(talk, QUIET_S, PastAsk, PastPart, VideoPull, VideoPiece, VideoTook, VideoOver), None)
    if found is not None:
        raise Broken(f"a {type(found).__name__} to who does not name it")
    _goes_on(talk)


def video_not_granted(asked: Asked) -> None:
    """A stream that there is not: it is said, with a code, and no picture comes."""
    talk = _speaks(asked, VIDEO_PULL)
    if talk is None:
        return
    talk.wire.send(_pull(talk))
    over = next(_heard(talk, QUIET_S, VideoOver, VideoPiece), None)
    talk.wire.close()
    if not isinstance(over, VideoOver):
        raise Broken("no VideoOver" if over is None else "a picture of a stream that was not granted")
    if over.feed != FEED:
        raise Broken(f"VideoOver of feed {over.feed}, not {FEED}")


def video_unasked(asked: Asked) -> None:
    """Pieces that were not pulled, one of them too large; more taken than was sent; the end of what never began."""
    talk = _speaks(asked, VIDEO_PULL)
    if talk is None:
        return
    piece = VideoPiece(feed=FEED, unit=1, offset=0, size=64, key=True, data=bytes(64))
    wrong: tuple[VideoWord, ...] = (
        piece,
        replace(piece, size=2 * PIECE_BYTES, data=bytes(2 * PIECE_BYTES)),
        VideoTook(bytes=1 << 40),
        VideoOver(feed=FEED, code="NO_STREAM"),
    )
    for each in wrong:
        talk.wire.send(each)
    _goes_on(talk)


def _speaks(asked: Asked, capability: str) -> Talk | None:
    """A connection, if the other end names this; None: it need not answer."""
    talk = greeted(asked)
    if capability in talk.theirs.capabilities:
        return talk
    talk.wire.close()
    return None


def _question(number: int) -> PastAsk:
    now_us = round(time.time() * _US)
    return PastAsk(number=number, from_us=now_us - 3600 * _US, to_us=now_us - 60 * _US, most_bytes=16_384)


def _pull(talk: Talk) -> VideoPull:
    return VideoPull(feed=FEED, stream_id=f"{talk.theirs.site}-VID-LC1")


def _fits(ask: PastAsk, part: Message) -> None:
    """Raises Broken where a part is no answer to the question, Malformed where its columns do not open."""
    assert isinstance(part, PastPart)  # noqa: S101  # who calls this has asked for one
    if part.number != ask.number:
        raise Broken(f"an answer to question {part.number}, not to {ask.number}")
    if part.from_us != ask.from_us or not ask.from_us <= part.through_us <= ask.to_us:
        raise Broken(
            f"its times begin {part.from_us - ask.from_us} us after the question's "
            f"and end {part.through_us - ask.to_us} us after its"
        )
    if part.through_us == part.from_us and not part.code:
        raise Broken("nothing of any time, and no code")
    read_rows(part)


def _goes_on(talk: Talk) -> None:
    """The connection serves still: a batch is acknowledged."""
    after = have(talk.theirs)
    talk.wire.send(Batch(after=after, through=after + 1, rows=()))
    talk.receive(Ack)
    talk.wire.close()


def _heard(talk: Talk, within_s: float, *wanted: type[Message]) -> Iterator[Message]:
    """Messages of these kinds until the time is over; its beats are answered. Raises Broken when the connection ends."""
    until = time.monotonic() + within_s
    while (left := until - time.monotonic()) > 0:
        try:
            message = talk.wire.receive(left)
        except TimeoutError:
            return
        except Ended as error:
            raise Broken(f"ended: {error}") from None
        if isinstance(message, Part):
            raise Broken(f"parted with {message.code} ({message.detail[:80]})")
        if isinstance(message, Batch):
            talk.wire.send(Ack(through=message.through, lane=message.lane))
        elif isinstance(message, Beat):
            talk.wire.send(Beat(at_us=round(time.time() * _US), echo_us=message.at_us, echo_age_us=0))
        elif isinstance(message, wanted):
            yield message
