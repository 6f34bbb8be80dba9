"""What `[alerts]` of a configuration says: to whom alerts go, and rules over the log beside those that ship."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from attrs import field, frozen

from config.expectations import FieldConditions, Flag, Folder, Number, OneOf, Text, Texts, Whole

__all__ = ["SEVERITIES", "AlertRuleSettings", "AlertSettings", "ChannelSettings"]

SEVERITIES = ("info", "warning", "critical")
"""From what one may read about tomorrow to what somebody is woken for."""

_Seconds = Annotated[float, Number("a number of seconds", above=True, kind=float)]
_SecondsOrZero = Annotated[float, Number("a number of seconds", kind=float)]
_YesNo = Annotated[bool, Flag()]
_NAME = r"[A-Za-z0-9_\-]{1,40}"
_Name = Text("a name of letters, digits, dashes and underscores", _NAME)
_Event = Text('an event of the log such as "order.rejected", or a group of them such as "order.*"', r"[a-z_.*]{1,60}")
_MaybeEvent = Text('an event of the log such as "order.accepted", or empty', r"[a-z_.*]{0,60}")
_Conditions = Annotated[Mapping[str, Any], FieldConditions()]


@frozen(slots=True, kw_only=True)
class ChannelSettings:
    """One place that alerts go to: an address of apprise (`url`), or a file of JSON lines (`path`).

    The address is a secret, so `url` only says where it is found: `env:NAME` or `file:PATH`. What needs none is written
    itself: `dbus://`, `gnome://`, `macosx://`, `windows://`, `syslog://`.
    """

    url: Annotated[str, Text("env:NAME, file:PATH, or a desktop such as dbus://", r"[^\x00-\x20]*")] = ""
    path: Annotated[Path, Folder()] | None = None
    least: Annotated[str, OneOf(SEVERITIES)] = "warning"
    resolved: _YesNo = True


@frozen(slots=True, kw_only=True)
class AlertRuleSettings:
    """One rule over the lines of the log. It must hold for `for_seconds`, or `count` times within `within_seconds`.

    `by` are the fields that tell one alert of the rule from another. It is over when `until_event` comes with the same
    values of `by`, or nothing more for `until_seconds`; with neither it is only told, and never over.
    """

    id: Annotated[str, _Name]
    event: Annotated[str, _Event] = "*"
    when: _Conditions = field(factory=dict)
    unless: _Conditions = field(factory=dict)
    by: Annotated[tuple[str, ...], Texts(Text("a field of the event", r"[A-Za-z0-9_.]{1,60}"))] = ()
    for_seconds: _SecondsOrZero = 0.0
    count: Annotated[int, Whole(1, 100_000)] = 1
    within_seconds: _Seconds = 60.0
    until_event: Annotated[str, _MaybeEvent] = ""
    until_when: _Conditions = field(factory=dict)
    until_seconds: _SecondsOrZero = 0.0
    every_seconds: _SecondsOrZero = 0.0
    severity: Annotated[str, OneOf((*SEVERITIES, "runbook"))] = "warning"
    text: Annotated[str, Text("text with fields in braces")] = ""
    runbook: Annotated[str, Text("an entry of the runbook, or empty", r"[A-Za-z.{}_]{0,60}")] = ""
    channels: Annotated[tuple[str, ...], Texts(_Name)] = ()
    waits_for_restart: _YesNo = False
    enabled: _YesNo = True


@frozen(slots=True, kw_only=True)
class AlertSettings:
    """Where alerts go, and when. `heartbeat` names, like a channel's `url`, an address to ask while all is watched."""

    silent_seconds: _SecondsOrZero = 30.0
    group_seconds: _SecondsOrZero = 5.0
    repeat_seconds: _SecondsOrZero = 14_400.0
    send_timeout_seconds: _Seconds = 30.0
    shipped: _YesNo = True
    heartbeat: Annotated[str, Text("env:NAME or file:PATH, or empty", r"((env|file):[^\x00-\x20]+)?")] = ""
    heartbeat_seconds: _Seconds = 60.0
    state: Annotated[Path, Folder()] = Path("alerts.json")
    channels: Mapping[Annotated[str, _Name], ChannelSettings] = field(factory=dict)
    rules: tuple[AlertRuleSettings, ...] = ()
