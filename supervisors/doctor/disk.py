"""The disk under the state folder: what the journal writes must be there after a crash, and soon."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from supervisors.doctor.finding import Finding, fail, ok, warn

__all__ = ["check_disk", "check_folder", "kind_of_file_system"]

_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "sshfs", "glusterfs", "ceph", "fuse.sshfs", "fuse.rclone")
_FLEETING = ("tmpfs", "ramfs")
_LITTLE, _NOTHING = 2_000_000_000, 200_000_000  # bytes
_SLOW, _TOO_SLOW = 0.025, 0.5  # seconds
_WRITES = 9


def check_folder(folder: Path) -> Iterator[Finding]:
    """Who may look into the state folder, and who owns it."""
    place = folder
    while not place.exists():
        place = place.parent
    if place != folder:
        if os.access(place, os.W_OK | os.X_OK):
            yield ok("state folder", f"{folder} will be made, with mode 0700")
        else:
            yield fail("state folder", f"{folder} cannot be made in {place}", f"make it, owned by {_me()}, mode 0700")
        return
    about = folder.stat()
    if not stat.S_ISDIR(about.st_mode):
        yield fail("state folder", f"{folder} is not a folder", "set [process] state_dir to a folder")
    elif not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield fail("state folder", f"{folder} cannot be written by {_me()}", f"chown {_me()} {folder}")
    elif about.st_mode & 0o077:
        text = f"{folder} is open to others (mode {stat.S_IMODE(about.st_mode):04o})"
        yield warn("state folder", text, f"chmod 700 {folder}: whoever reaches the control socket trades")
    elif about.st_uid != os.geteuid():
        yield warn("state folder", f"{folder} belongs to user {about.st_uid}", f"run as that user, or chown {_me()}")
    else:
        yield ok("state folder", f"{folder}, mode 0700")


def check_disk(folder: Path, seconds: Callable[[], float]) -> Iterator[Finding]:
    """Room, kind of file system, and what a synced write takes. Writes a few kilobytes, and takes them away again."""
    while not folder.exists():
        folder = folder.parent
    room = os.statvfs(folder)
    free = room.f_bavail * room.f_frsize
    told = f"{free / 1e9:.1f} GB free"
    advice = "make room: without it no order can be journaled, and so none is sent"
    yield (
        fail("disk", told, advice)
        if free < _NOTHING
        else warn("disk", told, advice)
        if free < _LITTLE
        else ok("disk", told)
    )
    kind = kind_of_file_system(folder.resolve())
    if kind in _NETWORK:
        yield fail("disk", f"{folder} is on {kind}, a network disk", "put the state folder on a local disk")
    elif kind in _FLEETING:
        yield warn("disk", f"{folder} is on {kind}, gone after a reboot", "put the state folder on a disk")
    elif kind:
        yield ok("disk", f"file system {kind}")
    yield from _write_speed(folder, seconds)


def kind_of_file_system(path: Path, mounts: Path = Path("/proc/mounts")) -> str:
    """`ext4`, `nfs4`, …; "" where it cannot be told."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    found = ("", "")
    for line in lines:
        _, place, kind, *_ = line.split(" ")
        place = place.replace("\\040", " ")
        if len(place) >= len(found[0]) and path.is_relative_to(place):
            found = (place, kind)
    return found[1]


def _write_speed(folder: Path, seconds: Callable[[], float]) -> Iterator[Finding]:
    took = []
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix="doctor-") as file:
            for _ in range(_WRITES):
                began = seconds()
                file.write(b"\0" * 4096)
                file.flush()
                os.fsync(file.fileno())
                took.append(seconds() - began)
    except OSError as error:
        yield fail("disk", f"{folder} cannot be written: {error.strerror}", "repair or remount it, or make room")
        return
    usual, worst = median(took), max(took)
    told = f"a synced write takes {usual * 1e3:.1f} ms, at most {worst * 1e3:.1f} ms"
    advice = "each order waits for one: use a local SSD, with nothing else that writes much"
    if usual > _TOO_SLOW:
        yield fail("disk", told, advice)
    elif usual > _SLOW:
        yield warn("disk", told, advice)
    else:
        yield ok("disk", told)


def _me() -> str:
    return f"user {os.geteuid()}"
