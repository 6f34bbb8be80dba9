"""What has to fit together in a configuration, beyond each value by itself."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from config.problems import Problem, did_you_mean
from config.rules import RuleSettingsError, build_rules
from config.settings import DefaultsSettings, RuleSettings, Settings, SymbolSettings

__all__ = ["inconsistencies", "is_loopback"]


def inconsistencies(settings: Settings) -> Iterator[Problem]:
    """Each pair of values that cannot stand together."""
    yield from _broker(settings)
    yield from _signals(settings)
    yield from _sizes("defaults", settings, settings.defaults)
    for name, symbol in settings.symbols.items():
        yield from _sizes(f"symbols.{name}", settings, symbol)
    yield from _rules(settings)


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, by its name or address alone: nothing is resolved."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _broker(settings: Settings) -> Iterator[Problem]:
    if not is_loopback(settings.broker.host) and not settings.broker.allow_remote:
        # TWS's socket has no password: whoever reaches it trades (INC-47)
        yield Problem(
            "broker.host",
            f'"{settings.broker.host}" is not this machine, and the API has no password; '
            "tunnel it to 127.0.0.1, or set broker.allow_remote = true",
        )


def _signals(settings: Settings) -> Iterator[Problem]:
    signals = settings.signals
    if not signals.base_url:
        return
    address = urlsplit(signals.base_url)
    if address.scheme == "http" and not is_loopback(address.hostname or "") and not signals.allow_plain_http:
        yield Problem(
            "signals.base_url",
            f'"{signals.base_url}" would send the API key unencrypted; '
            "use https, or set signals.allow_plain_http = true",
        )
    if not signals.api_key:
        yield Problem("signals.api_key", "is missing: set the environment variable API_KEY, or empty signals.base_url")


def _sizes(path: str, settings: Settings, part: DefaultsSettings | SymbolSettings | RuleSettings) -> Iterator[Problem]:
    given = [name for name in ("quantity", "allocation", "risk_pct") if getattr(part, name) is not None]
    if len(given) > 1:
        yield Problem(path, f"has {' and '.join(given)}; a size is one of quantity, allocation and risk_pct")


def _rules(settings: Settings) -> Iterator[Problem]:
    sound = True
    for number, rule in enumerate(settings.rules):
        path = f"rules[{number}]"
        for problem in _sizes(path, settings, rule):
            sound = False
            yield problem
        for symbol in rule.symbols:
            if symbol not in settings.symbols:
                sound = False
                hint = did_you_mean(symbol, settings.symbols)
                yield Problem(f"{path}.symbols", f'"{symbol}" has no [symbols.{symbol}]{hint}')
        if rule.do == "create_position" and rule.side is None:
            sound = False
            yield Problem(f"{path}.side", 'is missing; a rule that opens a position says "BUY" or "SELL"')
        for symbol in rule.symbols or tuple(settings.symbols):
            if settings.size(symbol, rule).risk_pct is not None and not settings.exits(symbol, rule).protects:
                sound = False
                yield Problem(path, f"sizes {symbol} by risk_pct, which needs a stop_loss_pct or trailing_stop_pct")
    if sound:
        try:
            build_rules(settings)
        except RuleSettingsError as error:
            path, _, text = str(error).partition(": ")
            yield Problem(path, text)
