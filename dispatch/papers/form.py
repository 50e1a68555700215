"""A form as a value: what stands in which cell. Drawn by adapters/papers/press.py, shown by the console as it is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One labelled value. `key` is the English name, `wide` takes the whole width."""

    key: str
    label: str
    text: str
    wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Labelled values, two beside each other."""

    title: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under heads. `widths` are shares of the page's width and sum to 1."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A line to sign on; `name` and `at` are those of the recorded act, empty where it is signed by hand."""

    label: str
    name: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A page's worth of sections, or several pages'."""

    title: str
    sections: tuple[Grid | Table, ...]
    signatures: tuple[Signature, ...] = ()
    notes: tuple[str, ...] = ()
    drill: bool = False  # 演练: said across the page
