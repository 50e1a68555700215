"""How the value of each indicator of field 18 is written. Doc 4444 (Amendment 1, 2012) Appendix 2 item 18.

INDICATORS stands in the order in which they should be given, which is not demanded: telegrams in use mix it.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date

from protocols.flight_messages import words
from protocols.flight_messages.errors import BAD_FORM, BAD_VALUE
from protocols.flight_messages.part import Part

HANDLING = frozenset(
    {
        "ALTRV",
        "ATFMX",
        "FFR",
        "FLTCK",
        "HAZMAT",
        "HEAD",
        "HOSP",
        "HUM",
        "MARSA",
        "MEDEVAC",
        "NONRVSM",
        "SAR",
        "STATE",
    }
)
PERFORMANCE = re.compile(r"A1|B[1-6]|C[1-4]|D[1-4]|L1|O[1-4]|S[12]|T[12]")
MOST_PERFORMANCE = 8  # entries
_DATE = re.compile(r"\d{6}")
_REGISTRATION = re.compile(r"[A-Z0-9]{1,7}(?: [A-Z0-9]{1,7})*")
_SELCAL = re.compile(r"[A-Z0-9]{4,5}")
_ADDRESS = re.compile(r"[0-9A-F]{6}")
_CATEGORY = re.compile(r"[ABCDEH]")
_PLACE_TIME = re.compile(r"(?P<place>.+?)(?P<time>\d{4})")
CENTURY = 2000


def _handling(part: Part, element: str) -> None:
    for each in part.split(" "):
        if each.text not in HANDLING:
            each.refuse(BAD_VALUE, element, f"one of {' '.join(sorted(HANDLING))}")


def _performance(part: Part, element: str) -> None:
    at, entries = 0, 0
    while at < len(part.text):
        found = PERFORMANCE.match(part.text, at)
        if found is None:
            part.cut(at, at + 2).refuse(BAD_VALUE, element, "A1 B1-B6 C1-C4 D1-D4 L1 O1-O4 S1 S2 T1 T2")
        at, entries = found.end(), entries + 1
    if entries > MOST_PERFORMANCE:
        part.refuse(BAD_FORM, element, f"at most {MOST_PERFORMANCE} entries")


def date_of(text: str) -> date | None:
    """A DOF of six figures YYMMDD of this century; None for no day of the calendar."""
    try:
        return date(CENTURY + int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError:
        return None


def _date(part: Part, element: str) -> None:
    part.match(_DATE, element, "a date, YYMMDD")
    if date_of(part.text) is None:
        part.refuse(BAD_VALUE, element, "a day of the calendar, YYMMDD")


def _elapsed(part: Part, element: str) -> None:
    for each in part.split(" "):
        found = each.match(
            _PLACE_TIME, element, "points or region boundaries with elapsed times, like ZBPE0112"
        )
        words.point(each.group(found, "place"), element)
        words.duration(each.group(found, "time"), element)


def _form(pattern: "re.Pattern[str]", expected: str) -> Callable[[Part, str], None]:
    def check(part: Part, element: str) -> None:
        part.match(pattern, element, expected)

    return check


def _text(part: Part, element: str) -> None:
    words.plain(part, element, "letters, figures and . , ' ? : = + ; no hyphen, stroke or bracket")


INDICATORS: Mapping[str, Callable[[Part, str], None]] = {
    "STS": _handling,
    "PBN": _performance,
    "NAV": _text,
    "COM": _text,
    "DAT": _text,
    "SUR": _text,
    "DEP": _text,
    "DEST": _text,
    "DOF": _date,
    "REG": _form(_REGISTRATION, "registration marks of 1 to 7 letters and figures"),
    "EET": _elapsed,
    "SEL": _form(_SELCAL, "a SELCAL code"),
    "TYP": _text,
    "CODE": _form(_ADDRESS, "an aircraft address of six hexadecimal figures"),
    "DLE": _elapsed,
    "OPR": _text,
    "ORGN": _text,
    "PER": _form(_CATEGORY, "one of A B C D E H"),
    "ALTN": _text,
    "RALT": _text,
    "TALT": _text,
    "RIF": _text,
    "RMK": _text,
}
