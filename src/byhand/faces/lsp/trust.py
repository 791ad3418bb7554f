"""The folders whose code may be run: those that the user has allowed, now or before.

To check a file is to run it. An editor opens files for reading, also a stranger's, so nothing is
run in a folder until that was allowed once. What was allowed is remembered beside other programs'
state: `$XDG_STATE_HOME/byhand/allowed-folders.json`.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from byhand.errors import DataError
from byhand.files import make_folder, read, write_aside


def remembered() -> Path:
    """The file with the folders that were allowed before."""
    root = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA")
    return Path(root or Path.home() / ".local" / "state") / "byhand" / "allowed-folders.json"


class Trust:
    """What may be run. With `granted` the workspace's folders are allowed; where an editor has no
    workspace, all that it opens is."""

    def __init__(self, granted: bool = False) -> None:
        self.granted = granted
        self._allowed: set[Path] = set()

    def folder_of(self, file: Path, workspace: Sequence[Path]) -> Path:
        """The folder to be allowed for a file: that of the workspace, or else its own."""
        real = file.resolve()
        around = [folder for folder in workspace if real.is_relative_to(folder.resolve())]
        return max(around, key=lambda folder: len(folder.parts), default=real.parent)

    def allows(self, file: Path, workspace: Sequence[Path]) -> bool:
        if self.granted:
            if not workspace:
                return True
            if any(file.resolve().is_relative_to(folder.resolve()) for folder in workspace):
                return True
        return any(_covers(folder, file.resolve()) for folder in self._allowed | _read())

    def allow(self, folder: Path) -> None:
        """Allows a folder, and remembers it. Raises DataError if that can't be written down: it is
        allowed until the editor is closed."""
        self._allowed.add(folder.resolve())
        folders = sorted(str(each) for each in _read() | {folder.resolve()})
        make_folder(remembered().parent)
        write_aside(remembered(), json.dumps(folders, indent=1) + "\n")


def _covers(folder: Path, file: Path) -> bool:
    """Whether a file lies in an allowed folder; in that itself, where everything lies below it."""
    if folder in (Path.home().resolve(), Path(folder.anchor)):
        return file.parent == folder
    return file.is_relative_to(folder)


def _read() -> set[Path]:
    with contextlib.suppress(DataError, ValueError):
        found: Any = json.loads(read(remembered()))
        if isinstance(found, list):
            return {Path(each) for each in found if isinstance(each, str)}  # pyright: ignore[reportUnknownVariableType]
    return set()
