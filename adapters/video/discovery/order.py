"""What a site and its listening process say to each other, framed as in adapters/video/order.py.

-> one line of JSON: ports to listen at, and whom to hear             standard input
<- REPORT: all senders, each second; PICTURE: a key frame of sender `slot`    descriptor 3
"""

import msgspec


class ListenOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All it is to do."""

    host: str = ""
    ports: tuple[int, ...] = ()
    networks: tuple[str, ...] = ()
    most: int = 16


class SenderReport(msgspec.Struct, frozen=True, kw_only=True):
    """One sender. `names` by KLV item: tail_number, call_sign, platform."""

    number: int
    address: str
    port: int
    for_s: float
    codec: str = ""
    width: int = 0
    height: int = 0
    kbps: float = 0.0
    names: dict[str, str] = {}


class ListenReport(msgspec.Struct, frozen=True, kw_only=True):
    """All of them. Counts are totals since the process began."""

    senders: tuple[SenderReport, ...] = ()
    counts: dict[str, int] = {}


_orders = msgspec.json.Decoder(ListenOrder)
_reports = msgspec.json.Decoder(ListenReport)


def read_order(line: bytes) -> ListenOrder:
    """Raises msgspec.DecodeError."""
    return _orders.decode(line)


def read_report(body: bytes) -> ListenReport:
    """Raises msgspec.MsgspecError."""
    return _reports.decode(body)
