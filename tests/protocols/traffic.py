"""Made-up Mode S traffic with every fault that a receiver, a transponder or an enemy can bring."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from loadtests import corpus
from loadtests.corpus import Corpus
from protocols import modes_parity
from protocols.frames_batch import words
from protocols.receiver_clock import NOT_A_TIME, gps_ticks

HOME = (115.9, 28.7)
HZ = corpus.HZ
Chance = np.random.Generator
Fault = Callable[[Corpus, Chance], Corpus]
RATES_HZ = {**corpus.RATES_HZ, "status": 0.1, "register_height": 0.3}


def made(chance: Chance, *, aircraft: int = 25, seconds: float = 8.0, **said: float) -> Corpus:
    """Sound traffic."""
    seed = int(chance.integers(1 << 30))
    return corpus.made(aircraft=aircraft, seconds=seconds, seed=seed, rates_hz=RATES_HZ, centre=HOME, **said)


def sealed(payload: np.ndarray, long: np.ndarray, overlay: np.ndarray) -> np.ndarray:
    """Payloads with their parity made anew, over which `overlay` lies."""
    rows = np.zeros((len(payload), 24), np.uint8)
    rows[:, 0] = np.where(long, 0x33, 0x32)
    rows[:, 8:22] = payload
    rows[long, 19:22] = 0
    rows[~long, 12:15] = 0
    _, first, second = words(rows)
    parity = modes_parity.remainders(first, second, long) ^ overlay.astype(np.uint32)
    parity_bytes = parity.astype(">u4").view(np.uint8).reshape(-1, 4)[:, 1:]
    rows[long, 19:22] = parity_bytes[long]
    rows[~long, 12:15] = parity_bytes[~long]
    return rows[:, 8:22]


def merged(*parts: Corpus) -> Corpus:
    """All of them in the order of their counters."""
    ticks, long, payload = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("ticks", "long", "payload")
    )
    return Corpus(ticks=ticks, long=long, payload=payload).at(np.argsort(ticks, kind="stable"))


def wrong_bits(sent: Corpus, chance: Chance) -> Corpus:
    """One to three bits of every tenth frame."""
    payload = sent.payload.copy()
    for row in np.flatnonzero(chance.random(len(sent)) < 0.1).tolist():
        for _ in range(int(chance.integers(1, 4))):
            payload[row, int(chance.integers(14))] ^= 1 << int(chance.integers(8))
    return replace(sent, payload=payload)


def heard_again(sent: Corpus, chance: Chance) -> Corpus:
    """A third of all frames once more, some at once and some a long way behind."""
    again = np.flatnonzero(chance.random(len(sent)) < 0.33)
    behind = chance.choice([0.5, 1.5, 40.5, 700.5, 1100.5, 1500.5], len(again))
    places = np.concatenate((np.arange(len(sent)), again + behind))
    numbers = np.concatenate((np.arange(len(sent)), again))
    return sent.at(numbers[np.argsort(places, kind="stable")])


def two_of_one_address(sent: Corpus, chance: Chance) -> Corpus:
    """Every address is also used by another aircraft, some of them far away, some on the ground."""
    seed = int(chance.integers(1 << 30))

    def at(centre: tuple[float, float], on_ground: float) -> Corpus:
        return corpus.made(
            aircraft=8, seconds=8.0, seed=seed, rates_hz=RATES_HZ, centre=centre, on_ground=on_ground
        )

    return merged(sent, at(HOME, 0.2), at((121.0, 31.2), 0.5))


def anything_said(sent: Corpus, chance: Chance) -> Corpus:
    """Every fifth long frame says anything at all, with sound parity; some come from other kinds of stations."""
    squitters = np.flatnonzero(sent.long & (sent.payload[:, 0] >> 3 == 17))
    some = squitters[chance.random(len(squitters)) < 0.2]
    payload = sent.payload.copy()
    payload[some, 4:11] = chance.integers(0, 256, (len(some), 7), np.uint8)
    others = some[chance.random(len(some)) < 0.4]
    payload[others, 0] = 18 << 3 | chance.integers(0, 8, len(others), np.uint8)
    payload[some] = sealed(payload[some], sent.long[some], np.zeros(len(some)))
    return replace(sent, payload=payload)


def kinds_of_aircraft_change(sent: Corpus, chance: Chance) -> Corpus:
    """Aircraft that call themselves now a helicopter, now an airliner, and state ever other accuracies."""
    payload = sent.payload.copy()
    typecode = np.where(payload[:, 0] >> 3 == 17, payload[:, 4] >> 3, 0)
    named, stated = np.flatnonzero(typecode == 4), np.flatnonzero(typecode == 31)
    payload[named, 4] = 4 << 3 | chance.choice(np.array([0, 3, 7], np.uint8), len(named))
    payload[stated, 9] = payload[stated, 9] & 0xF0 | chance.integers(0, 16, len(stated), np.uint8)
    both = np.concatenate((named, stated))
    payload[both] = sealed(payload[both], sent.long[both], np.zeros(len(both)))
    return replace(sent, payload=payload)


def jumps(sent: Corpus, chance: Chance) -> Corpus:
    """Positions that name another place, with sound parity."""
    typecode = np.where(sent.payload[:, 0] >> 3 == 17, sent.payload[:, 4] >> 3, 0)
    positions = np.flatnonzero((typecode >= 5) & (typecode <= 18))
    some = positions[chance.random(len(positions)) < 0.15]
    payload = sent.payload.copy()
    payload[some, 7] ^= chance.choice(np.array([1, 0x10, 0x80], np.uint8), len(some))
    payload[some, 9] ^= chance.choice(np.array([0, 4, 0x20], np.uint8), len(some))
    payload[some] = sealed(payload[some], sent.long[some], np.zeros(len(some)))
    return replace(sent, payload=payload)


def restarts(sent: Corpus, chance: Chance) -> Corpus:
    """The counter begins anew three times."""
    ticks = sent.ticks.copy()
    for at in chance.integers(0, len(sent), 3).tolist():
        ticks[at:] = ticks[at:] - ticks[at] + int(chance.integers(1, 1 << 40))
    return replace(sent, ticks=ticks)


def two_receivers_mixed(sent: Corpus, chance: Chance) -> Corpus:
    """For a while two counters run through one line: a restart every few frames."""
    ticks = sent.ticks.copy()
    begin = int(chance.integers(0, len(sent)))
    other = chance.random(len(sent)) < 0.5
    other[:begin] = other[begin + 200 :] = False
    ticks[other] += 1 << 44
    return replace(sent, ticks=ticks)


def backwards(sent: Corpus, chance: Chance) -> Corpus:
    """Frames out of their order by up to a second, a few by up to 20 s."""
    late = chance.uniform(0, 1, len(sent)) * (chance.random(len(sent)) < 0.2)
    late += chance.uniform(0, 20, len(sent)) * (chance.random(len(sent)) < 0.002)
    return replace(sent, ticks=np.maximum(sent.ticks - (late * HZ).astype(np.int64), 1))


def pauses(sent: Corpus, chance: Chance) -> Corpus:
    """Silences of half a minute to two minutes."""
    ticks = sent.ticks.copy()
    for at in chance.integers(0, len(sent), 3).tolist():
        ticks[at:] += int(chance.uniform(30, 120) * HZ)
    return replace(sent, ticks=ticks)


def wraps(sent: Corpus, chance: Chance) -> Corpus:
    """The 48 bits of the counter run over."""
    until_s = float(chance.uniform(0, 8))
    return replace(sent, ticks=(sent.ticks + (1 << 48) - int(until_s * HZ)) % (1 << 48))


def without_counter(sent: Corpus, chance: Chance) -> Corpus:
    """Frames whose counter names no time."""
    ticks = sent.ticks.copy()
    bare = chance.random(len(sent)) < 0.2
    ticks[bare] = chance.choice(np.array(NOT_A_TIME, np.int64), int(bare.sum()))
    return replace(sent, ticks=ticks)


def seldom(sent: Corpus, chance: Chance) -> Corpus:
    """A receiver that hears only one frame in twelve: pairs are rare."""
    return sent.at(chance.random(len(sent)) < 0.08)


def one_parity(sent: Corpus, chance: Chance) -> Corpus:
    """Some aircraft send even positions only."""
    typecode = np.where(sent.payload[:, 0] >> 3 == 17, sent.payload[:, 4] >> 3, 0)
    odd = (typecode >= 5) & (typecode <= 18) & (sent.payload[:, 6] & 4 > 0)
    return sent.at(~(odd & (sent.payload[:, 3] % 2 == int(chance.integers(2)))))


def counting_by_gps(sent: Corpus, chance: Chance) -> bytes:
    """BEAST of a receiver that says now and then how it counts, around midnight."""
    begin_s = 86_400 - float(chance.uniform(0, 9))
    second = sent.ticks / HZ
    gps = replace(sent, ticks=np.array([gps_ticks(begin_s + at) for at in second.tolist()], np.int64))
    parts, at = [], 0
    status = {True: b"\x1a4" + bytes(7) + b"\x10" + bytes(6), False: b"\x1a4" + bytes(14)}
    for begin in [*sorted(chance.integers(0, len(sent), 6).tolist()), len(sent)]:
        is_gps = bool(chance.random() < 0.7)
        parts += [status[is_gps], (gps if is_gps else sent).at(slice(at, begin)).beast()]
        at = begin
    return b"".join(parts)


FAULTS: tuple[Fault, ...] = (
    wrong_bits,
    heard_again,
    two_of_one_address,
    anything_said,
    kinds_of_aircraft_change,
    jumps,
    restarts,
    two_receivers_mixed,
    backwards,
    pauses,
    wraps,
    without_counter,
    seldom,
    one_parity,
)
