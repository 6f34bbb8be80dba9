"""One line of the doctor's report."""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen

__all__ = ["Finding", "Verdict", "fail", "ok", "warn"]


class Verdict(StrEnum):
    """`fail`: it will not run, or not safely."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@frozen(slots=True)
class Finding:
    """What was looked at, how it is, and what to do; `advice` is empty where nothing is."""

    check: str
    verdict: Verdict
    text: str
    advice: str = ""


def ok(check: str, text: str) -> Finding:
    """As it should be."""
    return Finding(check, Verdict.OK, text)


def warn(check: str, text: str, advice: str) -> Finding:
    """It runs, and somebody should see to it."""
    return Finding(check, Verdict.WARN, text, advice)


def fail(check: str, text: str, advice: str) -> Finding:
    """It does not run, or not safely."""
    return Finding(check, Verdict.FAIL, text, advice)
