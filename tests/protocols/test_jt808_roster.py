"""terminals.csv: what is read, what is refused and where."""

import pytest

from dispatch.kinds import ThingKind
from protocols import jt808_roster
from protocols.jt808_roster import Terminal, short
from protocols.resources_csv import BadTable


def test_terminals_are_found_by_their_number_without_zeros() -> None:
    listed = jt808_roster.read(
        "\ufeffname,number,thing_kind,registration,callsign\r\n"
        "保障车1,013912345678,,赣A12345,\r\n"
        "\r\n"
        "直升机,00000000013912345679,helicopter,B-70Q1,YS7015\r\n"
    )
    assert listed == {
        "13912345678": Terminal(number="13912345678", name="保障车1", registration="赣A12345"),
        "13912345679": Terminal(
            number="13912345679",
            name="直升机",
            thing_kind=ThingKind.HELICOPTER,
            registration="B-70Q1",
            callsign="YS7015",
        ),
    }


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "line 1, column number: is missing"),
        ("name\nx\n", "line 1, column number: is missing"),
        ("number,number\n1,1\n", "line 1: a column is named twice"),
        ("number,colour\n1,red\n", "line 1, column colour: is none of"),
        ("number\n\nx1\n", "line 3, column number: 'x1' is not 1 to 20 digits"),
        ("number\n123456789012345678901\n", "line 2, column number"),
        ("number\n1\n01\n", "line 3, column number: it is listed twice"),
        ("number,thing_kind\n1,tank\n", "line 2, column thing_kind: 'tank' is none of"),
        ("number,auth_code\n1,码\n", "line 2, column auth_code"),
        ("number,name\n1,a\x07b\n", "line 2, column name"),
        ("number,name\n1," + "x" * 65 + "\n", "line 2, column name"),
        ("number\n1,2\n", "line 2: more cells"),
        ('number\n"1\n', "line 1: unexpected end of data"),
        ("number\n" + "\n".join(map(str, range(1, jt808_roster.MAX_ROWS + 2))), "line 1: more than 20000"),
        ("x" * (jt808_roster.MAX_TEXT_CHARS + 1), "line 1: longer than"),
    ],
)
def test_a_fault_says_where_it_is(text: str, where: str) -> None:
    with pytest.raises(BadTable) as bad:
        jt808_roster.read(text)
    assert str(bad.value.faults[0]).startswith(where)


def test_all_faults_are_counted_and_some_are_listed() -> None:
    with pytest.raises(BadTable) as bad:
        jt808_roster.read("number\n" + "x\n" * 1000)
    assert (len(bad.value.faults), bad.value.total > 1000) == (jt808_roster.MAX_FAULTS, True)


def test_both_versions_of_a_number_are_one() -> None:
    assert short("013912345678") == short("00000000013912345678") == "13912345678"
    assert short("000000000000") == "0"
