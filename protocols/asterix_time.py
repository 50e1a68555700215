"""ASTERIX says only the time of day. The date is that of the arrival, or of the day before or after it."""

DAY_S = 86_400.0
LSB_S = 1 / 128  # I021/071, I048/140, I062/070 and their like: 24 bits of 1/128 s since midnight UTC


def of_day_s(octets: bytes | None) -> float | None:
    """Seconds since midnight; None where it is not said or no time of a day (24 bits reach to 36 hours)."""
    if octets is None:
        return None
    value = int.from_bytes(octets) * LSB_S
    return value if value < DAY_S else None


def utc_s(second_of_day: float, arrived_s: float) -> float:
    """The moment with this time of day that is nearest to the arrival, UTC seconds since 1970.

    So a report made just before midnight and come just after it is of the day before, and the other way round for a
    clock that is ahead. A clock that is off by less than twelve hours comes out off by as much.
    """
    stated_s = arrived_s - arrived_s % DAY_S + second_of_day
    if stated_s - arrived_s > DAY_S / 2:
        return stated_s - DAY_S
    if arrived_s - stated_s > DAY_S / 2:
        return stated_s + DAY_S
    return stated_s
