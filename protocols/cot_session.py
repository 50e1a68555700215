"""Our side of one CoT stream: greeting, agreeing on the form, pings.

    <- t-x-takp-v   we can speak TAK protocol version 1 (once, when the line is up; only where we listen)
    -> events as XML, at any time; many clients never ask and stay so
    -> t-x-takp-q   version 1, please          <- t-x-takp-r true; both sides change over with their next byte
                    another version            <- t-x-takp-r false; XML goes on
    -> t-x-c-t      are you there?             <- t-x-c-t-r

After ATAK-CIV, commoncommo/core/impl/protobuf/protocol.txt. Where we dial a server we are the client: we never ask,
so it goes on speaking XML to us, and we ping it. What comes is read in whichever form it is in, whatever was agreed.
"""

from protocols import cot_stream, cot_types
from protocols.cot_event import CotEvent, Detail
from protocols.cot_stream import Deframer

VERSION = 1  # of the TAK protocol
OFFER_VALID_S = 60.0  # a client must ask within this (protocol.txt, step 3)
PING_VALID_S = 20.0
MACHINE = "m-g"


class CotSession:
    """State of one stream. `uid` names our end in its control events and is new for each connection."""

    def __init__(self, *, uid: str, listening: bool) -> None:
        self.deframer = Deframer()
        self.proto = False  # what we write
        self._uid = uid
        self._listening = listening

    def greeting(self, now: float) -> bytes:
        """The first bytes to send; empty where we dialled."""
        if not self._listening:
            return b""
        return self.write(self._control(cot_types.OFFER, now, OFFER_VALID_S, Detail(offers=(VERSION,))))

    def ping(self, now: float) -> bytes:
        """A ping from us."""
        return self.write(self._control(cot_types.PING, now, PING_VALID_S, Detail()))

    def hear(self, event: CotEvent, now: float) -> bytes:
        """What is to be answered at once to an event, if anything."""
        if event.type == cot_types.PING:
            return self.write(self._control(cot_types.PONG, now, PING_VALID_S, Detail()))
        if event.type == cot_types.ASK and self._listening:
            granted = event.detail.asks == VERSION
            answer = self.write(self._control(cot_types.ANSWER, now, OFFER_VALID_S, Detail(grants=granted)))
            self.proto = self.proto or granted
            return answer
        return b""

    def write(self, event: CotEvent) -> bytes:
        """An event in the form agreed on."""
        return cot_stream.stream_frame(event) if self.proto else cot_stream.xml_frame(event)

    def _control(self, code: str, now: float, valid_s: float, detail: Detail) -> CotEvent:
        return CotEvent(
            uid=self._uid,
            type=code,
            how=MACHINE,
            made_s=now,
            start_s=now,
            stale_s=now + valid_s,
            lat_deg=0.0,
            lon_deg=0.0,
            hae_m=0.0,
            detail=detail,
        )
