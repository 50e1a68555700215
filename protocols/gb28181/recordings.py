"""RecordInfo and MediaStatus: what was recorded of a channel, asked and told (GB/T 28181-2016 §9.7, A.2.4.5, A.2.6.7). Pure.

Times are written without a zone and mean Beijing time: the standard is of a country with one clock.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from xml.sax.saxutils import escape

from protocols.gb28181.errors import BadGb
from protocols.gb28181.manscdp import Manscdp, body_of, text_of

BEIJING = timezone(timedelta(hours=8))
END_OF_FILE = 121  # NotifyType of MediaStatus, A.2.5.5
LAST_S = 4_102_444_800  # 2100: no moment beyond it is believed
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordQuery:
    """What was recorded of a channel between these moments?"""

    channel_id: str
    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GbRecord:
    """One piece without a hole."""

    begin: datetime
    end: datetime


def read_query(message: Manscdp) -> RecordQuery:
    """Raises BadGb(BAD_XML)."""
    begin, end = (_time(text_of(message, name), name) for name in ("StartTime", "EndTime"))
    if begin >= end:
        raise BadGb("BAD_XML", "EndTime", "is not after StartTime")
    return RecordQuery(channel_id=message.device_id, begin=begin, end=end)


def _time(text: str, field: str) -> datetime:
    if not _TIME.fullmatch(text):
        raise BadGb("BAD_XML", field, "is no time like 2026-11-27T10:30:00")
    whole, _, parts = text.partition(".")
    try:
        read = datetime.fromisoformat(whole).replace(tzinfo=BEIJING, microsecond=int(parts.ljust(6, "0")))
        if not 0 <= read.timestamp() <= LAST_S:
            raise ValueError
    except (ValueError, OverflowError):
        raise BadGb("BAD_XML", field, "is no time between 1970 and 2100") from None
    return read.astimezone(UTC)


def _written(at: datetime) -> str:
    return f"{at.astimezone(BEIJING):%Y-%m-%dT%H:%M:%S}"


def told(channel_id: str, name: str, sn: int, total: int, records: Iterable[GbRecord]) -> bytes:
    """Our answer: a few of `total`. Whole seconds, so that all of a piece lies between them."""
    shown, items = tuple(records), ""
    for each in shown:
        end = each.end if not each.end.microsecond else each.end + timedelta(seconds=1)
        fields = [
            ("DeviceID", channel_id),
            ("Name", name),
            ("Address", ""),
            ("StartTime", _written(each.begin)),
            ("EndTime", _written(end)),
            ("Secrecy", "0"),
            ("Type", "time"),
        ]
        items += (
            "\r\n<Item>" + "".join(f"<{key}>{escape(value)}</{key}>" for key, value in fields) + "</Item>"
        )
    return body_of(
        "Response",
        [("CmdType", "RecordInfo"), ("SN", sn), ("DeviceID", channel_id), ("Name", name), ("SumNum", total)],
        f'\r\n<RecordList Num="{len(shown)}">{items}\r\n</RecordList>' if shown else "",
    )


def over(channel_id: str, sn: int) -> bytes:
    """All that was asked for has been sent."""
    fields = [("CmdType", "MediaStatus"), ("SN", sn), ("DeviceID", channel_id), ("NotifyType", END_OF_FILE)]
    return body_of("Notify", fields)
