"""The alarms that stand: anybody raises and clears them, by telling the address `alarms`.

An alarm is journaled, logged and published when it is raised and when it is cleared, and it survives a restart: whoever
raised it clears it when its cause is gone, in whichever process that is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import attrs

from actors.bus import EventBus
from actors.runtime.base import ActorContext, RunQueueActor
from config.alarm_kinds import kind_of
from config.logging import log
from messages.journal import Append, Entry, Record, Replay
from messages.lifecycle import AcknowledgeAlarm, AlarmCleared, AlarmRaised, ClearAlarm, ListAlarms, RaiseAlarm
from messages.order import CheckAlarms
from messages.position import CommandAccepted, CommandOutcome, CommandRefused, CompareHoldings
from storage.errors import JournalError

__all__ = ["STREAM", "AlarmsActor", "StandingAlarms"]

STREAM = "alarms"

# raised, and cleared, by a position when it is told what the broker holds: of a symbol that nobody holds any more that
# is not said by itself
_COMPARED = ("reconcile.difference", "position.split")
# raised, and cleared, by `orders`: where it crashes over the end, nobody says that again
_OF_ORDERS = ("order.duplicated", "order.mismatch", "order.not_cancelled", "order.revived", "order.unknown")

# kind, symbol, order reference, permId
Identity: TypeAlias = tuple[str, str | None, str | None, int | None]


def _identity(alarm: RaiseAlarm | ClearAlarm | AlarmRaised) -> Identity:
    return (alarm.kind, alarm.symbol, alarm.order_ref, alarm.perm_id)


@attrs.define(slots=True)
class StandingAlarms:
    """What stands, beyond the end of an incarnation: the journal that has it cannot always be read."""

    alarms: dict[Identity, AlarmRaised] = attrs.Factory(dict)
    known: bool = False  # whether what stood when the process started is among them


class AlarmsActor(RunQueueActor):
    """Keeps the standing alarms, oldest first."""

    # whoever raises or clears an alarm says so once, when its cause comes or goes
    repeatable = (RaiseAlarm, ClearAlarm)

    def __init__(self, context: ActorContext, *, bus: EventBus, memory: StandingAlarms | None = None) -> None:
        """`bus` is told AlarmRaised and AlarmCleared; `memory` is shared by the incarnations of one process."""
        super().__init__(context)
        self._bus = bus
        self._memory = memory or StandingAlarms()
        self._standing = self._memory.alarms

    async def prepare(self) -> None:
        """Find out which alarms stood when the process ended."""
        if not self._memory.known:
            try:
                records = await self.system.address("journal").ask(Replay(STREAM))
            except JournalError as error:
                # of all actors this one must be there when the journal is not
                self.tell_self(RaiseAlarm("journal.failed", f"which alarms stood before is not known: {error}"))
                return
            # what an earlier incarnation raised, or ended, is in the journal, too
            self._standing = self._memory.alarms = _stood(records) | self._standing
            self._memory.known = True
        compared = {one.symbol for one in self._standing.values() if one.kind in _COMPARED and one.symbol is not None}
        if compared:
            self.system.address("orders").tell(CompareHoldings(tuple(sorted(compared))))
        of_orders = tuple(
            (one.kind, one.symbol, one.order_ref)
            for one in self._standing.values()
            if one.kind in _OF_ORDERS and one.symbol is not None and one.order_ref is not None
        )
        if of_orders:
            self.system.address("orders").tell(CheckAlarms(of_orders))

    def on_receive(self, message: Any) -> Any:
        """Handle RaiseAlarm, ClearAlarm, AcknowledgeAlarm and ListAlarms."""
        match message:
            case RaiseAlarm():
                self._raise(message)
            case ClearAlarm():
                self._clear(message)
            case AcknowledgeAlarm():
                return self._acknowledge(message)
            case ListAlarms():
                return tuple(self._standing.values())
            case _:
                return super().on_receive(message)
        return None

    def describe(self) -> dict[str, Any]:
        """Name what stands."""
        return {"standing": [f"{alarm.kind} {alarm.symbol or ''}".rstrip() for alarm in self._standing.values()]}

    def _raise(self, message: RaiseAlarm) -> None:
        identity = _identity(message)
        standing = self._standing.get(identity)
        if standing is None:
            alarm = AlarmRaised(
                id=self.environment.new_id(),
                kind=message.kind,
                text=message.text,
                since=self.environment.now(),
                symbol=message.symbol,
                order_ref=message.order_ref,
                perm_id=message.perm_id,
            )
            log("alarm.raised", level="WARNING", actor=self.address.name, **_fields(alarm))
        elif standing.text == message.text:
            return
        else:
            alarm = attrs.evolve(standing, text=message.text)
        self._standing[identity] = alarm
        self._journal(alarm)
        self._bus.publish(alarm)

    def _clear(self, message: ClearAlarm) -> None:
        alarm = self._standing.get(_identity(message))
        if alarm is not None:
            self._end(alarm, "")

    def _acknowledge(self, message: AcknowledgeAlarm) -> CommandOutcome:
        alarm = next((one for one in self._standing.values() if one.id == message.id), None)
        if alarm is None:
            return CommandRefused("no alarm with this id stands", message.id)
        if kind_of(alarm.kind).lasting:
            return CommandRefused(f"{alarm.kind} ends when its cause does", alarm.text)
        self._end(alarm, message.by)
        return CommandAccepted(text=f"cleared: {alarm.kind}: {alarm.text}")

    def _end(self, alarm: AlarmRaised, by: str) -> None:
        del self._standing[_identity(alarm)]
        over = AlarmCleared(alarm.id, alarm.kind, alarm.symbol, by)
        fields = _fields(alarm)
        if by:
            fields["by"] = by
        log("alarm.cleared", actor=self.address.name, **fields)
        # where none stands any more, nothing before it matters to a later start
        self._journal(over, checkpoint=self._memory.known and not self._standing)
        self._bus.publish(over)

    def _journal(self, payload: AlarmRaised | AlarmCleared, checkpoint: bool = False) -> None:
        self.system.address("journal").tell(Append((Entry(STREAM, payload, checkpoint),)))


def _stood(records: Iterable[Record]) -> dict[Identity, AlarmRaised]:
    standing: dict[Identity, AlarmRaised] = {}
    for record in records:
        match record.payload:
            case AlarmRaised() as alarm:
                standing[_identity(alarm)] = alarm
            case AlarmCleared(id=over):
                standing = {key: alarm for key, alarm in standing.items() if alarm.id != over}
    return standing


def _fields(alarm: AlarmRaised) -> dict[str, Any]:
    return attrs.asdict(alarm, filter=lambda _, value: value is not None)
