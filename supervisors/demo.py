"""The demo: a market of its own, the real supervisor process against it, and a picture of what happens."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import attrs
import trio
from rich.console import Console
from rich.live import Live

from config.environment import Environment, machine
from config.loading import load
from config.logging import Log
from config.redaction import register_secret
from config.settings import Settings
from storage.sqlite import journal_path
from supervisors.demo_market import Market, open_market
from supervisors.demo_tally import DemoTally
from supervisors.demo_view import picture
from supervisors.exit_codes import ExitCode, ProcessFailed
from supervisors.journal_verbs import verify
from supervisors.launch import own_folder_and_log, serve
from supervisors.process import Process
from supervisors.status import collect_status

__all__ = ["run_demo"]

_FRAME_SECONDS = 0.25


def run_demo(duration: float | None, seed: int, state_dir: Path | None) -> None:
    """Run for `duration` seconds, or until Ctrl-C, in a new state folder unless one is given. Raises ProcessFailed."""
    environment = machine()
    api_key = environment.new_id()
    register_secret(api_key)
    settings = _settings(state_dir if state_dir is not None else _new_folder(), api_key)
    demo = _Demo(settings, environment, duration, seed)
    own_folder_and_log(settings, environment, demo.run, (demo.tally,))
    demo.print_summary()


def _settings(folder: Path, api_key: str) -> Settings:
    with as_file(files("config.profiles") / "demo.toml") as profile:
        settings = load(profile, {"API_KEY": api_key})
    return attrs.evolve(settings, process=attrs.evolve(settings.process, state_dir=folder.expanduser()))


def _new_folder() -> Path:
    """The first of var/demo-1, var/demo-2, … that is not there, so that each run keeps its own journal and log."""
    number = 1
    while Path(f"var/demo-{number}").exists():
        number += 1
    return Path(f"var/demo-{number}")


class _Demo:
    """One run of it."""

    def __init__(self, settings: Settings, environment: Environment, duration: float | None, seed: int) -> None:
        self._terminal = sys.stdout.isatty()
        self.tally = DemoTally(None if self._terminal else _print_line)
        self._settings = settings
        self._environment = environment
        self._duration = duration
        self._seed = seed
        self._status: dict[str, Any] | None = None

    async def run(self, log: Log) -> None:
        """Market, process and picture, until the time is over or a signal comes."""
        settings = self._settings
        api_key, folder = settings.signals.api_key, settings.process.state_dir
        async with open_market(tuple(settings.symbols), self._seed, api_key, folder) as market:
            settings = attrs.evolve(
                settings,
                broker=attrs.evolve(settings.broker, port=market.port),
                signals=attrs.evolve(settings.signals, base_url=market.base_url),
            )

            async def accompany(process: Process) -> None:
                await self._accompany(process, market)

            await serve(settings, self._environment, log, companion=accompany)

    def print_summary(self) -> None:
        """What was traded, and where everything is."""
        folder, tally = self._settings.process.state_dir, self.tally
        exits = ", ".join(f"{count} by {reason}" for reason, count in tally.exits.most_common()) or "none"
        portfolio = (self._status or {}).get("portfolio")
        print(f"entries: {tally.events['position.opened']}; exits: {exits}")
        if portfolio is not None:
            print(f"realised P&L: {portfolio['realized_pnl']}, and {portfolio['commission']} of commission")
        journal = journal_path(self._settings.journal.url, folder)
        code = verify(journal)
        print(f"state folder: {folder} (log {self._settings.log_path.name}, market's own book market_book.json)")
        if code:
            raise ProcessFailed(ExitCode(code), f"the journal {journal} is not as it should be")

    async def _accompany(self, process: Process, market: Market) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watch_market, market)
            if self._terminal:
                nursery.start_soon(self._show, process)
            else:
                nursery.start_soon(self._follow, process, lambda: None)
            if self._duration is not None:
                nursery.start_soon(self._stop_in_time, process, self._duration)

    async def _watch_market(self, market: Market) -> None:
        code = await market.process.wait()
        raise ProcessFailed(ExitCode.FAILED, f"the demo's market ended with code {code}: see market.txt")

    async def _stop_in_time(self, process: Process, duration: float) -> None:
        await trio.sleep(duration)
        self._status = await collect_status(process.system, process.state)
        process.stop("the demo's time is over")

    async def _show(self, process: Process) -> None:
        console = Console()
        began = trio.current_time()

        with Live(console=console, screen=True, auto_refresh=False) as live:

            def draw() -> None:
                elapsed = trio.current_time() - began
                clock = f"{elapsed:.0f} s" + (f" of {self._duration:.0f} s" if self._duration else "")
                live.update(picture(self._status, self.tally.recent, clock, console.size.height), refresh=True)

            await self._follow(process, draw)

    async def _follow(self, process: Process, draw: Callable[[], None]) -> None:
        while True:
            self._status = await collect_status(process.system, process.state)
            draw()
            await trio.sleep(_FRAME_SECONDS)


def _print_line(line: str) -> None:
    print(line, flush=True)
