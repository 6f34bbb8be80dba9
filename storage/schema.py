"""The tables of a journal file and the statements on them, in SQLAlchemy Core.

Statements are built once: Core caches the compiled text under the statement object, and an insert then costs about
what the driver's own does.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    ColumnElement,
    CompoundSelect,
    Executable,
    Index,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    bindparam,
    event,
    func,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import UserDefinedType

from messages.journal import Replay

__all__ = ["APPLICATION_ID", "INSERT_TEXT", "LAST", "entries", "header", "mentioning", "newest", "selection", "tables"]

# "PbJ1" in the file's header: `file` and we can tell a journal from any other SQLite database
APPLICATION_ID = 0x50624A31

tables = MetaData()


class Bytes(UserDefinedType[bytes]):
    """A BLOB that the driver takes and gives as it is: SQLAlchemy's own wraps each value twice."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return its name in SQL."""
        return "BLOB"


header = Table("header", tables, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

entries = Table(
    "entry",
    tables,
    Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("time", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("checkpoint", Integer, nullable=False),
    Column("payload", Text, nullable=False),
    Column("previous", Bytes, nullable=False),
    Column("hash", Bytes, nullable=False),
)
_c = entries.c

Index("entry_stream", _c.stream, _c.sequence)
Index("entry_kind", _c.kind, _c.sequence)
Index("entry_checkpoint", _c.stream, _c.sequence, sqlite_where=text("checkpoint = 1"))

# append-only is a property of the file, not a habit of this program
for _change in ("UPDATE", "DELETE"):
    event.listen(
        entries,
        "after_create",
        DDL(  # type: ignore[no-untyped-call]
            f"CREATE TRIGGER entry_no_{_change.lower()} BEFORE {_change} ON entry "
            "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
        ),
    )


INSERT_TEXT = str(entries.insert().compile(dialect=sqlite.dialect()))  # its parameters are the columns, in their order
LAST = select(entries).order_by(_c.sequence.desc()).limit(1)

_LIMIT = bindparam("limit", type_=Integer)


def _part(*conditions: ColumnElement[bool]) -> Select[Any]:
    return select(entries).where(_c.sequence > bindparam("after"), _c.sequence <= bindparam("upto"), *conditions)


def _since_checkpoint() -> ColumnElement[bool]:
    earlier = entries.alias("earlier").c
    last = select(func.coalesce(func.max(earlier.sequence), 0))
    # 1 as text, not as a parameter: only so does SQLite see that the partial index fits
    return (
        _c.sequence
        >= last.where(earlier.stream == bindparam("stream"), text("earlier.checkpoint = 1")).scalar_subquery()
    )


@cache
def _statement(stream: bool, whole: bool, kinds: int) -> Select[Any] | CompoundSelect[Any]:
    conditions: list[ColumnElement[bool]] = []
    if stream:
        conditions.append(_c.stream == bindparam("stream"))
        if not whole:
            conditions.append(_since_checkpoint())
    if not kinds:
        return _part(*conditions).order_by(_c.sequence).limit(_LIMIT)
    # one part a kind: SQLite merges them, each in the order of its index, and sorts nothing
    parts = [_part(_c.kind == bindparam(f"kind_{number}"), *conditions) for number in range(kinds)]
    return union_all(*parts).order_by("sequence").limit(_LIMIT)


def selection(replay: Replay, after: int, upto: int, limit: int) -> tuple[Executable, dict[str, Any]]:
    """Return the statement that reads `limit` rows of a replay with after < sequence <= upto, and its parameters."""
    kinds = tuple(dict.fromkeys(replay.kinds))
    values: dict[str, Any] = {"after": after, "upto": upto, "limit": limit}
    if replay.stream is not None:
        values["stream"] = replay.stream
    values.update((f"kind_{number}", kind) for number, kind in enumerate(kinds))
    return _statement(replay.stream is not None, replay.whole, len(kinds)), values


def newest(replay: Replay, skip: int) -> tuple[Executable, dict[str, Any]]:
    """Return the statement for the sequence of the newest row of a whole replay but `skip`, and its parameters."""
    conditions: list[ColumnElement[bool]] = []
    if replay.stream is not None:
        conditions.append(_c.stream == replay.stream)
    if replay.kinds:
        conditions.append(_c.kind.in_(replay.kinds))
    return select(_c.sequence).where(*conditions).order_by(_c.sequence.desc()).limit(1).offset(skip), {}


def mentioning(content: str, stream: str | None) -> Executable:
    """Return the statement for the rows whose payload contains this text, of one stream or of all."""
    conditions: list[ColumnElement[bool]] = [func.instr(_c.payload, content) > 0]
    if stream is not None:
        conditions.append(_c.stream == stream)
    return select(entries).where(*conditions).order_by(_c.sequence)
