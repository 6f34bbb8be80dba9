"""The clock: stale signals, restart windows and market hours are judged by it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from datetime import datetime

from attrs import frozen

from supervisors.doctor.finding import Finding, ok, warn

__all__ = ["KernelClock", "check_clock", "check_drift", "kernel_clock"]

_UNSYNCHRONISED, _NANOSECONDS = 0x0040, 0x2000
_WORST_SECONDS = 1.0
_NTP = "have chrony or systemd-timesyncd keep it (timedatectl set-ntp true)"


@frozen(slots=True)
class KernelClock:
    """What the kernel knows of its clock: `offset` and `worst` (the error it may have) in seconds."""

    synchronised: bool
    offset: float
    worst: float


class _Timex(ctypes.Structure):
    _fields_ = (
        ("modes", ctypes.c_uint),
        *((name, ctypes.c_long) for name in ("offset", "frequency", "worst", "estimated")),
        ("status", ctypes.c_int),
        *((name, ctypes.c_long) for name in ("constant", "precision", "tolerance", "seconds", "fraction", "tick")),
        ("rest", ctypes.c_long * 24),
    )


def kernel_clock() -> KernelClock | None:
    """Ask Linux (adjtimex); None where it cannot be asked."""
    try:
        asked = _Timex()
        if ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(asked)) < 0:
            return None
    except (OSError, AttributeError):
        return None
    unit = 1e-9 if asked.status & _NANOSECONDS else 1e-6
    return KernelClock(not asked.status & _UNSYNCHRONISED, asked.offset * unit, asked.worst * 1e-6)


def check_clock(known: KernelClock | None) -> Iterator[Finding]:
    """Whether somebody keeps the clock, and how well."""
    if known is None:
        yield warn("clock", "whether it is synchronised cannot be told here", _NTP)
    elif not known.synchronised:
        yield warn("clock", "nobody keeps it: the kernel does not know it to be synchronised", _NTP)
    elif known.worst > _WORST_SECONDS:
        yield warn("clock", f"it may be wrong by {known.worst:.1f} s", _NTP)
    else:
        yield ok("clock", f"synchronised, off by {known.offset * 1e3:.2f} ms, at most {known.worst * 1e3:.0f} ms")


def check_drift(
    began: tuple[datetime, float], now: Callable[[], datetime], monotonic: Callable[[], float]
) -> Iterator[Finding]:
    """Whether wall clock and monotonic clock have gone on together since they were read as `began`."""
    by_wall = (now() - began[0]).total_seconds()
    by_monotonic = monotonic() - began[1]
    apart = by_wall - by_monotonic
    if abs(apart) > 0.2:
        text = f"it jumped by {apart:+.2f} s while it was looked at"
        yield warn("clock", text, "have it slewed, not stepped, while a market is open (chrony: makestep only at boot)")
    else:
        yield ok("clock", f"wall clock and monotonic clock agree over {by_monotonic:.1f} s")
