"""The loop around it all: read logs, find alerts, queue announcements, deliver them, and save each step."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing

import trio

from config.alert_settings import AlertSettings
from config.environment import Environment
from monitoring.alerts.alert import Announcement, Word
from monitoring.alerts.channels import Channel, DeliveryError
from monitoring.alerts.engine import SILENT, Engine
from monitoring.alerts.outbox import Outbox, wanted
from monitoring.alerts.restoring import remember
from monitoring.alerts.sources import Source, moment_of
from monitoring.alerts.store import StateFile, WatchState
from monitoring.alerts.words import compose, one_line

__all__ = ["Watch"]

_READ_SECONDS = 0.25
_SAVE_SECONDS = 60.0  # where nothing is announced: what was read since is read once more, and the disk is left in peace
_REPORT_AFTER = 5  # failed sendings in a row, about a minute, until the other channels are told


class Watch:
    """One monitor: several logs, several channels, each at its own pace."""

    def __init__(
        self,
        environment: Environment,
        settings: AlertSettings,
        watched: Mapping[str, tuple[Source, Engine]],
        channels: Mapping[str, Channel],
        state: WatchState,
        file: StateFile,
        say: Callable[[str], object],
    ) -> None:
        """`watched` is log → its source and engine, `say` takes lines for the terminal."""
        self._environment = environment
        self._settings = settings
        self._watched = watched
        self._channels = channels
        self._state = state
        self._file = file
        self._say = say
        self._saving = trio.Lock()
        self._unsaved = ""
        self._news = {name: trio.lowlevel.ParkingLot() for name in channels}
        for name in channels:
            state.outboxes.setdefault(name, Outbox())

    async def run(self) -> None:
        """Until cancelled, or until every log has ended and all was delivered."""
        async with trio.open_nursery() as delivering:
            for name in self._channels:
                delivering.start_soon(self._deliver, name)
            async with trio.open_nursery() as reading:
                for log, (source, engine) in self._watched.items():
                    reading.start_soon(self._follow, log, source, engine)
            while any(self._state.outboxes[name].waiting for name in self._channels):
                await trio.sleep(_READ_SECONDS)
            delivering.cancel_scope.cancel()

    @property
    def watching(self) -> bool:
        """Whether every log is alive."""
        return all((SILENT, ()) not in engine.alerts for _, engine in self._watched.values())

    async def _follow(self, log: str, source: Source, engine: Engine) -> None:
        with closing(source):
            await self._read(log, source, engine)

    async def _read(self, log: str, source: Source, engine: Engine) -> None:
        fresh, saved, trouble = source.fresh, -math.inf, ""
        while True:
            try:
                lines = await trio.to_thread.run_sync(source.read)
                trouble = ""
            except OSError as error:
                lines = []
                if not trouble:
                    trouble = f"{log} cannot be read: {error.strerror or error}"
                    self._say(trouble)
            now = self._environment.now()
            for number, line in enumerate(lines):
                engine.take(line, min(moment_of(line, now), now))
                if number % 1_000 == 999:
                    await trio.lowlevel.checkpoint()
            if not lines:
                engine.heard = engine.heard or now
                engine.advance(now)
                if fresh:
                    engine.begin_here(now)
                    fresh = False
            elif source.live:
                engine.heard = now  # by our own clock, whatever that of the log's machine says
            said = [] if fresh else engine.drain()
            if not fresh and (said or trio.current_time() - saved > _SAVE_SECONDS):
                self._remember(log, source, engine)
                self._route(said)
                await self._save()
                saved = trio.current_time()
            if not lines and source.ended:
                if not engine.stopped:
                    engine.fall_silent(engine.heard or now, now, "the connection to the log has ended")
                self._remember(log, source, engine)
                self._route(engine.drain())
                await self._save()
                return
            if not lines:
                await trio.sleep(_READ_SECONDS)

    async def _deliver(self, name: str) -> None:
        outbox, channel = self._state.outboxes[name], self._channels[name]
        one_at_a_time = trio.CapacityLimiter(1)
        while True:
            wait = outbox.seconds_until(self._environment.now(), self._settings.group_seconds)
            if wait is None:
                await self._news[name].park()
                continue
            if wait > 0:
                await trio.sleep(min(wait, 1.0))
                continue
            batch = outbox.batch()
            try:
                with trio.fail_after(self._settings.send_timeout_seconds):
                    await trio.to_thread.run_sync(
                        channel.send, compose(batch), limiter=one_at_a_time, abandon_on_cancel=True
                    )
            except (DeliveryError, trio.TooSlowError) as error:
                self._failed(name, outbox, str(error) or "it takes too long")
            else:
                outbox.sent(len(batch))
                self._say(f"{name}: {len(batch)} sent")
                if outbox.reported:
                    outbox.reported = False
                    self._tell_others(name, Word.OVER, f"alerts get through on {name} again")
            await self._save()

    def _failed(self, name: str, outbox: Outbox, error: str) -> None:
        pause = outbox.failed(error, self._environment.now(), self._environment.random.random())
        self._say(f"{name}: not sent, {len(outbox.waiting)} waiting, again in {pause:.0f} s: {error}")
        if outbox.failures == _REPORT_AFTER and not outbox.reported:
            outbox.reported = True
            self._tell_others(name, Word.RAISED, f"alerts do not get through on {name}: {error}")

    def _tell_others(self, name: str, word: Word, text: str) -> None:
        now = self._environment.now()
        others = tuple(other for other in self._channels if other != name)
        if others:
            announcement = Announcement(
                word=word,
                log="alerts",
                rule="channel",
                key=(name,),
                severity="warning",
                text=text,
                runbook="channel.failing",
                since=self._state.outboxes[name].failing_since or now,
                at=now,
                channels=others,
            )
            self._route([announcement])

    def _route(self, announcements: Sequence[Announcement]) -> None:
        now = self._environment.now()
        for announcement in announcements:
            self._say(one_line(announcement))
        for name in self._channels:
            mine = [each for each in announcements if wanted(each, name, self._settings.channels[name])]
            if mine:
                self._state.outboxes[name].put(mine, now)
                self._news[name].unpark_all()

    def _remember(self, log: str, source: Source, engine: Engine) -> None:
        self._state.logs[log] = remember(engine, source.cursor())

    async def _save(self) -> None:
        async with self._saving:
            data = self._file.encode(self._state)
            try:
                await trio.to_thread.run_sync(self._file.write, data)
                self._unsaved = ""
            except OSError as error:  # alerts go out all the same; only a restart would forget
                if not self._unsaved:
                    self._unsaved = f"the state {self._file.path} cannot be written: {error.strerror or error}"
                    self._say(self._unsaved)
