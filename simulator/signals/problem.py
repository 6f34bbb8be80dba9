"""Errors of the API."""

from __future__ import annotations

from http import HTTPStatus

__all__ = ["Problem"]


class Problem(Exception):
    """A request that is answered with an error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def body(self) -> dict[str, object]:
        """Return the error envelope."""
        error = HTTPStatus(self.code).phrase
        return {"status": "error", "error": error, "code": self.code, "message": self.message}
