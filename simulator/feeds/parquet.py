"""Reads Parquet with fastparquet, which is not installed unless asked for: `pip install 'pitboss[parquet]'`."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from simulator.feeds.feed import FeedError

__all__ = ["parquet_columns", "parquet_rows"]


def parquet_columns(path: Path) -> Sequence[str]:
    """Return the names of the columns. Raises FeedError for what is no Parquet file, or where nothing can read it."""
    with _opened(path) as table:
        return list(table.columns)


def parquet_rows(path: Path) -> Iterator[tuple[str, Sequence[Any]]]:
    """Return where each row is, and its values: texts, numbers, and times as seconds since 1970; None for none.

    A time without a zone is UTC.
    """
    number = 0
    with _opened(path) as table:
        for frame in table.iter_row_groups():
            for values in zip(*(_values(frame[name]) for name in frame.columns), strict=True):
                number += 1
                yield f": row {number}", values


def _values(column: Any) -> list[Any]:
    if column.dtype.kind == "M":
        column = column.dt.as_unit("us").astype("int64") / 1e6
    return [None if value is None or value != value else value for value in column.tolist()]


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    path.stat()  # OSError names what is wrong better than a reader of Parquet does
    with ExitStack() as files:

        def open_file(name: str, mode: str = "rb") -> IO[bytes]:
            # closed here: the library itself leaves that to the garbage collector
            return files.enter_context(open(name, "rb"))

        yield _table(path, open_file)


def _table(path: Path, open_file: Any) -> Any:
    with warnings.catch_warnings():
        # fastparquet 2026.9 asks pandas 3.1 for an option that is going away
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            import fastparquet
        except ImportError as error:
            raise FeedError("to read Parquet, install it with: pip install 'pitboss[parquet]'") from error
    try:
        return fastparquet.ParquetFile(str(path), open_with=open_file)
    except Exception as error:  # it raises whatever the damage leads to
        raise FeedError(f"not a Parquet file that can be read: {error or type(error).__name__}") from error
