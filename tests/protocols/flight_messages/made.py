"""Flight messages made up by hypothesis, whole and within the rules."""

import string
from datetime import date

from hypothesis import strategies as st

from protocols.flight_messages import message as grammar
from protocols.flight_messages.field03 import Title
from protocols.flight_messages.field05 import Emergency
from protocols.flight_messages.field07 import Identity
from protocols.flight_messages.field08 import Rules
from protocols.flight_messages.field09 import AircraftType
from protocols.flight_messages.field10 import Equipment
from protocols.flight_messages.field13 import Departure
from protocols.flight_messages.field14 import Estimate
from protocols.flight_messages.field15 import Route
from protocols.flight_messages.field16 import Destination
from protocols.flight_messages.field17 import Arrival
from protocols.flight_messages.field18 import Other
from protocols.flight_messages.field18_values import HANDLING
from protocols.flight_messages.field19 import Supplementary
from protocols.flight_messages.field21 import RadioFailure
from protocols.flight_messages.field22 import Amendment
from protocols.flight_messages.message import Message
from protocols.flight_messages.route_element import Element

LETTERS = string.ascii_uppercase


def letters(least: int, most: int) -> st.SearchStrategy[str]:
    return st.text(LETTERS, min_size=least, max_size=most)


clock = st.builds("{:02d}{:02d}".format, st.integers(0, 23), st.integers(0, 59))
span = st.builds("{:02d}{:02d}".format, st.integers(0, 99), st.integers(0, 59))
aerodrome = letters(4, 4).filter(lambda text: text not in ("ZZZZ", "AFIL"))
speed = st.one_of(
    st.integers(1, 9999).map("K{:04d}".format),
    st.integers(1, 9999).map("N{:04d}".format),
    st.integers(1, 999).map("M{:03d}".format),
)
level = st.one_of(
    st.integers(0, 999).map("F{:03d}".format),
    st.integers(0, 999).map("A{:03d}".format),
    st.integers(0, 9999).map("S{:04d}".format),
    st.integers(0, 9999).map("M{:04d}".format),
)
words = st.lists(
    st.text(LETTERS + string.digits + ".,'?:=+", min_size=1, max_size=8), min_size=1, max_size=5
).map(" ".join)
named = letters(2, 5).filter(lambda text: text not in ("DCT", "VFR", "IFR"))
placed = st.one_of(
    st.builds(
        "{:02d}{:02d}{}{:03d}{:02d}{}".format,
        st.integers(0, 89),
        st.integers(0, 59),
        st.sampled_from("NS"),
        st.integers(0, 179),
        st.integers(0, 59),
        st.sampled_from("EW"),
    ),
    st.builds("{:02d}N{:03d}E".format, st.integers(0, 90), st.integers(0, 180)),
    st.builds("{}{:03d}{:03d}".format, letters(2, 5), st.integers(0, 360), st.integers(0, 999)),
)
airway = st.one_of(
    st.builds("{}{}".format, letters(1, 1), st.integers(1, 999)),
    st.builds("{}{}{}".format, letters(5, 5), st.integers(1, 9), letters(1, 1)),
)


@st.composite
def point(draw: st.DrawFn) -> Element:
    name = draw(st.one_of(named, placed))
    match draw(st.integers(0, 3)):
        case 0:
            return Element(kind="point", name=name, speed_text=draw(speed), level_text=draw(level))
        case 1:
            upper = draw(st.one_of(level, st.just("PLUS")))
            return Element(
                kind="climb", name=name, speed_text=draw(speed), level_text=draw(level), upper=upper
            )
        case _:
            return Element(kind="point", name=name)


@st.composite
def route(draw: st.DrawFn, rules: str) -> Route:
    """Points joined by routes or DCT, with the change of rules that field 8 promises."""
    joins = st.one_of(
        st.just(Element(kind="direct", name="DCT")), airway.map(lambda name: Element(kind="route", name=name))
    )
    elements = [draw(joins), draw(point())]
    if rules in "YZ":
        elements.append(Element(kind="rules", name="VFR" if rules == "Y" else "IFR"))
    for _ in range(draw(st.integers(0, 5))):
        elements += [draw(joins), draw(point())]
    end = draw(st.integers(0, 2))
    elements += [[], [draw(joins)], [Element(kind="truncated", name="T")]][end]
    height = "VFR" if rules in "VZ" and draw(st.booleans()) else draw(level)
    return Route(speed_text=draw(speed), level_text=height, elements=tuple(elements))


