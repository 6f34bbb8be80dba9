"""Where messages go: services that apprise knows, and files of JSON lines."""

from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from config.alert_settings import ChannelSettings
from config.log_record import timestamp
from config.problems import Problem, SettingsError
from config.redaction import redact, register_secret
from monitoring.alerts.words import Message

__all__ = ["Channel", "DeliveryError", "FileChannel", "open_channel", "open_channels", "secret_address"]


_LOOK_BACK = 100_000  # bytes of a file in which a line is looked for; a message is shorter


class DeliveryError(Exception):
    """A message has not arrived; the text says why, without secrets."""


class Channel(Protocol):
    """One way to reach somebody."""

    @property
    def service(self) -> str:
        """What it is, in words, without secrets."""

    def send(self, message: Message) -> None:
        """Deliver, and return when it has arrived. May block. Raises DeliveryError."""


class FileChannel:
    """Appends each announcement as a line of JSON, on the disk before it counts as delivered.

    A line that is there already is not written again: a monitor was killed before it could note that it had been.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def service(self) -> str:
        """The file."""
        return f"file {self.path}"

    def send(self, message: Message) -> None:
        """Append, and sync."""
        lines = [
            {
                "ts": timestamp(one.at),
                "word": one.word,
                "log": one.log,
                "rule": one.rule,
                "key": one.key,
                "severity": one.severity,
                "text": redact(one.text),
                "runbook": one.runbook,
                "since": timestamp(one.since),
                "count": one.count,
            }
            for one in message.announcements
        ]
        try:
            file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                size = os.fstat(file).st_size
                there = os.pread(file, _LOOK_BACK, max(0, size - _LOOK_BACK)).split(b"\n")
                encoded = [json.dumps(line).encode() for line in lines]
                # after a line that a full disk has cut short, begin a new one
                torn = b"\n" if there[-1] else b""
                data = torn + b"".join(line + b"\n" for line in encoded if line not in there[:-1])
                if os.write(file, data) != len(data):
                    raise DeliveryError(f"{self.path}: the disk took only a part of it")
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as error:
            raise DeliveryError(f"{self.path}: {error.strerror or error}") from error


class AppriseChannel:
    """One service of apprise: mail, Telegram, Slack, Pushover, a desktop and a hundred others."""

    def __init__(self, plugin: Any) -> None:
        """`plugin` is what Apprise.instantiate returns."""
        import apprise

        self._kinds = {
            "critical": apprise.NotifyType.FAILURE,
            "warning": apprise.NotifyType.WARNING,
            "info": apprise.NotifyType.INFO,
            "over": apprise.NotifyType.SUCCESS,
        }
        self._text = apprise.NotifyFormat.TEXT
        self._plugin = plugin
        self._sender = apprise.Apprise()
        self._sender.add(plugin)

    @property
    def service(self) -> str:
        """The service's name."""
        return str(self._plugin.service_name)

    def send(self, message: Message) -> None:
        """Send. apprise has time-outs of its own."""
        try:
            result = self._sender.notify(
                body=message.body,
                title=message.title,
                notify_type=self._kinds[message.kind],
                body_format=self._text,
            )
        except Exception as error:  # a hundred services by as many authors
            raise DeliveryError(redact(f"{self.service}: {type(error).__name__}: {error}")) from error
        if not result:
            raise DeliveryError(redact(f"{self.service}: {_reason(result)}"))


def _reason(result: Any) -> str:
    """What apprise says about it: since its version 2 with the result, before that nothing that can be told apart."""
    said = [" ".join(entry.message.split()) for entry in result.logs()] if hasattr(result, "logs") else []
    return "; ".join(dict.fromkeys(said))[:300] or "it was not sent"


def open_channels(
    channels: Mapping[str, ChannelSettings], folder: Path, environ: Mapping[str, str]
) -> dict[str, Channel]:
    """Make all channels ready; a file's path is inside the folder unless it is absolute.

    Raises SettingsError with every problem, in none of which a secret shows.
    """
    ready: dict[str, Channel] = {}
    problems: list[Problem] = []
    for name, settings in channels.items():
        try:
            ready[name] = open_channel(f"alerts.channels.{name}", settings, folder, environ)
        except SettingsError as error:
            problems += error.problems
    if problems:
        raise SettingsError(problems)
    return ready


def open_channel(place: str, settings: ChannelSettings, folder: Path, environ: Mapping[str, str]) -> Channel:
    """Make one channel ready. Raises SettingsError."""
    if settings.path is not None:
        return FileChannel(folder / settings.path)
    address = secret_address(f"{place}.url", settings.url, environ)
    import apprise  # takes half a second: only where a service is used

    with warnings.catch_warnings():
        # apprise 2.2 asks for `imghdr`, which Python 3.13 has no more, when it reads its services
        warnings.simplefilter("ignore", DeprecationWarning)
        plugin = apprise.Apprise.instantiate(address)
    if plugin is None:
        raise SettingsError([Problem(f"{place}.url", f"{_where(settings.url)} holds no address that apprise knows")])
    return AppriseChannel(plugin)


def secret_address(place: str, written: str, environ: Mapping[str, str]) -> str:
    """What `env:NAME` or `file:PATH` stands for; anything else stands for itself. It is masked from now on.

    Raises SettingsError.
    """
    kind, _, name = written.partition(":")
    if kind == "env":
        address = environ.get(name, "").strip()
        if not address:
            raise SettingsError([Problem(place, f"the environment variable {name} is not set")])
    elif kind == "file":
        try:
            address = Path(name).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "is not text"
            raise SettingsError([Problem(place, f"{name}: {reason}")]) from None
    else:
        return written
    _mask(address)
    return address


def _where(written: str) -> str:
    kind, _, name = written.partition(":")
    return f"the environment variable {name}" if kind == "env" else name if kind == "file" else f'"{written}"'


def _mask(address: str) -> None:
    """Mask it as a whole, and each part that is long enough to be a token; where it leads to may be said."""
    register_secret(address)
    rest = address.partition("://")[2]
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        host = ""
    known = {host.lower()} if "." in host or host == "localhost" else set()
    for piece in re.split(r"[/:@?&=,;#]", rest):
        if len(piece) >= 8 and piece.lower() not in known:  # shorter ones are words such as "hooks"
            register_secret(piece)
            register_secret(unquote(piece))
