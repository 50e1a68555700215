"""The built page and its assets, with Range for the basemap, and /metrics; nothing of the data.

Hashed assets never change under their name and are cached for a year; the pages themselves are asked for anew each
time. `/`, `/phone`, `/atc` and `/video` are one page that looks at its own address.
"""

# mypy: disable-error-code="no-untyped-call"
# reason: twisted.web is not annotated

import ipaddress
import mimetypes
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from twisted.web.resource import Resource
from twisted.web.static import File

from adapters.web.api import SECURITY_HEADERS, authenticate, respond
from adapters.web.problems import HttpError, headers_of, problem_of, status_of
from adapters.web.site import Site
from protocols.json_answers import write

PAGES = frozenset({"", "phone", "atc", "video", "index.html"})
ASSETS = "assets/"  # Vite names these by their content
YEAR_S = 31_536_000
TYPES = {
    ".pmtiles": "application/octet-stream",
    ".webmanifest": "application/manifest+json",
    ".mjs": "text/javascript",
    ".js": "text/javascript",
    ".woff2": "font/woff2",
}


def page_policy(secure: bool, host: str) -> str:
    """The page loads from here alone, and nobody frames it. `host` is as the browser called us."""
    socket = f"{'wss' if secure else 'ws'}://{host}" if host else ""
    return (
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; worker-src 'self'; "
        "media-src 'self' blob:; "
        f"img-src 'self' data: blob:; connect-src 'self' {socket}; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    )


def fail(request: Any, error: HttpError) -> None:
    """A problem for what has no door."""
    headers = {"Content-Type": "application/problem+json", **headers_of(error)}
    respond(request, status_of(error), write(problem_of(error)), headers)


class Pages(Resource):
    """Everything that is not the API."""

    isLeaf = True  # noqa: N815 (Twisted's name)

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder.resolve()

    def render(self, request: Any) -> Any:
        """A file, the page, or 404."""
        if request.method not in (b"GET", b"HEAD"):
            fail(request, HttpError(405, "METHOD_NOT_ALLOWED", "GET or HEAD", headers={"Allow": "GET, HEAD"}))
            return 1
        path = self._find(request)
        if path is None:
            fail(request, HttpError(404, "NOT_FOUND", "no such page"))
            return 1
        self._dress(request, path)
        packed = path.with_name(path.name + ".gz")
        if packed.is_file():
            request.setHeader("Vary", "Accept-Encoding")
            accepted = (request.getHeader("accept-encoding") or "").replace(" ", "").split(",")
            if "gzip" in accepted and not request.getHeader("range"):
                file = File(str(packed), defaultType="application/octet-stream")
                file.type, file.encoding = _type_of(path), "gzip"
                return file.render(request)
        file = File(str(path), defaultType="application/octet-stream")
        file.type, file.encoding = _type_of(path), None
        return file.render(request)

    def _find(self, request: Any) -> Path | None:
        try:
            name = unquote_to_bytes(request.path).decode().strip("/")
        except UnicodeDecodeError:
            return None
        if "\0" in name or "\\" in name:
            return None
        if name in PAGES:
            name = "index.html"
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._folder) or not path.is_file():  # ../ and links out of the folder
            return None
        return path

    def _dress(self, request: Any, path: Path) -> None:
        hashed = path.relative_to(self._folder).as_posix().startswith(ASSETS)
        host = (request.getHeader("host") or "").strip()
        safe_host = host if all(c.isalnum() or c in ".-:[]" for c in host) else ""
        headers = {
            **SECURITY_HEADERS,
            "Cache-Control": f"public, max-age={YEAR_S}, immutable" if hashed else "no-cache",
            "Content-Security-Policy": page_policy(request.isSecure(), safe_host),
            "Permissions-Policy": "camera=(), geolocation=(self), microphone=()",
        }
        if request.isSecure():
            headers["Strict-Transport-Security"] = f"max-age={YEAR_S}"
        request.responseHeaders.removeHeader("Server")
        for name, value in headers.items():
            request.setHeader(name, value)


def _type_of(path: Path) -> str:
    found = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    text = found.startswith("text/") or found in ("application/json", "application/manifest+json")
    return f"{found}; charset=utf-8" if text else found


class MetricsPage(Resource):
    """/metrics, for a scraper on this machine or one that signed in."""

    isLeaf = True  # noqa: N815 (Twisted's name)

    def __init__(self, site: Site) -> None:
        super().__init__()
        self._site = site

    def render(self, request: Any) -> int:
        """The exposition format."""
        try:
            if request.method not in (b"GET", b"HEAD"):
                raise HttpError(405, "METHOD_NOT_ALLOWED", "GET or HEAD", headers={"Allow": "GET, HEAD"})
            if not _near(request):
                authenticate(self._site, request)
        except HttpError as error:
            fail(request, error)
        else:
            kind = "text/plain; version=0.0.4; charset=utf-8"
            respond(request, 200, self._site.metrics.text(), {"Content-Type": kind})
        return 1


def _near(request: Any) -> bool:
    try:
        return ipaddress.ip_address(request.getClientAddress().host).is_loopback
    except (AttributeError, ValueError):
        return False
