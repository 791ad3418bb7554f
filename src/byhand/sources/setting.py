"""Running what stands before a forward: in the notebook's folder, unheard, and no more than it
takes. A text that a notebook asks for and that isn't there, such as a list of names, is the bundled
one."""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import linecache
import os
import re
import sys
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

from byhand.errors import ProblemError, in_one_line
from byhand.program.item_assignments import HOOKS, rewritten
from byhand.program.statements import Namespace
from byhand.sources.bundled_names import bundled_names
from byhand.sources.kept_files import kept_files

_NAMES = re.compile(r"(?:^|[/\\])(names?(?![a-z])[^/\\?]*\.txt)(?:\?.*)?$", re.I)
"""The paths and the addresses of lists of names."""
_TEXT = re.compile(
    r"(?:^|[/\\])((?:input|data|text|corpus|\w*(?:shakespeare|book|poem|tale|stor|lyric))\w*\.txt)$",
    re.I,
)
"""The paths of texts, whose characters or words are counted: any will do."""


class Setting:
    """What stands before the forwards of a file, each statement run once; `space` is what it left.

    Those of a later forward may be asked for after those of an earlier one.
    """

    def __init__(self, file: Path, text: str) -> None:
        self.file, self.text = file, text
        self.space: Namespace = {}
        self._ran: set[ast.stmt] = set()

    def run(self, statements: Sequence[ast.stmt]) -> list[str]:
        """Runs those that weren't yet; gives notes. Raises ProblemError if one of them raises."""
        fresh = [node for node in statements if node not in self._ran]
        self._ran |= {*fresh}
        return run(fresh, self.file, self.text, self.space)


def run(statements: Sequence[ast.stmt], file: Path, text: str, namespace: Namespace) -> list[str]:
    """Runs statements in `namespace`; gives notes. Raises ProblemError if one of them raises."""
    linecache.cache[str(file)] = (len(text), None, text.splitlines(keepends=True), str(file))
    namespace.update(HOOKS)
    namespace.setdefault("__name__", "__main__")
    if file.suffix == ".py":
        namespace.setdefault("__file__", str(file.resolve()))
    notes: list[str] = []
    folder = file.resolve().parent
    with _in(folder), _unheard(), _with_names(notes), kept_files(folder):
        for node in statements:
            try:
                exec(compile(rewritten(ast.Module([node], [])), str(file), "exec"), namespace)
            except (Exception, SystemExit) as error:
                said = "; ".join([in_one_line(error), *notes])
                raise ProblemError(f"{file}:{node.lineno}: raised {said}") from error
    return notes


@contextlib.contextmanager
def _in(folder: Path) -> Generator[None]:
    before = Path.cwd()
    if folder != before:  # where a process is locked in, it may go nowhere
        os.chdir(folder)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        if folder != before:
            os.chdir(before)


class _Nowhere(io.TextIOBase):
    def write(self, s: str, /) -> int:
        return len(s)


@contextlib.contextmanager
def _unheard() -> Generator[None]:
    with contextlib.redirect_stdout(_Nowhere()), contextlib.redirect_stderr(_Nowhere()):
        yield


@contextlib.contextmanager
def _with_names(notes: list[str]) -> Generator[None]:
    """`open("names.txt")`, another text, and the download of names answer with the bundled names
    where there are none."""

    def said(name: str) -> str:
        note = f"{name} isn't there: the bundled names were read in its place"
        if note not in notes:
            notes.append(note)
        return bundled_names()

    def opening(path: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        try:
            return real(path, mode, *args, **kwargs)
        except FileNotFoundError:
            asked = _NAMES.search(str(path)) or ("r" in mode and _TEXT.search(str(path)))
            if not asked:
                raise
            text = said(asked[1])
            return io.BytesIO(text.encode()) if "b" in mode else io.StringIO(text)

    real: Any = builtins.open
    builtins.open = io.open = opening  # `Path.read_text` and pandas come by way of one of them
    try:
        with _downloads(said):
            yield
    finally:
        builtins.open = io.open = real


@contextlib.contextmanager
def _downloads(names: Callable[[str], str]) -> Generator[None]:
    """Downloads of the names by way of urllib and requests are answered without a network."""
    import urllib.request

    real = urllib.request.urlopen, urllib.request.urlretrieve

    def urlopen(url: Any, *args: Any, **kwargs: Any) -> Any:
        if asked := _NAMES.search(str(getattr(url, "full_url", url))):
            return io.BytesIO(names(asked[1]).encode())
        return real[0](url, *args, **kwargs)

    def urlretrieve(url: str, filename: Any = None, *args: Any, **kwargs: Any) -> Any:
        if _NAMES.search(str(url)):
            return filename, None  # opening it gives the bundled names
        return real[1](url, filename, *args, **kwargs)

    urllib.request.urlopen, urllib.request.urlretrieve = urlopen, urlretrieve
    requests: Any = sys.modules.get("requests")
    get = getattr(requests, "get", None)
    if requests is not None:

        def answered(url: Any, *args: Any, **kwargs: Any) -> Any:
            if asked := _NAMES.search(str(url)):
                return _Response(names(asked[1]))
            return get(url, *args, **kwargs)  # pyright: ignore[reportOptionalCall]

        requests.get = answered
    try:
        yield
    finally:
        urllib.request.urlopen, urllib.request.urlretrieve = real
        if requests is not None:
            requests.get = get


class _Response:
    status_code = 200
    ok = True

    def __init__(self, text: str) -> None:
        self.text = text
        self.content = text.encode()

    def raise_for_status(self) -> None:
        return
