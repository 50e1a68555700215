"""The horizon of a live plan and how its times are written. Pure."""

from datetime import datetime, timedelta

HORIZON = timedelta(hours=4)  # as the shared planning scenarios
BEIJING = timedelta(hours=8)  # a crew's day is the local one


def time_text(at: datetime) -> str:
    """A UTC time as the interchange format writes it, whole seconds."""
    return f"{at:%Y-%m-%dT%H:%M:%S}Z"


def leg_time_text(at: datetime) -> str:
    """A UTC time of a leg, to the millisecond."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
