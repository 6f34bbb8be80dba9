"""What a client says before it is understood: the greeting and the versions that it speaks."""

from __future__ import annotations

import re

from attrs import frozen

from simulator.wire.framing import MalformedFrame

__all__ = ["GREETING", "NEWEST_VERSION", "OLDEST_VERSION", "Agreement", "agree"]

GREETING = b"API\0"
OLDEST_VERSION = 157
NEWEST_VERSION = 176
"""177 and above change layouts that ib_insync does not know; 201 and above switch to protobuf."""

_VERSIONS = re.compile(rb"v(\d{2,4})\.\.(\d{2,4})( \S.*)?\0?", re.ASCII)


@frozen(slots=True)
class Agreement:
    """What client and server will speak."""

    version: int
    wants_pacing: bool  # the client has asked to be slowed down, not refused


def agree(body: bytes) -> Agreement | None:
    """Return the lower of both sides' newest versions, None if the other side does not speak that.

    Raises MalformedFrame for what is no range of versions.
    """
    versions = _VERSIONS.fullmatch(body)
    if versions is None:
        raise MalformedFrame("no version range")
    lowest, highest = int(versions[1]), int(versions[2])
    version = min(highest, NEWEST_VERSION)
    if version < max(lowest, OLDEST_VERSION):
        return None
    return Agreement(version, b"PACEAPI" in (versions[3] or b""))
