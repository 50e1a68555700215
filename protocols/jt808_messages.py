"""What JT/T 808 terminals say and what a platform answers: bodies to values, answers to bodies. 2013 and 2019.

Field widths differ by version and are told by the header's version bit; a registration in the older and shorter form
of JT/T 808-2011 (model of 8 bytes) is told by its length. Text is GBK, ended or filled up with 0x00.
Source: JT/T 808-2013 and -2019, §8 "数据格式" (0x0001 0x0002 0x0003 0x0100 0x0102 0x0200 0x0201 0x0704, 0x8001 0x8003
0x8100), with the same restatements as jt808_frames.py. What follows from a message is jt808_session.py's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from dispatch.errors import Malformed
from protocols import jt808_position
from protocols.jt808_frames import Packet
from protocols.jt808_position import Position

ANSWER = 0x0001  # 终端通用应答
HEARTBEAT = 0x0002  # 终端心跳
DEREGISTRATION = 0x0003  # 终端注销
REGISTRATION = 0x0100  # 终端注册
AUTHENTICATION = 0x0102  # 终端鉴权
POSITION = 0x0200  # 位置信息汇报
POSITION_ANSWER = 0x0201  # 位置信息查询应答
BATCH = 0x0704  # 定位数据批量上传
PLATFORM_ANSWER = 0x8001  # 平台通用应答
RESEND = 0x8003  # 服务器补传分包请求
REGISTRATION_ANSWER = 0x8100  # 终端注册应答
KNOWN = frozenset(
    (ANSWER, HEARTBEAT, DEREGISTRATION, REGISTRATION, AUTHENTICATION, POSITION, POSITION_ANSWER, BATCH)
)

_LATE = 1  # type of a batch: kept while there was no coverage (盲区补报); 0 is an ordinary batch


class Result(IntEnum):
    """What 0x8001 says of a message."""

    DONE = 0  # 成功/确认
    FAILED = 1  # 失败
    WRONG = 2  # 消息有误
    UNSUPPORTED = 3  # 不支持


class RegistrationResult(IntEnum):
    """What 0x8100 says of a registration."""

    DONE = 0  # 成功
    NO_VEHICLE = 2  # 数据库中无该车辆
    TERMINAL_REGISTERED = 3  # 终端已被注册
    NO_TERMINAL = 4  # 数据库中无该终端


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """0x0100. `plate` is the vehicle's, or its VIN where `plate_color` is 0 (no plate yet)."""

    province: int  # GB/T 2260, first two digits
    city: int  # GB/T 2260, last four
    maker: str
    model: str
    terminal_id: str
    plate_color: int
    plate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentication:
    """0x0102. IMEI and software version since 2019."""

    code: bytes
    imei: str = ""
    software: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """0x0704: position bodies in the terminal's order. `late`: kept while out of coverage.

    A long one holds some 2,000, which take 40 ms to read: so they are read one at a time. `faults` are the batch's own.
    """

    late: bool
    bodies: tuple[bytes, ...]
    faults: tuple[Malformed, ...] = ()

    def positions(self) -> Iterator[Position | Malformed]:
        """Each position, or why it could not be read."""
        for body in self.bodies:
            try:
                yield jt808_position.read(body)
            except Malformed as wrong:
                yield wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionAnswer:
    """0x0201: where the terminal is, because the platform asked in message `serial`."""

    serial: int
    position: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """0x0001: the terminal's word on the platform's message `serial` of kind `message_id`."""

    serial: int
    message_id: int
    result: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """0x0002 and 0x0003: the message is all it says."""


Message = Registration | Authentication | Position | Batch | PositionAnswer | Answer | Bare


def read(message_id: int, body: bytes, *, version: int | None) -> Message | None:
    """A whole message; None for a kind not read here. Raises Malformed naming the field."""
    match message_id:
        case 0x0200:
            return jt808_position.read(body)
        case 0x0704:
            return _batch(body)
        case 0x0201:
            return PositionAnswer(serial=_word(body, 0, "serial"), position=jt808_position.read(body[2:]))
        case 0x0100:
            return _registration(body, version)
        case 0x0102:
            return _authentication(body, version)
        case 0x0001:
            if len(body) < 5:
                raise Malformed("result", f"{len(body)} bytes are less than 5")
            return Answer(serial=_word(body, 0, "serial"), message_id=_word(body, 2, "id"), result=body[4])
        case 0x0002 | 0x0003:
            return Bare()
    return None


