"""The journal file: SQLite in WAL mode, synchronous=FULL. Everything here blocks."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from messages.codec import SCHEMA_VERSION
from messages.journal import Replay
from storage.errors import JournalDamaged, JournalError, JournalUnusable, JournalVersionError
from storage.rows import GENESIS_SEQUENCE, Header, Row, check_row
from storage.schema import APPLICATION_ID, INSERT_TEXT, LAST, header, mentioning, newest, selection, tables

__all__ = ["SqliteJournal", "journal_path"]

_CORRUPT = ("malformed", "not a database", "could not decode", "disk image")


def journal_path(url: str, state_dir: Path) -> Path:
    """Return the file of a `[journal] url` such as sqlite:///pitboss.journal; a relative one lies in `state_dir`.

    Raises ValueError for anything but a SQLite file.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ValueError(f"journal.url {url!r}: {error}") from error
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        raise ValueError(f"journal.url {url!r} is not sqlite:///FILE: the journal is a SQLite file")
    return state_dir / parsed.database


class SqliteJournal:
    """One connection to a journal file, used by one thread. Opened to read only, it needs no lock and disturbs nobody.

    Raises JournalError from every method.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self._read_only = read_only
        self._connection: Connection | None = None

    def open(self, owner: str = "", created: str = "") -> Header:
        """Connect, make the tables in a file that is new, and return the header.

        Raises JournalVersionError where it is no journal or one of another version.
        """
        if self._read_only and not self.path.is_file():
            raise JournalUnusable(f"{self.path}: no such journal")
        with self._translated():
            self._connection = self._engine().connect()
            application, version = self._pragma("application_id"), self._pragma("user_version")
            if not self._read_only and (application, version) == (0, 0) and not self._has_tables():
                self._create(Header(SCHEMA_VERSION, created, owner))
                application, version = APPLICATION_ID, SCHEMA_VERSION
            if application != APPLICATION_ID:
                raise JournalVersionError(f"{self.path} is not a journal of Pitboss")
            if version != SCHEMA_VERSION:
                raise JournalVersionError(
                    f"{self.path} has schema version {version}; this program reads version {SCHEMA_VERSION} only"
                )
            if not self._read_only:
                self._use_wal()
            return self._header()

    def close(self) -> None:
        """Disconnect. The owner's last connection moves what the WAL holds into the file."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            with self._translated():
                connection.close()

    def append(self, rows: list[Row]) -> None:
        """Write them in one transaction and return when they are durable."""
        with self._translated():
            # through the driver's own connection: an intent waits for this, and half its time would be the layers above
            driver = self._live.connection.dbapi_connection
            assert driver is not None
            driver.cursor().executemany(INSERT_TEXT, rows)
            driver.commit()

    def checkpoint(self) -> bool:
        """Move what the write-ahead log holds into the file, as far as readers let it, without holding up a writer.

        Returns whether that was all of it: the next write then begins the log anew.
        """
        with self._reading():
            _, pages, moved = self._live.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").one()
            return bool(pages == moved)

    def settle(self) -> None:
        """Move all that the write-ahead log holds into the file, and sync that; readers are waited for, for 5 s.

        A sync of the log that failed is not made good by the next one: Linux takes its pages for written then.
        """
        with self._reading():
            self._live.exec_driver_sql("PRAGMA wal_checkpoint(FULL)").one()

    def last(self) -> Row | None:
        """Return the last record, unchecked, or None in an empty journal."""
        with self._reading():
            found = self._live.execute(LAST).first()
            return None if found is None else Row(*found)

    def read(self, replay: Replay, after: int, upto: int, limit: int) -> list[Row]:
        """See `Storage.read`."""
        rows = self.read_unchecked(replay, after, upto, limit)
        for row in rows:
            check_row(row)
        return rows

    def read_unchecked(self, replay: Replay, after: int, upto: int, limit: int) -> list[Row]:
        """As `read`, for those who check for themselves."""
        statement, values = selection(replay, after, upto, limit)
        with self._reading():
            return [Row._make(found) for found in self._live.execute(statement, values).all()]

    def nth_newest(self, replay: Replay, count: int) -> int:
        """Return the sequence after which `replay` has its last `count` records; 0 where it has no more than those."""
        with self._reading():
            found = self._live.execute(*newest(replay, count)).first()
            return GENESIS_SEQUENCE if found is None else int(found[0])

    def mentioning(self, content: str, stream: str | None = None) -> list[Row]:
        """Return the records whose payload contains this text; each is checked."""
        with self._reading():
            rows = [Row._make(found) for found in self._live.execute(mentioning(content, stream)).all()]
        for row in rows:
            check_row(row)
        return rows

    def check_file(self) -> None:
        """Have SQLite compare its pages and indices with each other. Raises JournalDamaged."""
        with self._reading():
            findings = [row[0] for row in self._live.exec_driver_sql("PRAGMA integrity_check(5)")]
        if findings != ["ok"]:
            raise JournalDamaged(f"the file {self.path} is damaged: {'; '.join(map(str, findings))}")

    def copy_to(self, target: Path) -> None:
        """Write the journal as it stands into a new file, whoever writes to it meanwhile, and sync it."""
        with self._reading():
            copy = sqlite3.connect(target)
            try:
                self._live.connection.driver_connection.backup(copy)  # type: ignore[union-attr]
                # one file, without a log beside it; its owner turns that on again
                copy.execute("PRAGMA journal_mode=DELETE")
            finally:
                copy.close()
            for path in (target, target.resolve().parent):
                file = os.open(path, os.O_RDONLY)
                try:
                    os.fsync(file)
                finally:
                    os.close(file)

    @property
    def is_open(self) -> bool:
        """Whether it is connected."""
        return self._connection is not None

    @property
    def _live(self) -> Connection:
        if self._connection is None:
            raise JournalUnusable(f"{self.path} is not open")
        return self._connection

    def _engine(self) -> Any:
        uri = f"file:{self.path.resolve().as_posix().replace('%', '%25').replace('?', '%3f').replace('#', '%23')}"
        engine = create_engine(
            URL.create("sqlite", database=f"{uri}{'?mode=ro' if self._read_only else ''}", query={"uri": "true"}),
            poolclass=NullPool,
        )
        event.listen(engine, "connect", self._prepare)
        return engine

    def _prepare(self, connection: sqlite3.Connection, _: Any) -> None:
        connection.execute("PRAGMA busy_timeout=5000")
        connection.execute("PRAGMA trusted_schema=OFF")
        if self._read_only:
            connection.execute("PRAGMA query_only=ON")
        else:
            connection.execute("PRAGMA synchronous=FULL")
            # by default every so many pages one commit pays for it: 30 ms in the middle of an intent
            connection.execute("PRAGMA wal_autocheckpoint=0")

    def _pragma(self, name: str) -> Any:
        return self._live.exec_driver_sql(f"PRAGMA {name}").scalar_one()

    def _has_tables(self) -> bool:
        return self._live.exec_driver_sql("SELECT 1 FROM sqlite_master").first() is not None

    def _use_wal(self) -> None:
        mode = self._pragma("journal_mode=WAL")
        self._live.rollback()
        if mode != "wal":
            raise JournalUnusable(f"{self.path} is on a file system that does not support SQLite's WAL mode")

    def _create(self, made: Header) -> None:
        self._use_wal()
        # the driver begins a transaction by itself only before an INSERT
        self._live.exec_driver_sql("BEGIN IMMEDIATE")
        tables.create_all(self._live)
        values = {"schema": str(made.schema), "created": made.created, "owner": made.owner}
        self._live.execute(header.insert(), [{"key": key, "value": value} for key, value in values.items()])
        # last in the transaction: a file without them is none of ours yet, and is made again
        self._live.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
        self._live.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")
        self._live.commit()
        folder = os.open(self.path.resolve().parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _header(self) -> Header:
        values = {row.key: row.value for row in self._live.execute(header.select())}
        self._live.rollback()
        try:
            return Header(int(values["schema"]), values["created"], values["owner"])
        except (KeyError, ValueError) as error:
            raise JournalDamaged(f"the header of {self.path} is damaged", GENESIS_SEQUENCE) from error

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._translated():
            yield
            # the snapshot is let go, so that the WAL can be reused
            self._live.rollback()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except JournalError:
            raise
        except (DatabaseError, sqlite3.DatabaseError) as error:
            text = str(error.orig if isinstance(error, DatabaseError) else error)
            if any(sign in text.lower() for sign in _CORRUPT):
                raise JournalDamaged(f"the file {self.path} is damaged: {text}") from error
            raise JournalUnusable(f"{self.path}: {text}") from error
        except (SQLAlchemyError, OSError, ValueError) as error:
            raise JournalUnusable(f"{self.path}: {error}") from error
