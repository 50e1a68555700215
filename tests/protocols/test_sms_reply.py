"""Replies as people type them: read where they can only mean one thing, else named, never guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.callout_kinds import ReplyResult
from dispatch.kinds import RefusalReason
from protocols.sms_reply import REASONS, Reply, parse

YES = Reply(accept=True, code="4827")
NO = Reply(accept=False, code="4827", refusal=RefusalReason.WEATHER)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("1 4827", YES),
        ("１　４８２７", YES),
        ("1，4827。", YES),
        ("14827", YES),
        ("回1 4827", YES),
        ("接受4827", YES),
        ("收到 4827", YES),
        ("1 4827 谢谢", YES),
        ("“GY-1126-03灭火 回1 4827接受/2 4827拒绝”\n1 4827", YES),
        ("> 回1 4827接受/2 4827拒绝\n1 4827", YES),
        ("1 4827\n1 4827", YES),
        ("2 4827 1", NO),
        ("２ ４８２７ １", NO),
        ("248271", NO),
        ("拒绝4827天气不好", NO),
        ("不接受 4827 1", NO),
        ("2 4827", ReplyResult.REASON_MISSING),
        ("2 4827 7", ReplyResult.UNREADABLE),
        ("2 4827 天气 机组", ReplyResult.REASON_MISSING),
        ("1 4827 不接受", ReplyResult.AMBIGUOUS),
        ("1 4827 拒绝", ReplyResult.AMBIGUOUS),
        ("1 4827 3", ReplyResult.AMBIGUOUS),
        ("2 4827 1 接受", ReplyResult.AMBIGUOUS),
        ("1 4827\n2 4827 1", ReplyResult.AMBIGUOUS),
        ("1 48271", ReplyResult.AMBIGUOUS),
        ("1 482", ReplyResult.UNREADABLE),
        ("3 4827", ReplyResult.UNREADABLE),
        ("好的", ReplyResult.UNREADABLE),
        ("", ReplyResult.UNREADABLE),
        ("回1 4827接受/2 4827拒绝", ReplyResult.UNREADABLE),
        ("1 4827" + " " * 600, ReplyResult.UNREADABLE),
    ],
)
def test_a_reply_means_one_thing(text: str, means: Reply | ReplyResult) -> None:
    assert parse(text) == means


gaps = st.sampled_from(["", " ", "　", ",", "，", " . ", "\t"])


@given(st.integers(1000, 9999), gaps, gaps, st.integers(1, 6), st.booleans(), st.booleans())
def test_every_way_of_writing_it_is_read(
    code: int, first: str, second: str, reason: int, accept: bool, wide: bool
) -> None:
    text = f"1{first}{code}" if accept else f"2{first}{code}{second}{reason}"
    if wide:
        text = text.translate({ord(str(digit)): 0xFF10 + digit for digit in range(10)})
    refusal = None if accept else REASONS[reason - 1]
    assert parse(text) == Reply(accept=accept, code=str(code), refusal=refusal)


@given(st.text(max_size=700) | st.text(st.sampled_from("12 4827接受拒绝不“”\n>１２，回"), max_size=60))
def test_any_text_is_answered_by_name(text: str) -> None:
    read = parse(text)
    assert isinstance(read, Reply) or read in {
        ReplyResult.UNREADABLE,
        ReplyResult.AMBIGUOUS,
        ReplyResult.REASON_MISSING,
    }
    if isinstance(read, Reply):
        assert len(read.code) == 4
        assert read.code.isascii()
        assert (read.refusal is None) == read.accept
