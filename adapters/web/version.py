"""The version that is installed."""

from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed


@cache
def version() -> str:
    """As in pyproject.toml; `0` when run from a tree that was never installed."""
    try:
        return installed("ganying")
    except PackageNotFoundError:
        return "0"
