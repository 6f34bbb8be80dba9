"""Verbs that decide what becomes of the request; the engine reads them."""

from __future__ import annotations

from attrs import frozen

from simulator.faults.verbs.base import Verb


@frozen(slots=True)
class Accept(Verb):
    """Carry the request out here; without this verb that happens at the first wait, or at the end."""


@frozen(slots=True)
class AcceptSilently(Verb):
    """Carry it out, but say nothing of the order unless asked. It can fill."""


@frozen(slots=True)
class Swallow(Verb):
    """Act as if the request had never arrived."""


@frozen(slots=True)
class Split(Verb):
    """Carry a change of a live order out as a second order beside it: two permIds for one order id (INC-08)."""


@frozen(slots=True)
class Wait(Verb):
    """Do the rest of the list some seconds later."""

    seconds: float
