"""The verbs of a fault script.

Those that decide about the request itself (`accept`, `accept_silently`, `swallow`, `split`) and `wait` are read by
the engine; all others act on a scene: the engine, and the session and request that set them off, if any.
"""

from __future__ import annotations

from simulator.faults.verbs.base import Verb
from simulator.faults.verbs.broker import (
    CancelAtBroker,
    Connectivity,
    Correct,
    Entitle,
    Fill,
    Jump,
    Manual,
    ManualOrder,
    Silence,
)
from simulator.faults.verbs.link import BlackHole, Close, Cut, Flow, Reset, Restart, Stall
from simulator.faults.verbs.messages import (
    Alter,
    Delay,
    Drop,
    Duplicate,
    Emit,
    Error,
    Filtering,
    Hold,
    Release,
    Reorder,
)
from simulator.faults.verbs.request import Accept, AcceptSilently, Split, Swallow, Wait

__all__ = [
    "VERBS",
    "Accept",
    "AcceptSilently",
    "Alter",
    "BlackHole",
    "CancelAtBroker",
    "Close",
    "Connectivity",
    "Correct",
    "Cut",
    "Delay",
    "Drop",
    "Duplicate",
    "Emit",
    "Entitle",
    "Error",
    "Fill",
    "Filtering",
    "Flow",
    "Hold",
    "Jump",
    "Manual",
    "ManualOrder",
    "Release",
    "Reorder",
    "Reset",
    "Restart",
    "Silence",
    "Split",
    "Stall",
    "Swallow",
    "Verb",
    "Wait",
]

VERBS: dict[str, type[Verb]] = {
    "accept": Accept,
    "accept_silently": AcceptSilently,
    "swallow": Swallow,
    "split": Split,
    "wait": Wait,
    "hold": Hold,
    "drop": Drop,
    "duplicate": Duplicate,
    "reorder": Reorder,
    "delay": Delay,
    "alter": Alter,
    "release": Release,
    "error": Error,
    "emit": Emit,
    "reset": Reset,
    "close": Close,
    "cut": Cut,
    "black_hole": BlackHole,
    "stall": Stall,
    "flow": Flow,
    "restart": Restart,
    "fill": Fill,
    "correct": Correct,
    "manual": Manual,
    "manual_order": ManualOrder,
    "cancel": CancelAtBroker,
    "entitle": Entitle,
    "silence": Silence,
    "connectivity": Connectivity,
    "jump": Jump,
}
"""name in a script → verb"""
