"""`ganying replay` of a capture: as a stream, or datagram by datagram as it came in."""

import socket
import threading

import pytest

from adapters.__main__ import main
from tests.protocols.asterix_peers import DATA, datagrams

CAPTURE = DATA / "cat_034_048.pcap"


def test_a_captures_datagrams_go_out_as_they_came_in(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as feed:
        feed.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        feed.bind(("127.0.0.1", 0))
        feed.settimeout(30)
        words = ["replay", str(CAPTURE), "--to", f"udp:127.0.0.1:{feed.getsockname()[1]}"]
        assert main([*words, "--speed", "100"]) == 0
        sent = datagrams(CAPTURE.name)
        assert [feed.recv(65_536) for _ in sent] == sent
    assert f'"bytes": {sum(map(len, sent))}' in capsys.readouterr().err


def test_a_capture_of_any_format_is_paced_by_its_own_times() -> None:
    received = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as feed:

        def take() -> None:
            connection, _ = feed.accept()
            with connection:
                while data := connection.recv(65_536):
                    received.extend(data)

        taking = threading.Thread(target=take)
        taking.start()
        words = ["replay", str(CAPTURE), "--to", f"127.0.0.1:{feed.getsockname()[1]}", "--speed", "100"]
        assert main(words) == 0
        taking.join(30)
    assert bytes(received) == b"".join(datagrams(CAPTURE.name))
