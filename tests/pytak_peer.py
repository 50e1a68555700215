"""A field client made with pytak, in a process of its own: sends what stdin says, prints what it receives.

`python -m tests.pytak_peer URL PROTO [KEY=VALUE …]`: one CoT XML event a line on stdin, one JSON string a line on stdout.
"""

import asyncio
import json
import sys
from configparser import ConfigParser

import pytak


async def main(url: str, proto: str, *settings: str) -> None:
    """Until stdin ends."""
    values = {"COT_URL": url, "TAK_PROTO": proto, **dict(each.split("=", 1) for each in settings)}
    parser = ConfigParser(interpolation=None)
    parser["peer"] = values
    config = parser["peer"]
    reader, writer = await pytak.protocol_factory(config)
    outgoing: asyncio.Queue[bytes] = asyncio.Queue()
    incoming: asyncio.Queue[bytes] = asyncio.Queue()
    workers = [pytak.TXWorker(outgoing, config, writer)]
    if reader is not None and proto == "0":
        workers.append(pytak.RXWorker(incoming, config, reader))
    tasks = [asyncio.ensure_future(worker.run()) for worker in workers]
    tasks.append(asyncio.ensure_future(show(incoming)))
    loop = asyncio.get_running_loop()
    print(json.dumps("connected"), flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        await outgoing.put(line.strip().encode())
    for task in tasks:
        task.cancel()


async def show(incoming: "asyncio.Queue[bytes]") -> None:
    """Every event as it came."""
    while True:
        print(json.dumps((await incoming.get()).decode()), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
