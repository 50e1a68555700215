"""`ganying worker`: hear and decode feeds on this machine for a site elsewhere, by a broker, until SIGTERM or Ctrl-C."""

import argparse

from adapters.cli.config import add_config_option
from adapters.config import Config, load
from dispatch.errors import Malformed


def add_parser(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `worker`."""
    parser = sub.add_parser("worker", help="hear and decode feeds on this machine for a site elsewhere")
    add_config_option(parser)
    parser.add_argument(
        "--name", default="", help="which worker this is ([worker] name); it runs the feeds that name it"
    )
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Work; prints `ready NAME` once its feeds are open. Exit status 0 after SIGTERM, 1 when it could not start."""
    config = load(arguments.config)
    name = _name(config, arguments.name)
    feeds = [config.feed_config(section) for section in config.feeds_of(name)]
    if not feeds:
        raise Malformed("feed.worker", f"no feed is worker {name}'s")
    address = config.broker_address()
    if address is None:
        raise Malformed("broker.url", "a worker of its own needs a broker; `[worker] processes` does not")
    from twisted.internet import reactor

    from adapters.logs import set_up_logs
    from adapters.scale.uplink import BrokerUplink
    from adapters.scale.worker import Worker
    from adapters.scale.worker import run as run_worker

    set_up_logs()
    uplink = BrokerUplink(address, site=config.site.id, worker=name)
    worker = Worker(name, feeds, uplink, reactor)
    return run_worker(worker, reactor, ready=lambda: print(f"ready {name}", flush=True))


def _name(config: Config, asked: str) -> str:
    name = asked or config.worker.name
    if not name:
        raise Malformed("worker.name", "say it here or with --name")
    return name
