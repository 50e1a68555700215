"""Whatever is written is read as it was meant, in lines that AFTN takes, and in any pieces."""

from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.flight_messages import reader, told, writer
from protocols.flight_messages.message import Message
from protocols.flight_messages.stream import Deframer, Telegram
from protocols.frames import BadFrame
from tests.protocols.flight_messages.made import messages


@settings(max_examples=150, deadline=None)
@given(messages())
def test_a_message_survives_its_text(message: Message) -> None:
    text = writer.write(message)
    reading = reader.read(text)
    assert reading.message == message
    assert reading.warnings == ()
    assert all(len(line) <= writer.LINE or " " not in line[1:] for line in text.splitlines())
    values = told.values(message)
    assert values["kind"] == message.kind


@settings(max_examples=50, deadline=None)
@given(messages(), st.data())
def test_one_strange_character_is_refused_where_it_stands(message: Message, data: st.DataObject) -> None:
    text = writer.write(message)
    at = data.draw(st.integers(1, len(text) - 2))
    if text[at] in "-\n ":
        return
    reading = reader.read(text[:at] + "#" + text[at + 1 :])
    assert reading.message is None
    assert any(fault.position <= at for fault in reading.faults)


@settings(max_examples=30, deadline=None)
@given(st.lists(messages(), min_size=1, max_size=4), st.data())
def test_any_chunking_gives_the_same_telegrams(sent: list[Message], data: st.DataObject) -> None:
    heading = "ZCZC ABC0123 261200\r\nFF ZSHAZQZX ZSSSZPZX\r\n261200 ZSCNZPZX\r\n"
    stream = "".join(f"{heading}{writer.write(each)}\r\nNNNN\r\n" for each in sent).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    deframer = Deframer()
    items = []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        items += deframer.feed(stream[begin:end])
    items += deframer.close()
    assert [reader.parse(each.text) for each in items if isinstance(each, Telegram)] == sent
    assert [each for each in items if isinstance(each, BadFrame)] == []


def test_what_stands_between_messages_is_told_with_its_line() -> None:
    deframer = Deframer()
    data = b"NNNN\nhello\n(DEP-B(FPL-A\n(CNL-B7601-ZSCN0130-ZSJJ-0)\n(DLA"
    items = [*deframer.feed(data), *deframer.close()]
    told_of = [(each.code, each.detail.split(":")[0]) for each in items if isinstance(each, BadFrame)]
    assert told_of == [
        ("OUTSIDE_MESSAGE", "line 2"),
        ("NOT_CLOSED", "line 3"),
        ("NOT_CLOSED", "line 3"),
        ("NOT_CLOSED", "line 5"),
    ]
    (kept,) = (each for each in items if isinstance(each, Telegram))
    assert (kept.line, data.decode()[kept.at :][: len(kept.text)]) == (4, kept.text)
