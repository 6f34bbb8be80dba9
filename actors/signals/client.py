"""The Options Flow Monitor over HTTP: one request, and what its answer means for the next one."""

from __future__ import annotations

import math
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

__all__ = ["KeyRefusedError", "NoPredictionError", "OptionsFlowClient", "RateLimitedError", "ServiceError"]

_TIMEOUT_SECONDS = 30.0


class ServiceError(Exception):
    """The service did not give what was asked: try again later."""


class KeyRefusedError(ServiceError):
    """401: the key is wrong, and asking again will not help."""


class NoPredictionError(ServiceError):
    """404: the service has no prediction for the ticker, or not yet."""


class RateLimitedError(ServiceError):
    """429: nothing before `seconds` have passed."""

    def __init__(self, seconds: float) -> None:
        """`seconds` come from Retry-After or X-RateLimit-Reset, or are a minute where neither says anything."""
        super().__init__(f"rate limit reached; free again in {seconds:.0f} s")
        self.seconds = seconds


class OptionsFlowClient:
    """Asks the service. Use as an async context manager; the key goes into a header and nowhere else."""

    def __init__(self, base_url: str, api_key: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """`base_url` already holds `/api/v1`; `transport` takes the network's place in a simulation."""
        self.exhausted_seconds = 0.0
        """For how long, by the last answer, nothing more will be answered."""
        self._http = httpx.AsyncClient(
            base_url=base_url.rstrip("/") + "/",
            headers={"X-API-Key": api_key, "Accept": "application/json"},
            timeout=_TIMEOUT_SECONDS,
            transport=transport,
        )
        self._requests: dict[str, httpx.Request] = {}  # symbol → what is asked; made once, it takes longer than to send

    async def __aenter__(self) -> OptionsFlowClient:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._http.aclose()

    async def latest_prediction(self, symbol: str, now_epoch: float) -> Any:
        """Return the `data` of `prediction/latest`. Raises ServiceError and its subclasses."""
        request = self._requests.get(symbol)
        if request is None:
            request = self._http.build_request("GET", "prediction/latest", params={"ticker": symbol})
            self._requests[symbol] = request
        try:
            response = await self._http.send(request)
        except httpx.HTTPError as error:
            raise ServiceError(f"{type(error).__name__}: {error}") from error
        exhausted = response.headers.get("X-RateLimit-Remaining", "").strip() == "0"
        self.exhausted_seconds = _pause_seconds(response.headers, now_epoch) if exhausted else 0.0
        if response.status_code == 401:
            raise KeyRefusedError("the service refuses the API key (401)")
        if response.status_code == 429:
            raise RateLimitedError(_pause_seconds(response.headers, now_epoch))
        if response.status_code == 404:
            raise NoPredictionError(f"the service has no prediction for {symbol} (404)")
        try:
            body = response.json()
        except ValueError as error:
            raise ServiceError(f"HTTP {response.status_code}: the answer is not JSON") from error
        if not isinstance(body, dict) or response.status_code != 200 or body.get("status") != "success":
            raise ServiceError(f"HTTP {response.status_code}: {_reason(body)}")
        return body.get("data")


def _pause_seconds(headers: httpx.Headers, now_epoch: float) -> float:
    """Retry-After (seconds, or a date) goes before X-RateLimit-Reset.

    That is a time stamp in some services and a wait in others; more than a day is a time stamp.
    """
    after = headers.get("Retry-After")
    wait = None if after is None else _seconds(after, now_epoch)
    if wait is None:
        reset = _seconds(headers.get("X-RateLimit-Reset", ""), now_epoch)
        wait = 60.0 if reset is None else reset
    return min(max(wait, 1.0), 3_600.0)


def _seconds(written: str, now_epoch: float) -> float | None:
    try:
        value = float(written)
    except ValueError:
        try:
            return parsedate_to_datetime(written).timestamp() - now_epoch
        except ValueError:
            return None
    if not math.isfinite(value):
        return None
    return value - now_epoch if value > 86_400 else value


def _reason(body: Any) -> str:
    if isinstance(body, dict):
        return str(body.get("message") or body.get("error") or "no message")[:200]
    return f"expected an object, got {type(body).__name__}"
