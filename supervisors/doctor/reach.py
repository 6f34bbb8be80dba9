"""What the process must reach: TWS, and the signal service."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import trio

from actors.ib.probe import ProbeError, probe
from actors.signals.client import (
    KeyRefusedError,
    NoPredictionError,
    OptionsFlowClient,
    RateLimitedError,
    ServiceError,
)
from config.settings import Settings
from supervisors.doctor.finding import Finding, fail, ok, warn

__all__ = ["check_broker", "check_running_broker", "check_signals"]

_API = "TWS: Configure → API → Settings → Enable ActiveX and Socket Clients, this port, read-only off; then restart it"
_PAPER = "D"  # as accounts of paper logins begin


async def check_broker(settings: Settings, now: datetime) -> list[Finding]:
    """Shake hands with TWS as the process would, and leave again."""
    broker = settings.broker
    where = f"{broker.host}:{broker.port}"
    try:
        found = await probe(broker.host, broker.port, broker.client_id, broker.connect_timeout_seconds)
    except OSError as error:
        return [fail("broker", f"{where}: {_reason(error)}", f"start TWS or IB Gateway and log in; {_API}")]
    except ProbeError as error:
        return [fail("broker", f"{where}: {error}", f"{_API}; a dialog may wait there: add this host to Trusted IPs")]
    findings = [ok("broker", f"{where} answers, server version {found.server_version}")]
    if not found.client_id_free:
        text = f"client id {broker.client_id} is not free: {found.error or 'no order id was told'}"
        findings.append(fail("broker", text, "end the other program, or give it another client id; keep this one"))
        return findings
    findings.append(ok("broker", f"client id {broker.client_id} is free"))
    findings += _accounts(settings, found.accounts)
    if found.clock is not None:
        apart = (datetime.fromtimestamp(found.clock, UTC) - now).total_seconds()
        if abs(apart) > 2.5:  # TWS tells whole seconds
            text = f"TWS's clock and this one are {abs(apart):.0f} s apart"
            findings.append(warn("broker", text, "have both machines keep their clocks by NTP"))
        else:
            findings.append(ok("broker", "TWS's clock agrees with this one"))
    return findings


def check_running_broker(status: Mapping[str, Any]) -> Iterator[Finding]:
    """What a process that runs here says of its connection: its client id is its own."""
    link = status.get("broker") or {}
    if link.get("connected"):
        yield ok("broker", f"connected, account {link.get('account')}, last round trip {link.get('last_round_trip')}")
    else:
        text = "the process that runs here has no connection"
        yield fail("broker", text, "is TWS running and logged in? pitboss runbook broker.lost")
    if status.get("state") != "READY":
        text = f"the process is {status.get('state')}: {status.get('reason')}"
        yield warn("process", text, "pitboss status; pitboss alarms")
    else:
        yield ok("process", f"runs, READY since {status.get('since')}")


async def check_signals(settings: Settings, now: datetime) -> list[Finding]:
    """Ask the service for one prediction."""
    signals = settings.signals
    if not signals.base_url:
        return [ok("signals", "none are polled")]
    symbol = next(iter(settings.symbols), "SPY")
    async with OptionsFlowClient(signals.base_url, signals.api_key) as client:
        try:
            with trio.fail_after(10):
                await client.latest_prediction(symbol, now.timestamp())
        except KeyRefusedError as error:
            return [fail("signals", str(error), "put a valid key into API_KEY")]
        except (NoPredictionError, RateLimitedError) as error:
            return [ok("signals", f"{signals.base_url} answers: {error}")]
        except (ServiceError, trio.TooSlowError) as error:
            text = f"{signals.base_url}: {error or 'no answer within 10 s'}"
            return [warn("signals", text, "is the service up, and the network between? positions do not depend on it")]
    return [ok("signals", f"{signals.base_url} answers, and takes the key")]


def _reason(error: OSError) -> str:
    """Why nobody is reached. trio tries each address of a host, and puts what came of it behind its own error."""
    while isinstance(error.__cause__, BaseExceptionGroup | OSError):
        cause = error.__cause__
        inner = cause.exceptions[0] if isinstance(cause, BaseExceptionGroup) else cause
        if not isinstance(inner, OSError):
            break
        error = inner
    return os.strerror(error.errno) if error.errno else str(error)


def _accounts(settings: Settings, accounts: tuple[str, ...]) -> Iterator[Finding]:
    wanted, mode = settings.broker.account, settings.broker.mode
    if wanted and wanted not in accounts:
        text = f"account {wanted} is not of this login, which has {', '.join(accounts)}"
        yield fail("broker", text, "correct broker.account, or log in as its user")
        return
    if not wanted and len(accounts) > 1:
        text = f"the login has several accounts: {', '.join(accounts)}"
        yield fail("broker", text, "set broker.account to the one to trade")
        return
    account = wanted or accounts[0]
    paper = account.startswith(_PAPER)
    if paper != (mode == "paper"):
        text = f'account {account} is {"a paper" if paper else "no paper"} account, and broker.mode is "{mode}"'
        yield fail("broker", text, "log in to the other one, or correct broker.mode and broker.port")
    else:
        yield ok("broker", f"account {account}, {mode}")
