"""The built page: what is served, how it is cached, what may not be reached."""

import gzip

import pytest_twisted

from tests.adapters.web.running import Running


@pytest_twisted.ensureDeferred
async def test_the_page_is_served_at_its_addresses_with_a_strict_policy(site: Running) -> None:
    for path in ("/", "/phone", "/atc", "/index.html"):
        page = await site.http("GET", path)
        assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "赣鹰".encode() in page.body
        assert page.headers["cache-control"] == "no-cache"
        policy = page.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert f"ws://127.0.0.1:{site.port}" in policy
        assert page.headers["x-content-type-options"] == "nosniff"
        assert "server" not in page.headers


@pytest_twisted.ensureDeferred
async def test_hashed_assets_are_kept_for_a_year_and_the_map_comes_in_ranges(site: Running) -> None:
    script = await site.http("GET", "/assets/app-1a2b3c.js")
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "immutable" in script.headers["cache-control"]
    part = await site.http("GET", "/map.pmtiles", headers={"Range": "bytes=256-258"})
    assert (part.status, part.body) == (206, b"\x00\x01\x02")
    assert part.headers["content-range"] == "bytes 256-258/10240"


@pytest_twisted.ensureDeferred
async def test_nothing_outside_the_page_can_be_read(site: Running) -> None:
    (site.folder / "secret").write_text("secret")
    (site.folder / "dist" / "link").symlink_to(site.folder / "secret")
    for path in (
        "/../secret",
        "/%2e%2e/secret",
        "/link",
        "/assets",
        "/assets/../../secret",
        "/%00",
        "/a\\b",
        "/%ff",
    ):
        answer = await site.http("GET", path)
        assert answer.status == 404, path
        assert b"secret" not in answer.body
    assert (await site.http("POST", "/")).status == 405


@pytest_twisted.ensureDeferred
async def test_a_crafted_host_does_not_reach_the_policy(site: Running) -> None:
    page = await site.http("GET", "/", headers={"Host": "x; script-src *"})
    assert "script-src *" not in page.headers["content-security-policy"]


@pytest_twisted.ensureDeferred
async def test_text_goes_compressed_to_whoever_takes_it(site: Running) -> None:
    plain = await site.http("GET", "/assets/app-1a2b3c.js")
    assert "content-encoding" not in plain.headers
    packed = gzip.compress(plain.body)
    (site.folder / "dist" / "assets" / "app-1a2b3c.js.gz").write_bytes(packed)
    taken = await site.http("GET", "/assets/app-1a2b3c.js", headers={"Accept-Encoding": "gzip, br"})
    assert (taken.headers["content-encoding"], taken.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert taken.headers["content-type"].startswith("text/javascript")
    assert taken.body == packed
    for headers in ({}, {"Accept-Encoding": "br"}, {"Accept-Encoding": "gzip", "Range": "bytes=0-3"}):
        assert (
            "content-encoding"
            not in (await site.http("GET", "/assets/app-1a2b3c.js", headers=headers)).headers
        )
