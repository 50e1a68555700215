"""The horizon of a live plan and how its times are written. Pure."""

from datetime import datetime, timedelta

HORIZON = timedelta(hours=4)  # as the shared planning scenarios


def time_text(at: datetime) -> str:
    """A UTC time as the interchange format writes it, whole seconds."""
    return f"{at:%Y-%m-%dT%H:%M:%S}Z"
