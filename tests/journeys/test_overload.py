"""One source far beyond what can be read: what goes is counted and shown, and nobody else loses anything."""

import socket
from pathlib import Path
from typing import Any

from protocols.adsb_encode import airborne_velocity
from protocols.beast import encode
from protocols.frames import Frame
from protocols.receiver_clock import TICKS_HZ
from tests.journeys.running import Client, RunningSite, wait_for
from tests.ports import free_port
from tests.protocols.asterix_sent import block, report_021

REPORTS = 20  # a datagram
DATAGRAMS_AT_ONCE = 2_000
QUIET_FRAMES = 2_000


def of_feed(client: Client, name: str) -> dict[str, Any]:
    feeds: list[dict[str, Any]] = client.get("feeds")["items"]
    return next(each for each in feeds if each["name"] == name)


def test_a_flooding_radar_loses_its_oldest_words_counted_and_a_receiver_beside_it_none(
    tmp_path: Path,
) -> None:
    radar_port, receiver_port = free_port(), free_port()
    site = RunningSite(
        tmp_path,
        feed=(
            f'[[feed]]\nname = "radar"\nkind = "asterix"\ntransport = "udp"\nlisten = "127.0.0.1:{radar_port}"\n'
            f'[[feed]]\nname = "receiver"\nkind = "beast"\nlisten = "127.0.0.1:{receiver_port}"\n'
        ),
    )
    site.accounts()
    site.start()
    try:
        client = site.sign_in("diaodu")
        datagram = block(21, *(report_021(i080=0x020000 + number) for number in range(REPORTS)))
        sent = 0
        receiver = socket.create_connection(("127.0.0.1", receiver_port))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as radar, receiver:

            def flood() -> bool:
                nonlocal sent
                for _ in range(DATAGRAMS_AT_ONCE):
                    radar.sendto(datagram, ("127.0.0.1", radar_port))
                sent += DATAGRAMS_AT_ONCE
                return bool(of_feed(client, "radar")["dropped"])

            wait_for(flood, "datagrams that had to go")
            for number in range(QUIET_FRAMES):
                frame = airborne_velocity(0x780A00 + number % 50, 60.0, float(number % 360), 0.0)
                receiver.sendall(encode(Frame(payload=frame, ticks=number * TICKS_HZ // 100, signal=100)))
                if number % 200 == 0:
                    flood()
            wait_for(
                lambda: of_feed(client, "receiver")["valid"] == QUIET_FRAMES, "every frame of the receiver"
            )

            def settled() -> bool:
                radar_now = of_feed(client, "radar")
                return bool(radar_now["messages"] // REPORTS + radar_now["dropped"] == sent)

            # what the kernel threw away at the end is only known with a later datagram
            def one_more_settles() -> bool:
                nonlocal sent
                if of_feed(client, "radar")["backlog_bytes"] == 0 and not settled():
                    radar.sendto(datagram, ("127.0.0.1", radar_port))
                    sent += 1
                return settled()

            wait_for(one_more_settles, "every datagram read or counted as dropped")
        assert of_feed(client, "receiver")["dropped"] == 0
    finally:
        site.stop()
