"""The safety nets' parameters from files: the shipped rows, and a site's own before them."""

from pathlib import Path

from dispatch.errors import Malformed
from dispatch.safety.parameter_rows import SHIPPED
from dispatch.safety.parameters import Parameters
from protocols import safety_table


def parameters_of(path: Path | None) -> Parameters:
    """Raises Malformed naming line and column, or the file that cannot be read."""
    if path is None:
        return Parameters(SHIPPED)
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Malformed("safety.parameters", f"cannot read {path}: {error}") from None
    return Parameters(SHIPPED, safety_table.read(text))
