"""Reading and writing files: nothing is ever left half-written, and every error is one line."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path

from byhand.errors import DataError


def read(path: str | Path, what: str = "file", missing: str = "") -> bytes:
    """The content of a file. Raises DataError, in one line, if it can't be read.

    `what` is the file that is wanted, where there is a folder; `missing` says what to do where
    there is nothing.
    """
    try:
        return plain(path).read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: no such file{missing}") from None
    except IsADirectoryError:
        raise DataError(f"{path}: is a folder: name the {what} in it") from None
    except OSError as error:
        raise DataError(f"{path}: can't be read: {error.strerror or error}") from None


def make_folder(path: str | Path) -> None:
    """Makes a folder, and those above it, if it isn't there. Raises DataError if it can't be."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{path}: can't be made: {error.strerror or error}") from error


def plain(path: str | Path) -> Path:
    """The path, if what lies there is a file, or a folder: nobody knows when a pipe or a device
    ends. Raises OSError where it is one of those, or nothing."""
    path = Path(path)
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(errno.EINVAL, "is a pipe or a device: name a file", str(path))
    return path


def write_aside(path: str | Path, content: bytes | str) -> None:
    """Writes `content` to `path`: the whole of it, or nothing.

    It is written into a file aside, which then takes the place of `path`; if that fails, what was
    there before is still there. Text is written as UTF-8. Raises DataError, in one line, if the
    disk is full or the folder can't be written.
    """
    blob = content.encode() if isinstance(content, str) else content
    try:
        target = Path(path)
        if target.exists() and not target.is_file() and not target.is_dir():
            target.write_bytes(blob)  # a device or a pipe: there is nothing to replace
            return
        _replace(target, blob, lambda _: True)
    except OSError as error:
        raise DataError(f"{path}: can't be written: {_reason(error)}") from error


def replace_if_unchanged(path: str | Path, content: bytes, there: bytes | None) -> bool:
    """Writes `content` as `write_aside` does, if the file still holds `there` (None: if there is
    no file) when all of it is written; gives whether it did. Raises DataError as `write_aside`
    does."""

    def unchanged(target: Path) -> bool:
        return (target.read_bytes() if target.exists() else None) == there

    try:
        return _replace(Path(path), content, unchanged)
    except OSError as error:
        raise DataError(f"{path}: can't be written: {_reason(error)}") from error


def keep_beside(path: Path, content: bytes) -> Path:
    """Writes `content` beside `path` as `NAME.kept-1.py`, or under the next number that is free;
    gives where. What is kept there already is not kept again."""
    for number in range(1, 1_000_000):
        place = path.with_suffix(f".kept-{number}{path.suffix}")
        if not place.exists():
            write_aside(place, content)
            return place
        if place.is_file() and place.read_bytes() == content:
            return place
    raise DataError(f"{path.parent}: holds too many kept files: remove some")


def _replace(target: Path, blob: bytes, wanted: Callable[[Path], bool]) -> bool:
    """Writes into a file aside, which then takes the place of `target` if that is still wanted."""
    target = target.resolve()  # a link stays one: what it points to is replaced
    aside = target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}")
    try:
        with aside.open("wb") as stream:
            stream.write(blob)
            stream.flush()
            os.fsync(stream.fileno())
        if wanted(target):
            aside.replace(target)
            return True
        return False
    finally:
        aside.unlink(missing_ok=True)


def _reason(error: OSError) -> str:
    match error:
        case FileNotFoundError() | NotADirectoryError():
            return "its folder doesn't exist: make the folder first"
        case IsADirectoryError():
            return "it is a folder: name a file in it"
        case PermissionError():
            return "permission denied: choose a folder of your own"
        case _:
            return f"{error.strerror or error}: free some space, or choose another place"
