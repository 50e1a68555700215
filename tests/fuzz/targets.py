"""Every door through which bytes from outside come: how to feed it, what it may refuse with, and bytes to begin from."""

import functools
import json
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from dispatch.area import Ground
from dispatch.errors import GanyingError
from protocols import (
    asterix_decoder,
    avr,
    avr_batch,
    beast,
    beast_batch,
    camera_alarm,
    cap,
    cot_stream,
    hotspots,
    jt808,
    modes,
    modes_batch,
    nmea_lines,
    pcap,
    public_report,
    sbs,
)
from protocols.codec import client, link, sightings
from protocols.frames import BadFrame, ReceiverStatus
from protocols.gb28181.errors import BadGb
from tests import recordings
from tests.fuzz import gb28181
from tests.recordings import ADSB

DATA = ADSB.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`feed` returns for any bytes, or raises one of `refusals`; anything else is a defect."""

    name: str
    feed: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]
    refusals: tuple[type[Exception], ...] = ()


def _mode_s(data: bytes, deframer: beast.Deframer | avr.Deframer) -> None:
    decoder = modes.Decoder(source="fuzz", reference_position=(115.9, 28.7))
    for item in [*deframer.feed(data), *deframer.close()]:
        if isinstance(item, ReceiverStatus):
            decoder.status(item)
        elif not isinstance(item, BadFrame):
            decoder.decode(item, 0.0)


def _beast(data: bytes) -> None:
    _mode_s(data, beast.Deframer())


def _avr(data: bytes) -> None:
    _mode_s(data, avr.Deframer())


def _mode_s_batch(data: bytes, framing: beast_batch.Deframer | avr_batch.Deframer) -> None:
    """What feeds use; half and half, so that what is kept in between is fuzzed too."""
    decoder = modes_batch.BatchDecoder(source="fuzz", reference_position=(115.9, 28.7), framing=framing)
    half = len(data) // 2
    for piece in (data[:half], data[half:]):
        decoder.feed(piece, 0.0)
    decoder.close(0.0)


def _beast_batch(data: bytes) -> None:
    _mode_s_batch(data, beast_batch.Deframer())


def _avr_batch(data: bytes) -> None:
    _mode_s_batch(data, avr_batch.Deframer())


def _sbs(data: bytes) -> None:
    deframer, decoder = sbs.Deframer(), sbs.Decoder(source="fuzz")
    for item in [*deframer.feed(data), *deframer.close()]:
        if not isinstance(item, BadFrame):
            decoder.sighting(item, trusted_utc=True)


def _nmea(data: bytes) -> None:
    from protocols import nmea, nmea_fixes

    deframer, fixes = nmea_lines.Deframer(), nmea_fixes.Fixes()
    mended = [  # beside the bytes as they are: else hardly a damaged field comes through
        line + b"*" + nmea_lines.checksum(line.decode("latin-1")).encode()
        for line in re.split(rb"[$*\r\n]+", data)
    ]
    stream = data + b"\n$" + b"\n$".join(mended)
    for item in [*deframer.feed(stream), *deframer.close()]:
        if isinstance(item, BadFrame) or not nmea.is_read(item):
            continue
        try:
            said = nmea.read(item)
        except GanyingError:
            continue
        fixes.put(said)
    fixes.close()


def _jt808(data: bytes) -> None:
    decoder = jt808.Decoder()
    decoder.feed(data)
    decoder.close()


def _jt808_session(data: bytes) -> None:
    """As a feed does, with a terminal that was let in (its number stands in the first packet) and check codes mended."""
    from protocols.jt808_frames import Deframer, Packet, escape, unescape
    from protocols.jt808_messages import AUTHENTICATION
    from protocols.jt808_session import Session, Terminals

    terminals = Terminals(source="fuzz", listed={}, secret=b"fuzz", accept_unknown=True)
    session = Session(terminals)
    deframer = Deframer()
    mended = []
    for run in data.split(b"\x7e"):
        plain = (unescape(run) or b"")[:-1]
        mended.append(escape(plain + bytes((functools.reduce(operator.xor, plain, 0),))))
    for now_s, item in enumerate(deframer.feed(b"\x7e".join(mended))):
        if not isinstance(item, Packet):
            continue
        terminal = terminals.find(item.number)
        if session.terminal is None and terminal is not None:
            code = terminals.code_of(terminal)
            login = Packet(message_id=AUTHENTICATION, number=item.number.zfill(12)[-12:], serial=0, body=code)
            session.take(login, float(now_s))
        for _ in session.take(item, float(now_s)).seen:
            pass
    session.close()


def _klv(data: bytes) -> None:
    """As it came, and as a packet whose label, length and checksum are right: else hardly an item is reached."""
    from protocols import klv
    from protocols.klv.local_set import running_sum

    body = data[:400]
    head = klv.LABEL + b"\x84" + (len(body) + 4).to_bytes(4) + body + b"\x01\x02"
    mended = head + running_sum(head).to_bytes(2)
    for packet in [*klv.split(data), mended]:
        if isinstance(packet, BadFrame):
            continue
        try:
            frame = klv.decode(packet)
        except klv.KlvError:
            continue
        if packet[-1] % 128 == 0:  # of few, by chance: it is slower than all the rest
            klv.footprint(frame, lambda lon, lat: (lon + lat) * 10 % 500)


def _klv_transport(data: bytes) -> None:
    """Tables in front whose sums are right, so that the streams they name are followed."""
    from protocols import klv
    from protocols.klv import transport
    from protocols.klv.transport_tables import Carriage

    demuxer = transport.Demuxer()
    tables = (DATA / "klv" / "day_flight_h264_part.ts").read_bytes()[: 3 * 188]
    for each in [*demuxer.feed(tables), *demuxer.feed(data), *demuxer.close()]:
        if isinstance(each, transport.Payload):
            carried = klv.Carried(synchronous=each.stream.carriage is Carriage.SYNCHRONOUS)
            carried.feed(each.data)
            klv.Carried(synchronous=True).feed(each.data)


def _klv_seeds() -> list[bytes]:
    """Whole packets, and what stands in them."""
    from protocols import klv

    whole = klv.split((DATA / "klv" / "day_flight.klv").read_bytes())
    packets = [each for each in whole if isinstance(each, bytes)]
    packets.append((DATA / "klv" / "DynamicConstantMISMMSPacketData.bin").read_bytes())
    return packets + [each[18:-4] for each in packets]


def _klv_transport_seeds() -> list[bytes]:
    data = (DATA / "klv" / "day_flight_h264_part.ts").read_bytes()
    return [data[at : at + 188] for at in range(0, len(data), 188)]


def _pcap(data: bytes) -> None:
    reader = pcap.Reader()
    reader.feed(data)
    reader.close()


def _lines(path: str, first: int = 40) -> list[bytes]:
    return [line + b"\n" for line in (DATA / path).read_bytes().splitlines()[:first]]


@functools.cache
def _frames() -> list[bytes]:
    deframer = beast.Deframer()
    good = [
        item
        for item in deframer.feed(recordings.petersburg()[:60_000])
        if not isinstance(item, BadFrame | ReceiverStatus)
    ]
    return [beast.encode(frame) for frame in good[::7]]


def _jt808_seeds() -> list[bytes]:
    found = []
    for vector in json.loads((DATA / "jt808/vectors.json").read_text()):
        inner = bytes.fromhex(vector["hex"]).strip(b"\x7e")  # the file's frames are unescaped
        found.append(b"\x7e" + inner.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02") + b"\x7e")
    return found


def _cot_seeds() -> list[bytes]:
    events = json.loads((DATA / "cot/cot_events.json").read_text())
    vector = json.loads((DATA / "cot/tak_protocol_v1_vectors.json").read_text())
    return [event["xml"].encode() for event in events] + [
        bytes.fromhex(value)
        for value in _texts(vector)
        if len(value) > 100 and set(value) <= set("0123456789abcdef")
    ]


def _texts(value: object) -> list[str]:
    """All strings of a JSON value."""
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in _texts(part)]


def _client_seeds() -> list[bytes]:
    from protocols.gen import client_pb2

    hello = client_pb2.ClientMessage(hello=client_pb2.Hello(token="t" * 40, resume_after=7, epoch="e"))
    port = client_pb2.Viewport(west_e7=1, south_e7=2, east_e7=3, north_e7=4)
    subscribe = client_pb2.ClientMessage(subscribe=client_pb2.Subscribe(viewport=port, tracks=True))
    return [hello.SerializeToString(), subscribe.SerializeToString()]


def _sightings_seeds() -> list[bytes]:
    from dispatch.kinds import AltitudeDatum, Emergency, SourceKind
    from dispatch.sighting import Sighting
    from protocols.codec.sightings import FeedReport, SightingBatch, SiteBeat, WorkerBeat
    from tests.dispatch.batches import batch_of

    seen = tuple(
        Sighting(
            source="hill",
            source_kind=SourceKind.ADSB,
            icao24=f"{0x780000 + number:06x}",
            receiver_s=float(number),
            lon_deg=115.9,
            lat_deg=28.7,
            altitude_m=500.0,
            altitude_datum=AltitudeDatum.PRESSURE,
            callsign="B7001",
            squawk="7700",
            emergency=Emergency.GENERAL,
            emitter_category="A7",
        )
        for number in range(3)
    )
    said = {"worker": "w1", "feed": "hill", "epoch": 7, "sequence": 3, "made_at_s": 1_790_000_000.0}
    report = FeedReport(
        name="hill", kind="beast", transport="tcp", address="127.0.0.1:1", listening=True, connected=True,
        simulated=False, last_heard_at_s=1.0, rate_per_s=2.0, source_clock="counter", clock_off_s=None,
        last_error="", totals={"frames": 3}, errors={"CRC": 1},
    )  # fmt: skip
    return [
        sightings.encode(message)
        for message in (
            SightingBatch(**said, content=seen),
            SightingBatch(**said, content=batch_of(seen, 1_790_000_000.0)),
            WorkerBeat(worker="w1", epoch=7, at_us=5, echo_us=4, host="hill", feeds=(report,)),
            SiteBeat(site="36", at_us=5),
        )
    ]


def _asterix_seeds() -> list[bytes]:
    found = [
        bytes.fromhex(each["hex"])
        for each in json.loads((DATA / "asterix/china_cat021_v026.json").read_text())
    ]
    for name in ("cat_034_048.pcap", "cat_062_065.pcap", "cat_001_002.pcap"):
        reader = pcap.Reader()
        found += [
            item.payload
            for item in reader.feed((DATA / "asterix" / name).read_bytes())
            if isinstance(item, pcap.Datagram)
        ]
    return found[:40]


def _avr_seeds() -> list[bytes]:
    rows = (ADSB / "pymodes_df17_406b90.csv").read_text().splitlines()[:60]
    return [f"*{row.split(',')[1]};\n".encode() for row in rows]


_GROUND = Ground()
_CAMERA = [b'{"id":"a","position":{"lon_deg":115,"lat_deg":29},"confidence":0.5}', b"[{},{}]"]
_REPORT = [b'{"id":"a","title":"t","position":{"lon_deg":115,"lat_deg":29}}', b"[{},{}]"]


def _flight_messages(data: bytes) -> None:
    """Out of a stream, the first message; what is none there is made one: else hardly a damaged field comes through."""
    from protocols.flight_messages import reader, told, writer
    from protocols.flight_messages.stream import Deframer, Telegram

    deframer = Deframer()
    items = [*deframer.feed(data), *deframer.close()]
    mended = re.sub(r"[^A-Z0-9 .,'/?:=+\n-]", "X", data.strip(b"()").decode("latin-1").upper())
    texts = [item.text for item in items if isinstance(item, Telegram)] or [f"({mended})"]
    for text in texts[:1]:
        reading = reader.read(text)
        if reading.message is not None:
            writer.write(reading.message)
            told.values(reading.message)


def _flight_message_seeds() -> list[bytes]:
    folder = DATA / "flight_messages"
    return [*(folder / "good.txt").read_bytes().split(b"\n\n"), (folder / "fpl_cn.txt").read_bytes()]


def _cap_seeds() -> list[bytes]:
    return [(DATA / "cap" / f"{name}.cap").read_bytes() for name in ("australia", "canada", "taiwan")]


TARGETS: tuple[Target, ...] = (
    Target(name="beast", feed=_beast, seeds=_frames),
    Target(name="avr", feed=_avr, seeds=_avr_seeds),
    Target(name="beast-batch", feed=_beast_batch, seeds=_frames),
    Target(name="avr-batch", feed=_avr_batch, seeds=_avr_seeds),
    Target(name="sbs", feed=_sbs, seeds=lambda: _lines("adsb/stratux_gms5002_es.sbs.log")),
    Target(name="jt808", feed=_jt808, seeds=_jt808_seeds),
    Target(name="jt808_session", feed=_jt808_session, seeds=_jt808_seeds),
    Target(name="nmea", feed=_nmea, seeds=lambda: _lines("nmea/pygpsdata-nmea4.log")),
    Target(name="cot", feed=cot_stream.feed, seeds=_cot_seeds),
    Target(name="cot_datagram", feed=cot_stream.feed_datagram, seeds=_cot_seeds),
    Target(name="asterix", feed=asterix_decoder.feed, seeds=_asterix_seeds),
    Target(name="klv", feed=_klv, seeds=_klv_seeds),
    Target(name="klv-transport", feed=_klv_transport, seeds=_klv_transport_seeds),
    Target(name="gb28181-sip", feed=gb28181.sip_words, seeds=gb28181.sip_seeds, refusals=(BadGb,)),
    Target(name="gb28181-rtp", feed=gb28181.media, seeds=gb28181.media_seeds),
    Target(name="pcap", feed=_pcap, seeds=lambda: [b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00" + bytes(32)]),
    Target(name="client", feed=client.decode, seeds=_client_seeds, refusals=(GanyingError,)),
    Target(name="link", feed=link.decode, seeds=_client_seeds, refusals=(GanyingError,)),
    Target(
        name="cap", feed=lambda data: cap.parse(data, _GROUND), seeds=_cap_seeds, refusals=(GanyingError,)
    ),
    Target(
        name="hotspots",
        feed=hotspots.parse,
        seeds=lambda: [(DATA / "hotspots" / "modis_c6_2018-12-01_03.csv").read_bytes()[:600]],
        refusals=(GanyingError,),
    ),
    Target(name="camera", feed=camera_alarm.parse, seeds=lambda: _CAMERA, refusals=(GanyingError,)),
    Target(name="report", feed=public_report.parse, seeds=lambda: _REPORT, refusals=(GanyingError,)),
    Target(name="flight-messages", feed=_flight_messages, seeds=_flight_message_seeds),
    Target(name="sightings", feed=sightings.decode, seeds=_sightings_seeds, refusals=(GanyingError,)),
)
