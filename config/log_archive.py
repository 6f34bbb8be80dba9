"""Earlier files of the log: compressed one after the other, and thinned out, in a thread of their own.

At each point where the machine may stop there is a whole copy of each line, and no reader takes it twice: the
compressed file gets its name when it is complete on the disk, and only then the plain one goes.
"""

from __future__ import annotations

import gzip
import os
import sys
import threading
from pathlib import Path
from queue import SimpleQueue

from config.log_rotation import Rotation, archived, compressed, partial

__all__ = ["Archive"]

_CHUNK = 1 << 20


class Archive:
    """`tidy` sees to all earlier files: those of this process, and what an earlier one had no time for."""

    def __init__(self, path: Path, rotation: Rotation) -> None:
        self._path = path
        self._rotation = rotation
        self._work: SimpleQueue[bool] = SimpleQueue()
        self._ending = threading.Event()
        self._complained = False
        self._thread: threading.Thread | None = None

    def tidy_soon(self) -> None:
        """Have it done, and wait for nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="log archive", daemon=True)
            self._thread.start()
        self._work.put(True)

    def stop(self, seconds: float) -> None:
        """End the thread; a file that it is at stays as it was, for the next start."""
        self._ending.set()
        self._work.put(False)
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        while self._work.get() and not self._ending.is_set():
            self.tidy()

    def tidy(self) -> None:
        """Compress and remove what there is to. A disk that refuses is told of once, and tried again the next time."""
        try:
            files = archived(self._path)
            if self._rotation.compress:
                for file in files:
                    self._compress(file)
            surplus = files[: -self._rotation.keep] if self._rotation.keep else []
            for file in surplus:
                file.unlink(missing_ok=True)
                compressed(file).unlink(missing_ok=True)
            self._complained = False
        except OSError as error:
            if not self._complained:
                self._complained = True
                sys.stderr.write(f"an earlier file of the log stays as it is: {error}\n")

    def _compress(self, file: Path) -> None:
        if not file.exists() or self._ending.is_set():
            return
        whole, unfinished = compressed(file), partial(file)
        if not whole.exists():
            try:
                if not self._write(file, unfinished):
                    return
                os.replace(unfinished, whole)
                _sync_folder(file.parent)
            finally:
                unfinished.unlink(missing_ok=True)
        file.unlink()

    def _write(self, file: Path, into: Path) -> bool:
        """Write the compressed form, durably. False where the process ends meanwhile."""
        into.unlink(missing_ok=True)
        there = os.open(into, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with file.open("rb") as plain, os.fdopen(there, "wb") as raw:
            with gzip.GzipFile(file.name, "wb", 6, raw, os.fstat(plain.fileno()).st_mtime) as packed:
                while chunk := plain.read(_CHUNK):
                    if self._ending.is_set():
                        return False
                    packed.write(chunk)
            raw.flush()
            os.fsync(raw.fileno())
        return True


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
