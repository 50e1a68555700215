"""The code that people read out, and the messages of the door."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.errors import Malformed
from dispatch.ids import ALPHABET
from protocols import enrol_code, enrol_wire
from protocols.enrol_code import EnrolCode

CODES = st.builds(
    EnrolCode,
    host=st.sampled_from(["10.36.0.1", "[fd00::36]", "centre.jx.example"]),
    port=st.integers(1, 65535),
    secret=st.binary(min_size=10, max_size=10),
    fingerprint=st.binary(min_size=10, max_size=10),
)


@given(CODES)
def test_a_code_is_read_as_it_was_made_however_it_is_typed(code: EnrolCode) -> None:
    text = str(code)
    assert enrol_code.read(text) == code
    assert enrol_code.read(f"  ganying://{text.replace('-', ' ')} ") == code
    address, _, letters = text.partition("/")
    assert enrol_code.read(f"{address}/{letters.lower().replace('0', 'o').replace('1', 'i')}") == code
    assert code.secret.hex() not in repr(code)


@given(CODES, st.data())
def test_a_slip_in_one_letter_or_in_the_address_is_found_before_anything_is_sent(
    code: EnrolCode, data: st.DataObject
) -> None:
    address, _, letters = str(code).partition("/")
    at = data.draw(st.integers(0, len(letters) - 1).filter(lambda n: letters[n] != "-"))
    other = data.draw(st.sampled_from(ALPHABET).filter(lambda each: each != letters[at]))
    with pytest.raises(Malformed):
        enrol_code.read(f"{address}/{letters[:at]}{other}{letters[at + 1 :]}")
    with pytest.raises(Malformed):
        enrol_code.read(f"{code.host}:{code.port % 65535 + 1}/{letters}")


@given(st.text(max_size=400))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    with pytest.raises(Malformed):
        enrol_code.read(text)


@given(st.binary(max_size=200))
def test_whatever_comes_is_a_message_or_malformed(data: bytes) -> None:
    for read in (enrol_wire.welcome, enrol_wire.request, enrol_wire.answer):
        with pytest.raises(Malformed):
            read(data)


def test_messages_come_back_as_they_were_and_what_a_later_version_adds_is_passed_over() -> None:
    request = enrol_wire.Request(secret="00", csr="pem", site="36-YS1")
    data = enrol_wire.encode(request)
    assert enrol_wire.request(data) == request
    assert enrol_wire.request(data[:-1] + b',"later":1}') == request
    turned = enrol_wire.Turned(code="USED", detail="x", field="code")
    assert enrol_wire.answer(enrol_wire.encode(turned)) == turned
    with pytest.raises(Malformed):
        enrol_wire.request(b" " * (enrol_wire.MAX_MESSAGE_BYTES + 1))
