"""Running a problem file's code as a guest: it may print, fail, exit or never end.

Its prints go to standard error, so that standard output holds results alone, and a notebook's go
nowhere, as it may print without end; what it raises becomes a `ProblemError` that names its line;
and if it isn't done in time, one line says where it was and the process ends. Nothing is being
written while a guest runs, so nothing is left half-written.
"""

from __future__ import annotations

import contextlib
import importlib
import linecache
import mmap
import os
import re
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Generator
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from byhand.deadline import within
from byhand.errors import ByhandError, ProblemError, one_line
from byhand.files import plain


@contextlib.contextmanager
def guest(
    file: str, timeout: float | None = None, *, one_of_several: bool = False
) -> Generator[None]:
    """Runs its body, in which the code of the problem file `file` runs, for at most `timeout` s;
    then the process ends. Where it is `one_of_several`, the body alone is ended if it can be.

    Raises ProblemError for what that code raises, also for `exit()`, and for a body that is ended.
    """
    file = located(file)
    if timeout is not None:
        _import_early(file)
    patience = PATIENCE if one_of_several else 0.0
    with (
        _noted(file),
        _prints_aside(file.endswith(".ipynb")) as said,
        warnings.catch_warnings(),
        _files_kept(file),
        _watched(file, timeout and timeout + patience, said),
        _interrupted(file, timeout if one_of_several else None),
        within(timeout),
    ):
        if not sys.warnoptions:
            warnings.simplefilter("ignore")
        try:
            yield
        except _TimeUp as error:
            raise ProblemError(_in_cells(file, error.message)) from error
        except KeyboardInterrupt:
            raise
        except ByhandError as error:
            in_cells = _in_cells(file, str(error))
            if in_cells == str(error):
                raise
            raise ProblemError(in_cells) from error
        except BaseException as error:
            raised = _problem(file, error)
            if raised is None:
                raise
            raise raised from error


note: mmap.mmap | None = None
"""Where to note whose code runs, for the process that started this one."""

LONGEST = 4096


@contextlib.contextmanager
def _noted(file: str) -> Generator[None]:
    if note is None:
        yield
        return
    before, name = note[:], file.encode()[: LONGEST - 1]
    note[: len(name) + 1] = name + b"\0"
    try:
        yield
    finally:
        note[:] = before


PATIENCE = 2.0
"""Seconds for threads that the file has started to end, once there is a result."""


def leave(status: int) -> NoReturn:
    """Ends the process, also where a thread or a process that a file has started never does."""
    children: list[Any] = []
    if parallel := sys.modules.get("multiprocessing"):
        children = parallel.active_children()
    if children or any(not each.daemon for each in _threads()):

        def end() -> None:
            with contextlib.suppress(OSError):
                os.write(2, b"byhand: the file left a thread or a process running: ended\n")
            for child in children:
                child.kill()
            os._exit(status)

        timer = threading.Timer(PATIENCE, end)
        timer.daemon = True
        timer.start()
    sys.exit(status)


def _threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each is not threading.main_thread()]


def located(file: str) -> str:
    """The name under which the code of `file`, which may be a model of the zoo, runs."""
    from byhand.program.problem import zoo

    path = Path(file)
    return str(path if path.exists() else zoo().get(file, path))


def _problem(file: str, error: BaseException) -> ProblemError | None:
    """The error as the file's, if its code is where it came from."""
    from byhand.program.statements import StatementError

    cause: BaseException = error
    lines = [
        line
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == file
    ]
    if isinstance(error, StatementError) and error.__cause__ is not None:
        lines, cause = [error.line], error.__cause__
    if isinstance(cause, SystemExit):
        where = f"{file}:{lines[-1]}" if lines else file
        return ProblemError(f"{where}: calls exit: remove that, so that the file can be checked")
    if not lines:
        return None
    return ProblemError(f"{file}:{lines[-1]}: {type(cause).__name__}: {cause}")


def _files_kept(file: str) -> contextlib.AbstractContextManager[None]:
    """Within it the code of a notebook changes no file of the user's."""
    if not file.endswith(".ipynb"):
        return contextlib.nullcontext()
    from byhand.sources.kept_files import kept_files

    return kept_files(Path(file).resolve().parent)


@contextlib.contextmanager
def _prints_aside(unheard: bool) -> Generator[int]:
    """Sends standard output to standard error, also that of compiled code and of subprocesses, or
    both nowhere, if they are to be `unheard`. Gives a descriptor of what was standard error."""
    if sys.stdout is None or sys.stderr is None:  # pyright: ignore[reportUnnecessaryComparison]
        yield 2
        return
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        output, error = os.dup(1), os.dup(2)
    except OSError:  # closed by whoever started us
        yield 2
        return
    try:
        with contextlib.ExitStack() as stack:
            if unheard:
                nowhere = stack.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
                os.dup2(nowhere.fileno(), 2)
                stack.enter_context(contextlib.redirect_stderr(nowhere))
            os.dup2(2, 1)
            stack.enter_context(contextlib.redirect_stdout(sys.stderr))
            yield error
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
        for kept, descriptor in ((output, 1), (error, 2)):
            os.dup2(kept, descriptor)
            os.close(kept)


