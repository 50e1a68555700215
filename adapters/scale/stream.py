"""The broker's memory: a JetStream stream that keeps what workers sent in the last minutes, oldest dropped first.

Workers know nothing of it: it listens to their subjects. These run on the line's loop (`Broker.call`) and raise its
LINE_ERRORS, of which NoStream means that the broker keeps nothing at all.
"""

import contextlib
import datetime as dt
from dataclasses import dataclass
from typing import Any

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)

from adapters.config import BrokerSection
from adapters.scale.subjects import Subjects

HANDFUL = 16  # messages read at once: 4 MB at most
WAIT_S = 2.0  # for an answer of JetStream
IDLE_S = 30.0  # a reader that is not read from for so long is forgotten by the broker


class NoStream(nats.errors.Error):
    """The broker has no JetStream, or we may not use it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState:
    """Which stream it is (another one after it was lost), and its numbers."""

    identity: str
    first: int
    last: int
    held_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A message out of the stream."""

    number: int
    subject: str
    data: bytes


async def open_stream(client: Client, subjects: Subjects, section: BrokerSection) -> StreamState:
    """The stream as the configuration wants it, made or changed where it is not so."""
    wanted = StreamConfig(
        name=subjects.stream,
        subjects=[subjects.sightings()],
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.OLD,
        max_age=section.keep_minutes * 60,
        max_bytes=section.keep_mb << 20,
        storage=StorageType.FILE if section.keep_on_disk else StorageType.MEMORY,
    )
    jetstream = client.jetstream(timeout=WAIT_S)
    try:
        with contextlib.suppress(nats.js.errors.BadRequestError):  # there with other settings
            return _state(await jetstream.add_stream(wanted))
        return _state(await jetstream.update_stream(wanted))
    except (nats.errors.NoRespondersError, nats.js.errors.ServiceUnavailableError):
        raise NoStream("the broker has no JetStream") from None
    except nats.js.errors.APIError as error:
        raise NoStream(f"JetStream refused: {error.description}") from None


async def state(client: Client, subjects: Subjects) -> StreamState:
    """The stream as it is."""
    try:
        return _state(await client.jetstream(timeout=WAIT_S).stream_info(subjects.stream))
    except nats.js.errors.APIError as error:
        raise NoStream(f"JetStream refused: {error.description}") from None


def _state(info: Any) -> StreamState:
    created: Any = info.created
    identity = created.isoformat() if isinstance(created, dt.datetime) else str(created)
    return StreamState(
        identity=identity,
        first=int(info.state.first_seq),
        last=int(info.state.last_seq),
        held_bytes=int(info.state.bytes),
    )


async def open_reader(client: Client, subjects: Subjects, first: int) -> Any:
    """What reads the stream from number `first` on."""
    config = ConsumerConfig(
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=first,
        ack_policy=AckPolicy.NONE,
        inactive_threshold=IDLE_S,
        mem_storage=True,
    )
    return await client.jetstream(timeout=WAIT_S).pull_subscribe(
        subjects.sightings(), stream=subjects.stream, config=config
    )


async def read(reader: Any) -> list[Kept]:
    """The next few; none when there are no more."""
    try:
        messages = await reader.fetch(HANDFUL, timeout=WAIT_S)
    except nats.errors.TimeoutError:
        return []
    return [
        Kept(number=message.metadata.sequence.stream, subject=message.subject, data=message.data)
        for message in messages
    ]


async def close_reader(reader: Any) -> None:
    """Done with it."""
    with contextlib.suppress(nats.errors.Error):
        await reader.unsubscribe()
