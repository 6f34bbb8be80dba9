"""What has to fit together in a configuration, beyond each value by itself."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from config.alert_rules import alert_problems
from config.calendars import UnknownCalendarError, exchange_hours
from config.problems import Problem, did_you_mean
from config.rule_actions import exit_terms
from config.rule_settings import ActionSettings, RuleSettings
from config.rules import RuleSettingsError, build_rules
from config.settings import SIZES, DefaultsSettings, Settings, SymbolSettings
from domain.bars import BAR_SECONDS
from domain.distances import contradiction, needs_atr
from domain.rules import ActionError

__all__ = ["inconsistencies", "is_loopback"]

# what is no stock goes by its local symbol: what it looks like, and one to show it by
_NAMES = {
    "OPT": (re.compile(r"[A-Z0-9 ]{6}\d{6}[CP]\d{8}"), "AAPL  281215C00220000"),
    "FUT": (re.compile(r"[A-Z0-9]{1,6} ?[A-Z0-9 ]*\d"), "ESZ8"),
    "CASH": (re.compile(r"[A-Z]{3}\.[A-Z]{3}"), "EUR.USD"),
}
_SIDED = ("create_position", "create_order", "create_bracket")


def inconsistencies(settings: Settings) -> Iterator[Problem]:
    """Each pair of values that cannot stand together."""
    yield from _broker(settings)
    yield from _signals(settings)
    yield from _sizes("defaults", settings, settings.defaults)
    for name, symbol in settings.symbols.items():
        yield from _sizes(f"symbols.{name}", settings, symbol)
        yield from _name(name, symbol)
    yield from _clock(settings)
    yield from _indicators(settings)
    yield from _groups(settings)
    yield from _exits(settings)
    yield from _rules(settings)
    yield from alert_problems(settings.alerts, settings.log.pulse_seconds)


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
    if signals.push_port and not is_loopback(signals.push_host):
        yield Problem(
            "signals.push_host", f'"{signals.push_host}" is not this machine; predictions are pushed over http'
        )
    if signals.push_port and not signals.push_token:
        yield Problem(
            "signals.push_token",
            "is missing: set the environment variable SIGNAL_TOKEN, or signals.push_port = 0",
        )
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


def _name(name: str, symbol: SymbolSettings) -> Iterator[Problem]:
    form, example = _NAMES.get(symbol.sec_type, (None, ""))
    if form is not None and not form.fullmatch(name):
        yield Problem(
            f"symbols.{name}",
            f'"{name}" is no local symbol of sec_type {symbol.sec_type}; expected one like [symbols."{example}"]',
        )


def _exits(settings: Settings) -> Iterator[Problem]:
    for symbol in settings.symbols:
        if needs_atr(settings.exits(symbol)) and "atr" not in settings.indicators:
            yield Problem(f"symbols.{symbol}", "has exits in multiples of the ATR, which needs an [indicators.atr]")
        wrong = contradiction(settings.exits(symbol))
        if wrong:
            yield Problem(f"symbols.{symbol}", f"its exits make no sense: {wrong}")
        if settings.size(symbol).volatility_pct is not None and "atr" not in settings.indicators:
            yield Problem(f"symbols.{symbol}", "is sized by volatility_pct, which needs an [indicators.atr]")


def _sizes(
    path: str, settings: Settings, part: DefaultsSettings | SymbolSettings | ActionSettings
) -> Iterator[Problem]:
    given = [name for name in SIZES if getattr(part, name) is not None]
    if len(given) > 1:
        yield Problem(path, f"has {' and '.join(given)}; a size is one of {', '.join(SIZES)}")


def _actions(rule: RuleSettings, path: str) -> Iterator[tuple[str, ActionSettings]]:
    if not rule.actions:
        yield path, rule
    for number, action in enumerate(rule.actions):
        yield f"{path}.actions[{number}]", action


def _action(settings: Settings, rule: RuleSettings, action: ActionSettings, path: str) -> Iterator[Problem]:
    if action is not rule:
        yield from _sizes(path, settings, action)
    if action.size_by is not None and action.do != "create_position":
        yield Problem(f"{path}.size_by", "is for create_position alone")
    if action.do in _SIDED and action.side is None:
        yield Problem(f"{path}.side", 'is missing; a rule that opens a position says "BUY" or "SELL"')
    if action.do != "create_position":
        return
    for symbol in rule.symbols or tuple(settings.symbols):
        try:
            protects = exit_terms(settings, action, symbol).protects
        except ActionError as error:
            yield Problem(path, str(error))
            return
        if settings.size(symbol, action).risk_pct is not None and not protects:
            yield Problem(path, f"sizes {symbol} by risk_pct, which needs a stop_loss_pct or trailing_stop_pct")


def _clock(settings: Settings) -> Iterator[Problem]:
    names = {"defaults": settings.defaults.calendar}
    names |= {f"symbols.{symbol}": part.calendar for symbol, part in settings.symbols.items() if part.calendar}
    for path, name in names.items():
        if name == "XNYS":
            continue  # known without loading all calendars
        try:
            exchange_hours(name, datetime(2026, 1, 1, tzinfo=UTC))
        except UnknownCalendarError as error:
            yield Problem(f"{path}.calendar", str(error))


def _indicators(settings: Settings) -> Iterator[Problem]:
    for name, indicator in settings.indicators.items():
        for symbol in indicator.symbols:
            if symbol not in settings.symbols:
                hint = did_you_mean(symbol, settings.symbols)
                yield Problem(f"indicators.{name}.symbols", f'"{symbol}" has no [symbols.{symbol}]{hint}')
        if indicator.kind == "vwap" and BAR_SECONDS[indicator.bar] < 60:
            # TWS gives no more than an hour or so of such bars, and a VWAP is of the whole day
            yield Problem(f"indicators.{name}.bar", f'"{indicator.bar}" is too short for a vwap; take "1 min" or more')
        if name in ("price", "spread", "spread_pct", "symbol"):
            yield Problem(f"indicators.{name}", "is a word that [[rules]] market uses; take another name")


def _groups(settings: Settings) -> Iterator[Problem]:
    for name, group in settings.risk.groups.items():
        path = f"risk.groups.{name}"
        if not group.symbols:
            yield Problem(f"{path}.symbols", "names no symbol")
        for symbol in group.symbols:
            if symbol not in settings.symbols:
                hint = did_you_mean(symbol, settings.symbols)
                yield Problem(f"{path}.symbols", f'"{symbol}" has no [symbols.{symbol}]{hint}')
        if (group.max_gross_exposure, group.max_net_exposure, group.max_gross_shares) == (None, None, None):
            yield Problem(path, "limits nothing: set max_gross_exposure, max_net_exposure or max_gross_shares")


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
        for place, action in _actions(rule, path):
            for problem in _action(settings, rule, action, place):
                sound = False
                yield problem
    if sound:
        try:
            build_rules(settings)
        except RuleSettingsError as error:
            path, _, text = str(error).partition(": ")
            yield Problem(path, text)
