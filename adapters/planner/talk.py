"""What a site and its solver processes say to each other: one JSON object per line, each way. Knows no pipe.

-> Job …, Cancel …        on standard input
<- Better*, Proven*, then one Done or Wrong for each Job, in the order of the jobs
"""

import msgspec

MAX_LINE_BYTES = (
    64 * 2**20
)  # a plan of 500 aircraft has under two megabytes; beyond this the process is ended


NOTHING = msgspec.Raw()  # what was left out; msgspec has no Raw that may be null


class Job(msgspec.Struct, frozen=True, kw_only=True, tag="job", omit_defaults=True):
    """One problem to solve. `seconds` is the time to think; the first good plan may take as long again."""

    id: int
    scenario: msgspec.Raw
    seconds: float
    seed: int = 0
    reasons_s: float = 0.5  # for reasons that are found by forcing, after the seconds
    previous: msgspec.Raw = NOTHING  # the plan in force, of the interchange format
    changes: msgspec.Raw = NOTHING  # of optimizer/what_if.py: then the answer is that of optimizer/wonder.py


class Cancel(msgspec.Struct, frozen=True, kw_only=True, tag="cancel"):
    """Think no longer about a job: what was found so far is its answer."""

    id: int


class Better(msgspec.Struct, frozen=True, kw_only=True, tag="better", omit_defaults=True):
    """A better plan was found. `plan` is sent now and then only, and only where it breaks no rule."""

    job: int
    score: float
    plan: msgspec.Raw = NOTHING


class Proven(msgspec.Struct, frozen=True, kw_only=True, tag="proven"):
    """No plan scores less than `bound`."""

    job: int
    bound: float


class Done(msgspec.Struct, frozen=True, kw_only=True, tag="done", omit_defaults=True):
    """The answer of `optimizer/answer.py`. `kept_score`: what the plan in force, with what is under way, would score
    if nothing were added to it; None where it breaks a rule by now."""

    job: int
    answer: msgspec.Raw
    kept_score: float | None = None


class Wrong(msgspec.Struct, frozen=True, kw_only=True, tag="wrong"):
    """The job could not be read or solved. `field` names what is wrong with it; empty: a defect of the solver."""

    job: int
    field: str
    detail: str


Order = Job | Cancel
Word = Better | Proven | Done | Wrong

_ORDERS: msgspec.json.Decoder[Order] = msgspec.json.Decoder(Order)
_WORDS: msgspec.json.Decoder[Word] = msgspec.json.Decoder(Word)
_ENCODER = msgspec.json.Encoder()


class Unreadable(Exception):
    """A line that is not one of these."""


def line_of(said: Order | Word) -> bytes:
    """One line, with its end."""
    return _ENCODER.encode(said) + b"\n"


def read_order(line: bytes) -> Order:
    """What the site says. Raises Unreadable."""
    try:
        return _ORDERS.decode(line)
    except msgspec.MsgspecError as error:
        raise Unreadable(str(error)) from error


def read_word(line: bytes) -> Word:
    """What a solver process says. Raises Unreadable."""
    try:
        return _WORDS.decode(line)
    except msgspec.MsgspecError as error:
        raise Unreadable(str(error)) from error