def text(raw: bytes) -> str:
    """GBK up to the first 0x00, without what cannot be shown."""
    said = raw.partition(b"\0")[0].decode("gbk", "replace")
    return "".join(letter for letter in said if letter.isprintable()).strip()


def _word(body: bytes, at: int, field: str) -> int:
    if len(body) < at + 2:
        raise Malformed(field, f"{len(body)} bytes end before it")
    return int.from_bytes(body[at : at + 2])


def _registration(body: bytes, version: int | None) -> Registration:
    if version is not None:
        widths = (11, 30, 30)
    elif len(body) < 37:  # 2013's fixed part; what is shorter is 2011's form
        widths = (5, 8, 7)
    else:
        widths = (5, 20, 7)
    fixed = 4 + sum(widths) + 1
    if len(body) < fixed:
        raise Malformed("registration", f"{len(body)} bytes are less than {fixed}")
    at = 4
    texts = []
    for width in widths:
        texts.append(text(body[at : at + width]))
        at += width
    return Registration(
        province=int.from_bytes(body[:2]),
        city=int.from_bytes(body[2:4]),
        maker=texts[0],
        model=texts[1],
        terminal_id=texts[2],
        plate_color=body[at],
        plate=text(body[at + 1 :]),
    )


def _authentication(body: bytes, version: int | None) -> Authentication:
    if version is None:
        return Authentication(code=body.rstrip(b"\0"))
    if not body or len(body) < 1 + body[0]:
        raise Malformed("code", f"{len(body)} bytes end inside it")
    end = 1 + body[0]
    return Authentication(
        code=body[1:end].rstrip(b"\0"),
        imei=text(body[end : end + 15]),
        software=text(body[end + 15 : end + 35]),
    )


def _batch(body: bytes) -> Batch:
    count = _word(body, 0, "count")
    if len(body) < 3:
        raise Malformed("type", "the body ends before it")
    bodies: list[bytes] = []
    faults: list[Malformed] = []
    at = 3
    while at < len(body):
        end = at + 2 + int.from_bytes(body[at : at + 2])
        if end > len(body) or at + 2 > len(body):
            faults.append(Malformed("positions", "the last one is cut off"))
            break
        bodies.append(body[at + 2 : end])
        at = end
    if len(bodies) != count:
        faults.append(Malformed("count", f"{count} are said, {len(bodies)} came"))
    return Batch(late=body[2] == _LATE, bodies=tuple(bodies), faults=tuple(faults))


def _answer(to: Packet, message_id: int, serial: int, body: bytes) -> Packet:
    return Packet(message_id=message_id, number=to.number, serial=serial, body=body, version=to.version)


def platform_answer(to: Packet, result: Result, *, serial: int) -> Packet:
    """0x8001 to a packet, in its version."""
    body = to.serial.to_bytes(2) + to.message_id.to_bytes(2) + bytes((result,))
    return _answer(to, PLATFORM_ANSWER, serial, body)


def registration_answer(to: Packet, result: RegistrationResult, code: bytes, *, serial: int) -> Packet:
    """0x8100; the authentication code goes out only with success."""
    body = to.serial.to_bytes(2) + bytes((result,)) + (code if result is RegistrationResult.DONE else b"")
    return _answer(to, REGISTRATION_ANSWER, serial, body)


def resend_request(to: Packet, first_serial: int, parts: tuple[int, ...], *, serial: int) -> Packet:
    """0x8003: the parts that are missing, at most 255. Their number is a BYTE in 2013 and a WORD in 2019."""
    parts = parts[:255]
    count = len(parts).to_bytes(1 if to.version is None else 2)
    body = first_serial.to_bytes(2) + count + b"".join(part.to_bytes(2) for part in parts)
    return _answer(to, RESEND, serial, body)
