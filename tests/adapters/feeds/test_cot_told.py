"""What each field client is told: the newest, once, while there is room; never of itself."""

from typing import Any

from adapters.feeds import FeedConfig
from adapters.feeds.cot_told import AGAIN_S, FULL_S, PING_EVERY_S, Message, Round, Stands, Told
from adapters.feeds.readers import Line
from adapters.feeds.readers.cot import CotReader
from adapters.feeds.status import Counts
from protocols import cot_stream
from protocols.cot_event import CotEvent
from protocols.cot_picture import STANDING_S, Standing
from tests.cot_events import NOW, phone


class Peer:
    """A line whose room a test decides."""

    def __init__(self, *, connect: bool = False, **said: Any) -> None:
        where = {"connect": "127.0.0.1:8087"} if connect else {"listen": "127.0.0.1:8087"}
        self.written: list[bytes] = []
        self.has_room = True
        self.room_for: int | None = None  # writes until there is none
        self.dropped = ""
        self.counts = Counts()
        line = Line(
            config=FeedConfig(name="field", kind="cot", **where, **said),  # type: ignore[arg-type]
            counts=self.counts,
            clock_id="field#1",
            peer="127.0.0.1:1",
            send=self._send,
            drop=self._drop,
            room=self._room,
        )
        self.reader = CotReader(line)
        self.reader.opened(NOW)
        self.written.clear()
        self.told = Told(self.reader)

    def _send(self, data: bytes) -> None:
        self.written.append(data)

    def _drop(self, why: str) -> None:
        self.dropped = why

    def _room(self) -> bool:
        return self.has_room and (self.room_for is None or len(self.written) < self.room_for)

    def hears(self) -> list[CotEvent]:
        """What was written since the last time."""
        found = cot_stream.feed(b"".join(self.written))
        self.written.clear()
        assert all(isinstance(event, CotEvent) for event in found)
        return found  # type: ignore[return-value]

    def uids(self) -> list[str]:
        return [event.uid for event in self.hears()]


def track(uid: str, *, ours: bool = True, at_s: float = NOW, key: str = "") -> Message:
    return Message(phone(uid, made_s=at_s), frozenset((key or uid,)), ours=ours)


def standing(uid: str, *, version: int = 1, keys: frozenset[str] = frozenset()) -> dict[str, Stands]:
    event = phone(uid, type="b-m-p-s-m", made_s=NOW - 1000, stale_s=NOW - 700)
    over = phone(f"{uid}.over", type="t-x-d-d", made_s=NOW - 1000, stale_s=NOW - 940)
    return {uid: Stands.of(Standing(event=event, over=over, version=(version,)), keys)}


def test_only_what_is_new_is_told() -> None:
    """The same event again is no news; a newer one is."""
    peer = Peer()
    first, second = track("a"), track("b")
    assert peer.told.tell(Round(tracks=[first, second]), NOW) == 2
    assert peer.uids() == ["a", "b"]
    again = [track("a"), track("b", at_s=NOW + 1)]  # an equal event, made anew
    assert peer.told.tell(Round(tracks=again), NOW + 1) == 1
    assert peer.uids() == ["b"]


def test_nobody_is_told_of_himself() -> None:
    """Whatever this line has reported, under any of the thing's keys; alarms too."""
    peer = Peer()
    peer.reader.heard["cot:ANDROID-1"] = None
    mine = Message(phone("ganying.36.x"), frozenset(("icao24:780abc", "cot:ANDROID-1")))
    alarm = standing("ganying.36.x-9-1-1", keys=frozenset(("cot:ANDROID-1",)))
    assert peer.told.tell(Round(tracks=[mine, track("b")], standing=alarm), NOW) == 1
    assert peer.uids() == ["b"]


def test_each_client_is_told_in_its_own_form() -> None:
    """One encoding of each, shared."""
    plain, modern = Peer(), Peer()
    assert modern.reader.session is not None
    modern.reader.session.proto = True
    round_ = Round(tracks=[track("a")])
    plain.told.tell(round_, NOW)
    modern.told.tell(round_, NOW)
    assert plain.written[0].startswith(b"<?xml")
    assert modern.written[0][0] == 0xBF
    assert plain.hears() == modern.hears()


