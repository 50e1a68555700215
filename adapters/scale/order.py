"""What a site tells a child to do: its name and its feeds, as one line of JSON. No secret is in it."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from adapters.config import Config, FeedSection, WorkerSection
from adapters.feeds.config import FeedConfig
from dispatch.errors import Malformed


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """For one worker."""

    name: str
    feeds: tuple[FeedConfig, ...]


def order_line(config: Config, name: str, sections: Sequence[FeedSection]) -> bytes:
    """For the child `name`, which is to run these feeds."""
    said = Config(
        site=config.site, feed=tuple(sections), worker=WorkerSection(name=name), folder=config.folder
    )
    return msgspec.json.encode(said) + b"\n"


def read_order(line: bytes) -> Order:
    """What a child was told. Raises Malformed."""
    try:
        said = msgspec.json.decode(line, type=Config)
    except msgspec.DecodeError as error:
        raise Malformed("order", str(error)) from None
    return Order(name=said.worker.name, feeds=tuple(said.feed_config(section) for section in said.feed))
