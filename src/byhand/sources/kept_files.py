"""What runs before a forward changes no file that was there, and runs no other program, which
might: nobody asked for that."""

from __future__ import annotations

import contextlib
import inspect
import os
import sys
import sysconfig
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

_CHANGING = {
    "os.remove", "os.rmdir", "os.rename", "os.truncate", "os.chmod", "os.chown", "shutil.rmtree",
    "shutil.move",
}  # fmt: skip
_PROGRAMS = {"os.system", "os.exec", "os.posix_spawn", "os.spawn", "subprocess.Popen"}
_STANDARD = sysconfig.get_paths()["stdlib"]
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_TRUNC | os.O_APPEND


class _Guard:
    """What is heard of all that Python does: a hook can't be taken away, only made deaf."""

    def __init__(self) -> None:
        self.folders: tuple[Path, ...] = ()
        self.heard = False

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.folders:
            return
        if event in _PROGRAMS:
            if _is_asked_by_the_user():
                raise PermissionError(
                    f"it would run `{_command(args)}`, and no program is run here"
                )
        elif event in _CHANGING:
            self.refuse("change", args[0])
            if event in ("os.rename", "shutil.move"):  # what has that name is lost
                self.refuse("write", args[1])
        elif event == "open" and isinstance(args[2], int) and args[2] & _WRITING:
            self.refuse("write", args[0])

    def refuse(self, what: str, name: Any) -> None:
        """Raises PermissionError if it is a file of the user's."""
        if isinstance(name, int):  # a file that is open already
            return
        folders, self.folders = self.folders, ()  # what is asked for here isn't theirs
        try:
            path = Path(os.path.abspath(os.fsdecode(name)))  # noqa: PTH100
            own = any(_is_own(path, folder) for folder in folders) and path.exists()
        finally:
            self.folders = folders
        if own:
            raise PermissionError(f"it would {what} {path.name}, and no file is changed here")


def _is_asked_by_the_user() -> bool:
    """Whether it is the user's own line that runs a program, by way of the standard library, and
    not a library that looks for a compiler or for fonts."""
    frame = inspect.currentframe()
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module != __name__:
            file = frame.f_code.co_filename
            if "-packages" in file or module.partition(".")[0] == "byhand":
                return False
            if not file.startswith((_STANDARD, "<frozen")):
                return True
        frame = frame.f_back
    return False


def _command(args: tuple[Any, ...]) -> str:
    """A command as it would be typed: of `os.system` the first, else the list of its words."""
    lists: list[Any] = [each for each in args if isinstance(each, list | tuple)]
    return " ".join(map(os.fsdecode, lists[0] if lists else args[:1]))


def _is_own(path: Path, folder: Path) -> bool:
    """Whether something in a folder is the user's, not a cache or a part of a library."""
    if not path.is_relative_to(folder):
        return False
    inner = path.relative_to(folder).parts
    return not any(p.startswith(".") or p in ("__pycache__", "site-packages") for p in inner)


_guard = _Guard()


@contextlib.contextmanager
def kept_files(folder: Path) -> Generator[None]:
    """Within it, files that are in `folder` or in the user's home can't be removed or written, and
    no line of the user's runs another program."""
    if not _guard.heard:
        sys.addaudithook(_guard.hear)
        _guard.heard = True
    before = _guard.folders
    _guard.folders = (folder, *_homes())
    try:
        yield
    finally:
        _guard.folders = before


def _homes() -> tuple[Path, ...]:
    """The user's home, if it is none for temporary files; none where a process is locked in, and
    may write nowhere."""
    try:
        home, temporary = Path.home(), Path(tempfile.gettempdir())
    except (RuntimeError, OSError):
        return ()
    return () if temporary.is_relative_to(home) else (home,)
