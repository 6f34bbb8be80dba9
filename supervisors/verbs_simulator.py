"""`simulator`: the paper TWS alone, and a signal service beside it where asked for."""

from __future__ import annotations

import math
import os
import signal
import sys
from contextlib import nullcontext
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import trio
from cyclopts import Parameter

from config.environment import Environment, machine
from config.redaction import register_secret
from simulator.app import PaperBroker, Serving, SimulatorSettings, serve
from simulator.settings_check import SettingRefused
from simulator.signals import SignalServer, SignalSettings, serve_signals
from supervisors.exit_codes import ExitCode, ProcessFailed

__all__ = ["SIGNALS_LINE", "TWS_LINE", "simulator"]

TWS_LINE = "paper TWS on "
SIGNALS_LINE = "signal service on "

ACCOUNT = "DU1234567"
CASH = "1000000"


def simulator(
    *,
    host: Annotated[str, Parameter(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="Port of the paper TWS; 0 takes a free one.")] = 7497,
    feed: Annotated[
        str,
        Parameter(
            help="synthetic[:SYMBOL,…][@RATE], recorded:FILE[:SYMBOL][@FROM..TO], lean:FOLDER:SYMBOL,…, or manual."
        ),
    ] = "synthetic",
    speed: Annotated[float, Parameter(help="How many times faster than its data; 0 as fast as possible.")] = 1.0,
    seed: Annotated[int, Parameter(help="Of everything random.")] = 1,
    calendar: Annotated[str, Parameter(help='"always" open, or an exchange such as XNYS.')] = "always",
    faults: Annotated[Path | None, Parameter(help="Misbehave as this script says (TOML).")] = None,
    book: Annotated[
        Path | None, Parameter(help="Keep the ground truth in this file, and go on from it if it exists.")
    ] = None,
    fresh: Annotated[bool, Parameter(negative=(), help="Begin the book afresh even if it exists.")] = False,
    accounts: Annotated[str, Parameter(help="Names of the accounts, with commas; the first is the default.")] = ACCOUNT,
    cash: Annotated[str, Parameter(help="US dollars that each account begins with.")] = CASH,
    master_client_id: Annotated[int | None, Parameter(help="This client hears of the orders of all clients.")] = None,
    messages_per_second: Annotated[int, Parameter(help="More bring error 100; 0 for no limit.")] = 50,
    pacing_breaches: Annotated[int, Parameter(help="A client's link ends at so many seconds with too many.")] = 3,
    contracts: Annotated[Path | None, Parameter(help="Further contracts (TOML or CSV).")] = None,
    signals: Annotated[
        int | None,
        Parameter(help="Also serve predictions, shaped like the Options Flow Monitor, on this port; key: API_KEY."),
    ] = None,
    tickers: Annotated[str, Parameter(help="Symbols that predictions are made for.")] = "AAPL,MSFT,NVDA,TSLA,SPY",
    interval: Annotated[float, Parameter(help="Seconds between two predictions of a symbol.")] = 60.0,
    script: Annotated[Path | None, Parameter(help="Predictions from a file (JSON lines).")] = None,
    until_input_ends: Annotated[
        bool, Parameter(negative=(), help="End when standard input does: for a program that starts this one.")
    ] = False,
) -> None:
    """Serve any IB API client like a TWS with a paper account, until SIGINT or SIGTERM.

    Prints one line for each service that listens.
    """
    try:
        tws = SimulatorSettings(
            host=host,
            port=port,
            feed=feed,
            speed=speed,
            seed=seed,
            calendar=calendar,
            faults=faults,
            book=book,
            contracts=contracts,
            fresh=fresh,
            accounts=tuple(name.strip() for name in accounts.split(",") if name.strip()),
            cash=_dollars(cash),
            master_client_id=master_client_id,
            messages_per_second=messages_per_second,
            pacing_breaches=pacing_breaches,
        )
        service = _signal_settings(host, signals, tickers, interval, seed, script) if signals is not None else None
        trio.run(_serve, tws, service, machine(seed), until_input_ends)
    except BaseExceptionGroup as group:
        raise _failure(group) from group
    except (ValueError, OSError) as error:
        raise _failure(error) from error


def _dollars(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise SettingRefused("cash", text, "US dollars, such as 50000") from None


def _signal_settings(
    host: str, port: int, tickers: str, interval: float, seed: int, script: Path | None
) -> SignalSettings:
    key = os.environ.get("API_KEY", "")
    if not key:
        raise ValueError("--signals needs a key that clients must send, in the environment variable API_KEY")
    register_secret(key)
    symbols = tuple(symbol.strip().upper() for symbol in tickers.split(",") if symbol.strip())
    return SignalSettings(
        api_key=key, host=host, port=port, tickers=symbols, interval=interval, seed=seed, script=script
    )


async def _serve(
    tws: SimulatorSettings, service: SignalSettings | None, environment: Environment, until_input_ends: bool
) -> None:
    # from before it says that it listens: whoever has read that may end it
    with nullcontext() if until_input_ends else trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as received:
        async with trio.open_nursery() as nursery:
            serving: Serving = await nursery.start(serve, tws, environment)
            server: SignalServer | None = None
            if service is not None:
                prices = _Prices(serving.broker)

                async def serve_predictions(*, task_status: trio.TaskStatus[SignalServer]) -> None:
                    await serve_signals(service, environment, price_of=prices, task_status=task_status)

                server = await nursery.start(serve_predictions)
            print(f"{TWS_LINE}{serving.host}:{serving.port}", flush=True)
            if server is not None:
                print(f"{SIGNALS_LINE}{server.base_url}", flush=True)
            if received is None:
                await _input_ends()
            else:
                await anext(aiter(received))
            nursery.cancel_scope.cancel()


async def _input_ends() -> None:
    stream = trio.lowlevel.FdStream(os.dup(sys.stdin.fileno()))
    async with stream:
        while await stream.receive_some():
            pass


class _Prices:
    """symbol → the last price in the paper TWS, for the predictions."""

    def __init__(self, broker: PaperBroker) -> None:
        self._broker = broker

    def __call__(self, symbol: str) -> float | None:
        for definition in self._broker.contracts.find(symbol):
            last = self._broker.venue.quote(definition.contract.con_id).last
            if not math.isnan(last):
                return last
        return None


def _failure(error: BaseException) -> ProcessFailed:
    if isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        return _failure(error.exceptions[0])
    if isinstance(error, SettingRefused):
        return ProcessFailed(
            ExitCode.USAGE, f"--{error.name.replace('_', '-')} {error.value}: expected {error.expected}"
        )
    if isinstance(error, ValueError):
        return ProcessFailed(ExitCode.USAGE, str(error))
    if isinstance(error, OSError):
        return ProcessFailed(ExitCode.FAILED, error.strerror or str(error))
    raise error
