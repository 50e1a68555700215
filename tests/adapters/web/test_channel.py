"""Connections that are held open for nothing."""

import socket
import time

import pytest
import pytest_twisted

from adapters.web import channel
from tests.adapters.web.running import Running


def status_of(line: socket.socket) -> bytes:
    """The status line, or nothing when the connection was cut."""
    try:
        return line.recv(4096).split(b"\r\n")[0]
    except ConnectionResetError:
        return b""


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET /api/v1/health HTTP/1.1\r\nX: ",
        b"POST /api/v1/incidents HTTP/1.1\r\nContent-Length: 1000\r\n\r\n",
    ],
)
async def test_a_request_that_drips_is_ended_at_its_deadline_and_others_are_served(
    site: Running, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(channel, "REQUEST_DEADLINE_S", 0.3)

    def drip(line: socket.socket) -> bytes:
        line.settimeout(0.02)
        line.sendall(begun or b"G")
        ends = time.monotonic() + 15
        while time.monotonic() < ends:
            try:
                return status_of(line)
            except TimeoutError:
                line.sendall(b"a")
        return b"still open"

    dripping = site.raw(drip)
    assert (await site.http("GET", "health")).status == 200
    assert await dripping == b"HTTP/1.1 408 Request Timeout"


@pytest_twisted.ensureDeferred
async def test_a_header_too_long_or_unreadable_is_refused_with_a_problem(site: Running) -> None:
    def ask(data: bytes) -> bytes:
        def talk(line: socket.socket) -> bytes:
            line.sendall(data)
            return line.recv(4096)

        return talk

    long = b"GET / HTTP/1.1\r\nX: " + b"y" * channel.MAX_HEADER_BYTES + b"\r\n\r\n"
    many = b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * (channel.MAX_HEADERS + 1) + b"\r\n"
    for data in (long, many, b"\x16\x03\x01\x02\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n"):
        answer = await site.raw(ask(data))
        assert answer.startswith(b"HTTP/1.1 400 "), data[:30]
        assert b"application/problem+json" in answer
    assert (await site.http("GET", "health")).status == 200


@pytest_twisted.ensureDeferred
async def test_a_connection_over_the_limit_is_closed_and_its_place_is_given_back(site: Running) -> None:
    doors = site.server._port.factory
    doors.limit = 8

    def asked(line: socket.socket) -> bytes:
        line.sendall(b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\n\r\n")
        return status_of(line)

    def fill(first: socket.socket) -> list[bytes]:
        held = [first]
        answers = []
        try:
            for number in range(12):
                try:
                    if number:  # the server may reset a connection too many before connect() has returned
                        held.append(socket.create_connection(("127.0.0.1", site.port), timeout=20))
                    answers.append(asked(held[-1]))
                except (ConnectionResetError, BrokenPipeError):
                    answers.append(b"")
            return answers
        finally:
            for line in held[1:]:
                line.close()

    answers = await site.raw(fill)
    assert answers[:8] == [b"HTTP/1.1 200 OK"] * 8
    assert answers[8:] == [b""] * 4
    while doors.held.total():
        await site.raw(lambda _: None)
        if doors.held.total() <= 1:
            break
    assert (await site.http("GET", "health")).status == 200


@pytest_twisted.ensureDeferred
async def test_random_bytes_cost_nothing_but_their_connection(site: Running) -> None:
    import random

    noise = random.Random(36)  # seeded: the same noise each time

    def throw(line: socket.socket) -> None:
        try:
            line.sendall(noise.randbytes(3000) + b"\r\n\r\n")
            line.recv(4096)
        except (ConnectionResetError, BrokenPipeError):
            return

    for _ in range(20):
        await site.raw(throw)
    assert (await site.http("GET", "health")).status == 200


@pytest_twisted.ensureDeferred
async def test_one_connection_serves_many_requests_one_after_the_other(site: Running) -> None:
    def twice(line: socket.socket) -> bytes:
        line.sendall(b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\n\r\n" * 2)
        line.sendall(b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        made = b""
        while part := line.recv(65536):
            made += part
        return made

    assert (await site.raw(twice)).count(b"HTTP/1.1 200 OK") == 3