class _TimeUp(KeyboardInterrupt):
    """The time of a body is up. Nobody who handles errors handles that."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@contextlib.contextmanager
def _interrupted(file: str, timeout: float | None) -> Generator[None]:
    """Raises _TimeUp in the body after `timeout` seconds, and again where it doesn't end. What
    hangs outside of Python, or anywhere but in the main thread, isn't reached."""
    main = threading.current_thread() is threading.main_thread()
    if timeout is None or not main or not hasattr(signal, "setitimer"):
        yield
        return
    running = True

    def end(number: int, frame: FrameType | None) -> None:
        if running:
            raise _TimeUp(_too_long(file, _line_of(file, frame), timeout))

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, timeout, PATIENCE / 4)
    try:
        yield
    finally:
        running = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _watched(file: str, timeout: float | None, errors: int) -> Generator[None]:
    """Ends the process if the body takes longer than `timeout` seconds, and says so to the
    descriptor `errors`."""
    if timeout is None:
        yield
        return
    done = threading.Event()
    ending = threading.Lock()  # held by whoever is first: the body's end, or its time's
    guarded = threading.get_ident()

    def watch() -> None:
        if done.wait(timeout):
            return
        line = _line_running(file, guarded)
        with ending:
            if not done.is_set():
                # Not by way of sys.stderr, where the guest may be in the middle of a print.
                with contextlib.suppress(OSError):
                    message = _in_cells(file, _too_long(file, line, timeout))
                    os.write(errors, f"{one_line(message)}\n".encode())
                if note is not None:
                    note[0] = 0  # it has been said
                os._exit(2)

    threading.Thread(target=watch, name="byhand-timeout", daemon=True).start()
    try:
        yield
    finally:
        with ending:
            done.set()


def _line_running(file: str, thread: int) -> int | None:
    """The innermost line of `file` that the thread is in.

    Statements of forward and backward are run one by one, and most of the time goes into running
    them: then it is the line of the statement that is run. Between two there is none: look again
    for a while.
    """
    for _ in range(300):
        frame = sys._current_frames().get(thread)  # pyright: ignore[reportPrivateUsage]
        line = _line_of(file, frame)
        if line is not None:
            return line
        time.sleep(0.001)
    return None


def _line_of(file: str, frame: FrameType | None) -> int | None:
    """The innermost line of `file` that a frame is in, or was called from."""
    from byhand.program.statements import Statement

    while frame is not None:
        if frame.f_code.co_filename == file:
            # The code of a single statement is on line 0 until its first instruction.
            return frame.f_lineno or next(
                (line for *_, line in frame.f_code.co_lines() if line), None
            )
        match frame.f_locals.get("statement"):
            case Statement(file=of, line=line) if of == file:
                return line
            case _:
                frame = frame.f_back
    return None


def _in_cells(file: str, text: str) -> str:
    """A message with lines counted in their cells, where the file is a notebook."""
    if not file.endswith(".ipynb"):
        return text
    from byhand.checking.cells import place, said
    from byhand.program.problem import read_source
    from byhand.sources.cells import of_notebook

    try:
        starts = of_notebook(read_source(Path(file)), Path(file)).starts
    except ByhandError:
        return text

    def there(match: re.Match[str]) -> str:
        cell, line = place(int(match[1]), starts)
        return f"{file}, cell {cell}, line {line}"

    return re.sub(rf"{re.escape(file)}:(\d+)", there, said(text, starts))


def _too_long(file: str, line: int | None, timeout: float) -> str:
    more = f"allow more time with --timeout {max(60, 6 * timeout):g}"
    if line is None:
        return f"{file}: not finished after {timeout:g} s: {more}"
    source = linecache.getline(file, line).strip()
    return (
        f"{file}:{line}: still running after {timeout:g} s, at `{source}`: "
        f"if a loop there never ends, mend it; if it is only long, make it shorter or {more}"
    )


def slow_imports(source: str) -> frozenset[str]:
    """The slow libraries that a file imports, be it code or a notebook's JSON."""
    found: list[str] = re.findall(
        r"""(?:^|"|\\n)\s*(?:import|from)\s+(torch|jax)\b""", source, re.M
    )
    return frozenset(found)


def _import_early(file: str) -> None:
    """Imports the slow libraries that `file` imports, so that their start isn't held against it."""
    with contextlib.suppress(OSError):
        for library in sorted(
            slow_imports(plain(file).read_text(encoding="utf-8", errors="replace"))
        ):
            with contextlib.suppress(Exception):  # the file's own import will say what is wrong
                importlib.import_module(library)
