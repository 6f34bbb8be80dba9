"""Counts requests, applies verbs, and passes messages through the filters that verbs have set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from simulator.faults.filters import Chance, Filter, Match
from simulator.faults.randomness import RandomFaults
from simulator.faults.rules import Rule, request_fields, request_kind
from simulator.faults.scene import Scene
from simulator.faults.timers import Timers
from simulator.faults.verbs import Accept, AcceptSilently, Split, Swallow, Verb, Wait
from simulator.wire.requests import PlaceOrder, Request
from simulator.wire.session_answers import Fields

if TYPE_CHECKING:
    from simulator.server.paper_tws import PaperTws
    from simulator.server.session import Session

__all__ = ["FaultEngine"]

_DECIDES = (Accept, AcceptSilently, Swallow, Split)


class FaultEngine:
    """The faults of one paper TWS. Nothing happens until rules are added or verbs are done."""

    def __init__(self, tws: PaperTws, rules: Iterable[Rule] = ()) -> None:
        self.tws = tws
        self.timers = Timers()
        self.filters: list[Filter] = []
        self._rules: list[tuple[Rule, list[int]]] = []
        self._timed: list[Rule] = []
        self._running = False
        self.add(*rules)
        tws.faults = self

    def add(self, *rules: Rule) -> None:
        """Add rules; those with `on` count from now, those with `after` from now, or from when `run` begins."""
        for rule in rules:
            if rule.after is None:
                self._rules.append((rule, [0]))
            elif self._running:
                self._set_timer(rule)
            else:
                self._timed.append(rule)

    def throw(self, dice: RandomFaults) -> None:
        """Let messages of all clients be lost, repeated or delayed at random."""

        def later(session: Session, fields: Fields) -> None:
            self.timers.call_later(dice.delay_seconds, partial(session.write, fields))

        match = Match(messages=dice.messages)
        rates = (dice.drop, dice.duplicate, dice.delay)
        self.filters.append(Chance(match, Random(dice.seed), *rates, later, "random"))

    def do(self, *verbs: Verb, client: int | None = None) -> None:
        """Do verbs now, on the session of a client if one is named. Raises ValueError if it is not connected."""
        session = None if client is None else self.tws.session_of(client)
        if client is not None and session is None:
            raise ValueError(f"client {client} is not connected")
        self._do(verbs, Scene(self, session))

    def clear(self) -> None:
        """Forget rules and filters; what filters hold goes out."""
        self._rules.clear()
        self._timed.clear()
        self.release()

    def release(self, name: str = "", order: Sequence[int] = ()) -> None:
        """End the filters of this name, all for '', and send what they hold."""
        ended = [one for one in self.filters if name in ("", one.name)]
        self.filters = [one for one in self.filters if one not in ended]
        for one in ended:
            for session, fields in one.release(order):
                session.write(fields)

    async def run(self) -> None:
        """Do what is due by the clock until cancelled."""
        self._running = True
        for rule in self._timed:
            self._set_timer(rule)
        await self.timers.run()

    def _set_timer(self, rule: Rule) -> None:
        self.timers.call_later(rule.after or 0.0, partial(self._do, rule.do, Scene(self, None)))

    # the seams

    def request(self, session: Session, request: Request, carry_out: Callable[[], None]) -> None:
        """Do what the rules say to a request, and carry it out if they let it."""
        found = self._verbs_for(session, request)
        if not found:
            carry_out()
            return
        scene = Scene(self, session, request, carry_out)
        for verbs in found:
            self._do(verbs, scene)
        if not scene.decided_later:
            scene.accept()

    def outgoing(self, session: Session, fields: Fields, asked: bool) -> list[Fields]:
        """Return what is to be sent instead of a message."""
        for one in list(self.filters):
            told = one.take(session, fields, asked)
            if told is not None:
                if one.spent:
                    self.filters.remove(one)
                return told
        return [fields]

    def _verbs_for(self, session: Session, request: Request) -> list[Sequence[Verb]]:
        kind = request_kind(request) if self._rules else ""
        rules = [one for one in self._rules if one[0].on in (kind, "*")]
        if not rules:
            return []
        known = None
        if isinstance(request, PlaceOrder):
            known = self.tws.order_ids.order(session.client_id, request.order_id)
        fields = request_fields(request, modifies=known is not None and not known.done)
        found = []
        for rule, counter in rules:
            if rule.fits(kind, session.client_id, fields):
                counter[0] += 1
                if rule.fires(counter[0]):
                    found.append(rule.do)
        return found

    def _do(self, verbs: Sequence[Verb], scene: Scene) -> None:
        for position, verb in enumerate(verbs):
            match verb:
                case Wait(seconds):
                    rest = verbs[position + 1 :]
                    if any(isinstance(one, _DECIDES) for one in rest):
                        scene.decided_later = True
                    else:
                        scene.accept()
                    self.timers.call_later(seconds, partial(self._do, rest, scene))
                    return
                case Accept():
                    scene.accept()
                case AcceptSilently():
                    scene.mute()
                    scene.accept()
                case Swallow():
                    scene.swallow()
                case Split():
                    scene.split()
                case _:
                    verb.act(scene)
