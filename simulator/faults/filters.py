"""What happens to messages on their way to a client."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING

from attrs import define, field

from simulator.wire.answer_names import ANSWER_NAMES, field_names
from simulator.wire.fields import text
from simulator.wire.session_answers import Fields

if TYPE_CHECKING:
    from simulator.server.session import Session

__all__ = [
    "Alteration",
    "Chance",
    "Delay",
    "Drop",
    "Duplication",
    "Filter",
    "Hold",
    "Match",
    "Mute",
    "Permutation",
    "altered",
]

_LEVEL_1 = frozenset(("*", "tickPrice", "tickSize"))


@define(slots=True, kw_only=True)
class Match:
    """Which messages are meant: their IB names (`*` for any), values of their fields, whose they are.

    `asked` True means answers to requests, False what TWS says by itself, None both. `count` is for how many; None
    for all. `after` lets that many pass first.
    """

    messages: tuple[str, ...]
    where: Mapping[str, str] = field(factory=dict)
    client: int | None = None
    asked: bool | None = None
    count: int | None = None
    after: int = 0

    def take(self, session: Session, fields: Fields, asked: bool) -> bool:
        """Whether this message is meant; counts it then."""
        if self.count == 0 or self.client not in (None, session.client_id) or self.asked not in (None, asked):
            return False
        number = fields[0]
        name = ANSWER_NAMES.get(number, "") if isinstance(number, int) else ""
        if "*" not in self.messages and name not in self.messages:
            return False
        if self.where and not _has(fields, self.where):
            return False
        if self.after:
            self.after -= 1
            return False
        if self.count is not None:
            self.count -= 1
        return True


class Filter:
    """One stage of the way out; `name` is by which `release` finds it."""

    def __init__(self, match: Match, name: str = "") -> None:
        self.match = match
        self.name = name

    def take(self, session: Session, fields: Fields, asked: bool) -> list[Fields] | None:
        """Return what goes on instead of the message, or None if the message is not meant."""
        return self.act(session, fields) if self.match.take(session, fields, asked) else None

    @property
    def spent(self) -> bool:
        """Whether it can do nothing more."""
        return self.match.count == 0

    @property
    def of_ticks(self) -> bool:
        """Whether prices and sizes of level 1 may be meant."""
        return not _LEVEL_1.isdisjoint(self.match.messages)

    def act(self, session: Session, fields: Fields) -> list[Fields]:
        """Return what goes on instead of a message that is meant."""
        raise NotImplementedError

    def release(self, order: Sequence[int] | None = None) -> list[tuple[Session, Fields]]:
        """Give back what is held, and let everything pass from now on."""
        self.match.count = 0
        return []


class Drop(Filter):
    """Loses messages."""

    def act(self, session: Session, fields: Fields) -> list[Fields]:
        """Nothing goes on."""
        return []


class Duplication(Filter):
    """Repeats messages."""

    def __init__(self, match: Match, name: str = "", times: int = 2) -> None:
        super().__init__(match, name)
        self._times = times

    def act(self, session: Session, fields: Fields) -> list[Fields]:
        """The message goes on several times."""
        return [fields] * self._times


class Hold(Filter):
    """Keeps messages back until they are released."""

    def __init__(self, match: Match, name: str = "") -> None:
        super().__init__(match, name)
        self._held: list[tuple[Session, Fields]] = []

    @property
    def spent(self) -> bool:
        """Whether it can do nothing more."""
        return super().spent and not self._held

    def act(self, session: Session, fields: Fields) -> list[Fields]:
        """Keep it."""
        self._held.append((session, fields))
        return []

    def release(self, order: Sequence[int] | None = None) -> list[tuple[Session, Fields]]:
        """Return what was held, in the order given by positions from 0; what that leaves out comes last."""
        super().release()
        held, self._held = self._held, []
        wanted = [index for index in order or () if 0 <= index < len(held)]
        rest = [index for index in range(len(held)) if index not in wanted]
        return [held[index] for index in [*wanted, *rest]]


class Delay(Filter):
    """Sends each message some seconds later."""

    def __init__(self, match: Match, later: Callable[[Session, Fields], None], name: str = "") -> None:
        super().__init__(match, name)
        self._later = later

    def act(self, session: Session, fields: Fields) -> list[Fields]:
        """Leave it to the timer."""
        self._later(session, fields)
        return []


class Permutation(Filter):
    """Collects some messages of a client and sends them in another order."""

    def __init__(self, match: Match, order: Sequence[int], name: str = "") -> None:
        super().__init__(match, name)
        self._order = order
        self._held: dict[Session, list[Fields]] = {}

    @property
    def spent(self) -> bool:
        """Whether it can do nothing more."""
        return super().spent and not self._held

    def act(self, session: Session, fields: Fields) -> list[Fields]:
        """Keep it until all are there."""
        held = self._held.setdefault(session, [])
        held.append(fields)
        if len(held) < len(self._order):
            return []
        del self._held[session]
        return [held[index] for index in self._order]

    def release(self, order: Sequence[int] | None = None) -> list[tuple[Session, Fields]]:
        """Return what has not become complete."""
        super().release()
        held, self._held = self._held, {}
        return [(session, fields) for session, some in held.items() for fields in some]


class Alteration(Filter):
    """Changes fields: a wrong echo."""

    def __init__(self, match: Match, changes: Mapping[str, str], name: str = "") -> None:
        super().__init__(match, name)
        self._changes = changes

    def act(self, session: Session, fields: Fields) -> list[Fields]:
        """The altered message goes on."""
        return [altered(fields, self._changes)]


class Mute(Filter):
    """Loses all that is said unasked about one order."""

    def __init__(self, match: Match, about: Callable[[Fields], bool], name: str = "") -> None:
        super().__init__(match, name)
        self._about = about

    @property
    def of_ticks(self) -> bool:
        """Never: they are about no order."""
        return False

    def take(self, session: Session, fields: Fields, asked: bool) -> list[Fields] | None:
        """Nothing goes on if the message is about the order."""
        if asked or not self._about(fields):
            return None
        return super().take(session, fields, asked)

    def act(self, session: Session, fields: Fields) -> list[Fields]:
        """Nothing goes on."""
        return []


class Chance(Filter):
    """Drops, repeats or delays messages at random rates."""

    def __init__(
        self,
        match: Match,
        random: Random,
        drop: float,
        duplicate: float,
        delay: float,
        later: Callable[[Session, Fields], None],
        name: str = "",
    ) -> None:
        super().__init__(match, name)
        self._random = random
        self._bounds = (drop, drop + duplicate, drop + duplicate + delay)
        self._later = later

    def act(self, session: Session, fields: Fields) -> list[Fields]:
        """Throw the dice."""
        thrown = self._random.random()
        drop, duplicate, delay = self._bounds
        if thrown < drop:
            return []
        if thrown < duplicate:
            return [fields, fields]
        if thrown < delay:
            self._later(session, fields)
            return []
        return [fields]


def altered(fields: Fields, changes: Mapping[str, str]) -> Fields:
    """Return the message with other values in the fields named. Raises ValueError for a field that it has not."""
    names = field_names(fields)
    missing = set(changes) - set(names)
    if missing:
        raise ValueError(f"message {fields[0]} has no field {', '.join(sorted(missing))}")
    changed = list(fields)
    for position, name in enumerate(names):
        if name in changes and position < len(changed):
            changed[position] = changes[name]
    return changed


def _has(fields: Fields, where: Mapping[str, str]) -> bool:
    found = {name: text(value) for name, value in zip(field_names(fields), fields, strict=False) if name}
    return all(found.get(name) == value for name, value in where.items())
