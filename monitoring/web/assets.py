"""Pages, scripts, styles and pictures: files of this package, read once at the start."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.resources import files

from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response

__all__ = ["Asset", "load_assets"]

_TYPES: Mapping[str, str] = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


@frozen(slots=True)
class Asset:
    """One file; browsers keep it and ask whether it is still the same."""

    content: bytes
    media_type: str
    tag: str

    def answer(self, request: Request) -> Response:
        """Send it, or that it has not changed."""
        headers = {"ETag": self.tag, "Cache-Control": "private, no-cache"}
        if request.headers.get("If-None-Match") == self.tag:
            return Response(status_code=304, headers=headers)
        return Response(self.content, media_type=self.media_type, headers=headers)


def load_assets() -> Mapping[str, Asset]:
    """Return name → file."""
    found = {}
    for file in files("monitoring.web").joinpath("static").iterdir():
        suffix = file.name.rpartition(".")[2]
        if suffix in _TYPES:
            content = file.read_bytes()
            found[file.name] = Asset(content, _TYPES[suffix], f'"{hashlib.sha256(content).hexdigest()[:32]}"')
    return found
