"""Serves the films of a folder by RTSP over TCP, with a server that is not ours: `python -m tests.rtsp_server FOLDER PORT`."""

import asyncio
import sys

from aio_rtsp_toolkit.server import serve

asyncio.run(serve(sys.argv[1], "127.0.0.1", int(sys.argv[2])))
