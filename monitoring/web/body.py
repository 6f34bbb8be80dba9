"""The body of a request, where it is short."""

from __future__ import annotations

from starlette.requests import Request

__all__ = ["body_of"]


async def body_of(request: Request, most: int) -> bytes | None:
    """Return it, or None where it has more bytes than `most`."""
    body, length = b"", 0
    async for chunk in request.stream():
        # what is too long is read to its end, so that the sender hears why, and not kept
        length += len(chunk)
        body = body + chunk if length <= most else b""
    return body if length <= most else None
