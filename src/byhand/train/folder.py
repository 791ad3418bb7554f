"""A folder of files, written whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from byhand.errors import DataError


def write_new(parent: Path, name: str, files: Mapping[str, bytes]) -> Path:
    """Writes `files` into a new folder `name-1`, `name-2`, ... in `parent`; gives its path.

    Like the other two: written aside, then renamed. Raises DataError, in one line, if the disk is
    full or the folder can't be written; then nothing is left behind.
    """

    def place(aside: Path) -> Path:
        number = _last_number(parent, name)
        while True:
            number += 1
            target = parent / f"{name}-{number}"
            try:
                return _rename(aside, target)
            except FileExistsError:  # another run has just taken this number
                continue

    return _write(parent, name, files, place)


def write_at(target: Path, files: Mapping[str, bytes]) -> Path:
    """Writes `files` into the new folder `target`, which may exist if it is empty."""
    return _write(target.parent, target.name, files, lambda aside: _rename(aside, target))


def write_over(target: Path, files: Mapping[str, bytes]) -> Path:
    """Writes `files` into a folder that takes the place of `target`.

    No system call exchanges two folders everywhere. So for an instant the old one has another name,
    and if the process is killed right then, `recover` gives it back its own.
    """

    def place(aside: Path) -> Path:
        old = _old(target)
        shutil.rmtree(old, ignore_errors=True)  # of one that was killed while it cleared up
        target.rename(old)
        try:
            aside.rename(target)
        except OSError:
            old.rename(target)
            raise
        shutil.rmtree(old, ignore_errors=True)
        return target

    return _write(target.parent, target.name, files, place)


def recover(target: Path) -> None:
    """Puts right what a process that was killed while it wrote over `target` has left."""
    with _in_one_line(target.parent):
        if _old(target).exists() and not target.exists():
            _old(target).rename(target)


@contextmanager
def held(target: Path) -> Generator[None]:
    """Keeps other processes from training into `target`; raises DataError if one does already.

    The system lets go of a lock whose process was killed. Without `fcntl` (on Windows) nobody is
    kept away.
    """
    if find_spec("fcntl") is None:
        yield
        return
    lock = target.with_name(f".{target.name[:200]}.lock")
    with _in_one_line(target.parent):
        descriptor = _locked(lock)
    if descriptor is None:
        raise DataError(f"{target}: is being trained by another process: let it end, or stop it")
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(descriptor)


def _locked(lock: Path) -> int | None:
    """The lock file, open and locked; None if it belongs to somebody else."""
    from fcntl import LOCK_EX, LOCK_NB, flock

    lock.parent.mkdir(parents=True, exist_ok=True)
    while True:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            flock(descriptor, LOCK_EX | LOCK_NB)
            if lock.exists() and os.path.samestat(os.fstat(descriptor), lock.stat()):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        os.close(descriptor)  # its last owner has deleted it in between


def check_writable(parent: Path) -> None:
    """Raises DataError now, rather than after an hour of training, if `parent` can't be written."""
    with _aside(parent, "try"):
        pass


def check_free(target: Path) -> None:
    """Raises DataError if there is something at `target`, unless it is an empty folder."""
    recover(target)
    with _in_one_line(target):
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise DataError(f"{target}: is there already: choose another folder, or --resume it")


def _write(
    parent: Path, name: str, files: Mapping[str, bytes], place: Callable[[Path], Path]
) -> Path:
    with _aside(parent, name) as aside:
        for file, content in files.items():
            with (aside / file).open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
        return place(aside)


@contextmanager
def _aside(parent: Path, name: str) -> Generator[Path]:
    """A hidden folder that is gone at the end, unless it was renamed."""
    with _in_one_line(parent):
        parent.mkdir(parents=True, exist_ok=True)
        aside = parent / f".{name[:200]}.{secrets.token_hex(4)}"
        aside.mkdir()
        try:
            yield aside
        finally:
            shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def _in_one_line(place: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        match error:
            case PermissionError():
                todo = "permission denied: choose a folder of your own with --out"
            case NotADirectoryError() | FileExistsError():
                todo = "a file or a full folder is in the way: choose another place with --out"
            case _:
                reason = error.strerror or error
                todo = f"{reason}: free some space, or choose another place with --out"
        raise DataError(f"{place}: can't be written: {todo}") from error


def _old(target: Path) -> Path:
    """Where `target` is while a new folder takes its place."""
    return target.parent / f".{target.name}.old"


def _rename(aside: Path, target: Path) -> Path:
    """Renames a folder. Raises FileExistsError if `target` is there, but for an empty folder."""
    try:
        return aside.rename(target)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise FileExistsError(*error.args) from error
        raise


def _last_number(parent: Path, name: str) -> int:
    pattern = re.compile(re.escape(name) + r"-(\d+)")
    found = (pattern.fullmatch(entry.name) for entry in parent.iterdir())
    return max((int(match[1]) for match in found if match), default=0)


@dataclass
class Place:
    """Where a run is written: first into a new folder, then over that again and again.

    Within `with`, no other process goes on with the run there.
    """

    parent: Path
    name: str
    target: Path | None = None
    fresh: bool = True
    locks: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Place:
        if self.target is not None:
            self.locks.enter_context(held(self.target))
        return self

    def __exit__(self, *_: object) -> None:
        self.locks.close()

    def write(self, files: Mapping[str, bytes]) -> Path:
        if self.target is None:
            self.target = write_new(self.parent, self.name, files)
            self.locks.enter_context(held(self.target))
        elif self.fresh:
            write_at(self.target, files)
        else:
            write_over(self.target, files)
        self.fresh = False
        return self.target
