"""An answer by SMS, as people type it.

    1 4827        accept                  接受 4827 · 收到4827 · １　４８２７ · 14827
    2 4827 1      refuse, bad weather     拒绝 4827 天气 · 2,4827,1 · 248271

The reasons are the six of RefusalReason, in their order. Spaces, punctuation and full-width forms do not matter;
quoted text is passed over; thanks after it do no harm, but a word that says the contrary makes it ambiguous, and an
answer that might be read two ways is never taken for either.
"""

import re
import unicodedata
from dataclasses import dataclass

from dispatch.callout_kinds import ReplyResult
from dispatch.kinds import RefusalReason

MAX_CHARACTERS = 500  # a reply is short; what is longer is an advertisement or an attack
CODE_DIGITS = 4
REASONS = tuple(RefusalReason)  # 1 to 6

_ACCEPT = ("接受", "同意", "收到", "确认", "执行")
_REFUSE = ("拒绝", "不接受", "不同意", "拒", "不能", "无法")
_CONTRARY = re.compile(r"不|拒|无法|别|没|取消|勿")
_REASON_WORDS: dict[str, RefusalReason] = {
    "天气": RefusalReason.WEATHER,
    "机件": RefusalReason.AIRCRAFT,
    "故障": RefusalReason.AIRCRAFT,
    "机组": RefusalReason.CREW,
    "油料": RefusalReason.FUEL,
    "机型": RefusalReason.CAPABILITY,
    "能力": RefusalReason.CAPABILITY,
    "航线": RefusalReason.ROUTE_OR_WATER,
    "水源": RefusalReason.ROUTE_OR_WATER,
}
_GAP = r"[\s,.;:、，。；：/+\-_#*]*"
_LINE = re.compile(
    rf"(?:回|回复|复)?{_GAP}(?P<choice>1|2|{'|'.join(sorted((*_ACCEPT, *_REFUSE), key=len, reverse=True))})"
    rf"{_GAP}(?P<code>[0-9]{{{CODE_DIGITS}}})(?:{_GAP}(?P<reason>[1-6]))?(?![0-9])(?P<rest>[^0-9]*)\Z"
)
_QUOTES = re.compile(r"“[^”]*”|「[^」]*」|『[^』]*』|\"[^\"]*\"|【[^】]*】|《[^》]*》")
_QUOTED_LINE = re.compile(r"^\s*(?:>|\||-{2,}|原文|引用|发件人)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What somebody answers. `refusal` None with accept."""

    accept: bool
    code: str
    refusal: RefusalReason | None = None


def parse(text: str) -> Reply | ReplyResult:
    """The answer, or UNREADABLE, AMBIGUOUS, REASON_MISSING."""
    if len(text) > MAX_CHARACTERS:
        return ReplyResult.UNREADABLE
    plain = _QUOTES.sub("\n", unicodedata.normalize("NFKC", text).replace("\r", "\n"))
    lines = (line.strip() for line in plain.split("\n") if not _QUOTED_LINE.match(line))
    found = {read for line in lines if (read := _read(line)) is not None}
    if len(found) > 1:
        return ReplyResult.AMBIGUOUS
    return found.pop() if found else ReplyResult.UNREADABLE


def _read(line: str) -> Reply | ReplyResult | None:
    """What one line answers; None: nothing."""
    match = _LINE.match(line)
    if match is None:
        return None
    choice, rest = match["choice"], match["rest"]
    accept = choice == "1" or choice in _ACCEPT
    if accept:
        if _CONTRARY.search(rest) or match["reason"] is not None:
            return ReplyResult.AMBIGUOUS
        return Reply(accept=True, code=match["code"])
    if any(word in rest for word in ("接受", "同意")):
        return ReplyResult.AMBIGUOUS
    refusal = REASONS[int(match["reason"]) - 1] if match["reason"] else _reason_in(rest)
    if refusal is None:
        return ReplyResult.REASON_MISSING
    return Reply(accept=False, code=match["code"], refusal=refusal)


def _reason_in(rest: str) -> RefusalReason | None:
    named = {reason for word, reason in _REASON_WORDS.items() if word in rest}
    return named.pop() if len(named) == 1 else None