other_values = st.fixed_dictionaries(
    {"PBN": st.just("A1B2"), "NAV": words},
    optional={
        "STS": st.lists(st.sampled_from(sorted(HANDLING)), min_size=1, max_size=3).map(" ".join),
        "DEP": words,
        "DEST": words,
        "DOF": st.dates(date(2000, 1, 1), date(2099, 12, 31)).map("{:%y%m%d}".format),
        "REG": st.text(LETTERS + string.digits, min_size=1, max_size=7),
        "EET": st.lists(st.builds("{}{}".format, st.one_of(named, placed), span), min_size=1, max_size=3).map(
            " ".join
        ),
        "CODE": st.integers(0, 0xFFFFFF).map("{:06X}".format),
        "PER": st.sampled_from("ABCDEH"),
        "RMK": words,
    },
)
supplementary = st.fixed_dictionaries(
    {"E": span},
    optional={
        "P": st.integers(0, 999).map(str),
        "R": st.sampled_from(["U", "UV", "UVE"]),
        "A": words,
        "C": words,
    },
).map(lambda values: Supplementary(values=values))
identity = st.builds(
    Identity,
    callsign=st.text(LETTERS + string.digits, min_size=1, max_size=7),
    squawk=st.one_of(st.just(""), st.text("01234567", min_size=4, max_size=4)),
)
title = st.one_of(
    st.just(""), st.builds("{}/{}{:03d}".format, letters(1, 4), letters(1, 4), st.integers(0, 999))
)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """A message of any kind."""
    kind = draw(st.sampled_from(sorted(grammar.KINDS)))
    numbers = {slot.number for slot in grammar.KINDS[kind]} - {19 if kind == "FPL" else 0}
    rules = draw(st.sampled_from("IVYZ"))
    whole = kind in grammar.WHOLE_PLAN
    destination = st.builds(
        Destination,
        aerodrome=aerodrome,
        elapsed=span if whole else st.just(""),
        alternates=st.lists(aerodrome, max_size=2).map(tuple) if whole else st.just(()),
    )
    fields = {
        5: st.builds(
            Emergency,
            phase=st.sampled_from(["INCERFA", "ALERFA", "DETRESFA"]),
            originator=letters(8, 8),
            nature=words,
        ),
        8: st.builds(Rules, rules=st.just(rules), flight=st.sampled_from(["", *"SNGMX"])),
        9: st.builds(
            AircraftType,
            number=st.integers(1, 99),
            type=st.builds(
                "{}{}".format, letters(1, 1), st.text(LETTERS + string.digits, min_size=1, max_size=3)
            ).filter(lambda text: text != "ZZZZ"),
            wake=st.sampled_from("HMLJ"),
        ),
        10: st.builds(
            Equipment,
            radio=st.lists(
                st.sampled_from(["S", "D", "E3", "G", "J4", "R", "Z", "Y"]), min_size=1, unique=True
            ).map(tuple),
            surveillance=st.lists(st.sampled_from(["L", "B1", "D1", "U2", "C"]), min_size=1, unique=True).map(
                tuple
            ),
        ),
        13: st.builds(Departure, aerodrome=aerodrome, time=clock),
        14: st.builds(
            Estimate,
            point=st.one_of(named, placed),
            time=clock,
            cleared=level,
            crossing=level,
            way=st.sampled_from("AB"),
        ),
        15: route(rules),
        16: destination,
        17: st.builds(Arrival, aerodrome=aerodrome, time=clock),
        18: other_values.map(lambda values: Other(values=values)),
        19: supplementary,
        20: st.lists(letters(1, 6), min_size=8, max_size=12).map(" ".join),
        21: st.builds(
            RadioFailure,
            heard=clock,
            frequency=st.integers(1000, 9999).map(lambda tenths: f"{tenths / 10:.1f}"),
            position=st.one_of(named, placed),
            position_time=clock,
            remarks=words,
        ),
    }
    amendment = st.one_of(
        *(
            fields[number].map(lambda content, number=number: Amendment(number=number, content=content))
            for number in (8, 9, 10, 13, 15, 16, 18)
        )
    )
    values = {
        grammar.NAMES[number]: draw(fields[number])
        for number in sorted(numbers - {7, 22})
        if not (number == 16 and kind == "ARR" and draw(st.booleans()))
    }
    if 22 in numbers:
        values["amendments"] = tuple(draw(st.lists(amendment, min_size=1, max_size=3)))
    number = draw(title)
    return Message(
        title=Title(kind=kind, number=number, reference=draw(title) if number else ""),
        identity=draw(identity),
        **values,
    )