def test_a_client_without_room_is_left_out_and_later_told_the_newest_only() -> None:
    """Nothing waits for it."""
    peer = Peer()
    peer.has_room = False
    for step in range(5):
        assert peer.told.tell(Round(tracks=[track("a", at_s=NOW + step)]), NOW + step) == 0
    assert peer.written == []
    peer.has_room = True
    peer.told.tell(Round(tracks=[track("a", at_s=NOW + 5)]), NOW + 5)
    assert [event.made_s for event in peer.hears()] == [NOW + 5]
    assert not peer.dropped


def test_a_client_that_does_not_read_is_dropped_in_the_end() -> None:
    """And counted."""
    peer = Peer()
    peer.has_room = False
    peer.told.tell(Round(), NOW)
    peer.told.tell(Round(), NOW + FULL_S - 1)
    assert not peer.dropped
    peer.told.tell(Round(), NOW + FULL_S)
    assert peer.dropped
    assert peer.counts.peers_dropped == 1


def test_a_narrow_line_hears_rescue_s_own_first_and_all_in_turn() -> None:
    """What did not fit is told before what was told already."""
    peer = Peer()
    peer.room_for = 1  # one chunk a round
    tracks = [track(f"t{n:03}", ours=False) for n in range(60)] + [track("ours")]
    heard: list[str] = []
    for step in range(5):
        peer.told.tell(Round(tracks=[track("ours", at_s=NOW + step), *tracks[:-1]]), NOW + step)
        now_heard = peer.uids()
        assert now_heard[0] == "ours"
        heard += now_heard[1:]
    assert sorted(heard) == [f"t{n:03}" for n in range(60)]  # each once: unchanged since


def test_what_stands_is_told_again_before_it_is_stale() -> None:
    """And when it changes."""
    peer = Peer()
    assert AGAIN_S * 2 < STANDING_S
    assert peer.told.tell(Round(standing=standing("i")), NOW) == 1
    assert peer.told.tell(Round(standing=standing("i")), NOW + AGAIN_S - 1) == 0
    assert peer.told.tell(Round(standing=standing("i")), NOW + AGAIN_S) == 1
    assert peer.told.tell(Round(standing=standing("i", version=2)), NOW + AGAIN_S + 1) == 1


def test_what_is_over_is_taken_back_once() -> None:
    """With a word that is not stale when it comes; by a client that was told of it only."""
    peer, other = Peer(), Peer()
    peer.told.tell(Round(standing=standing("i")), NOW)
    peer.hears()
    assert peer.told.tell(Round(), NOW + 50) == 1
    (over,) = peer.hears()
    assert (over.uid, over.type) == ("i.over", "t-x-d-d")
    assert over.stale_s > NOW + 50
    assert peer.told.tell(Round(), NOW + 52) == 0
    assert other.told.tell(Round(), NOW + 50) == 0


def test_an_alarm_is_taken_back_only_where_its_thing_is_calm() -> None:
    """A team that is not heard any more is not safe."""
    uid = "ganying.36.x-9-1-1"
    peer = Peer()
    peer.told.tell(Round(standing=standing(uid)), NOW)
    peer.hears()
    assert peer.told.tell(Round(), NOW + 2) == 0
    assert peer.told.tell(Round(calm={uid}), NOW + 4) == 1
    assert peer.uids() == [f"{uid}.over"]
    gone = Peer()
    gone.told.tell(Round(standing=standing(uid)), NOW)
    gone.hears()
    gone.told.tell(Round(), NOW + STANDING_S + 1)
    assert gone.told.tell(Round(calm={uid}), NOW + STANDING_S + 2) == 0  # stale there by then


def test_memory_is_of_the_present_round() -> None:
    """Ten thousand things over time take no more than those of now."""
    peer = Peer()
    for step in range(100):
        peer.told.tell(Round(tracks=[track(f"{step}-{n}") for n in range(100)]), NOW + step)
    assert len(peer.told._said) == 100


def test_a_server_that_we_dialled_is_pinged() -> None:
    """So that its silence shows."""
    peer = Peer(connect=True)
    for step in range(int(PING_EVERY_S) * 2):
        peer.told.tell(Round(), NOW + step)
    assert [event.type for event in peer.hears()] == ["t-x-c-t", "t-x-c-t"]
    listener = Peer()
    listener.told.tell(Round(), NOW)
    assert listener.hears() == []


def test_a_line_that_is_down_is_told_nothing() -> None:
    """Its reader may still be remembered."""
    peer = Peer()
    peer.reader.closed()
    assert peer.told.tell(Round(tracks=[track("a")]), NOW) == 0
    assert peer.written == []
