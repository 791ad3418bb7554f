"""Checking in a process of its own, for which everything is imported before it is needed.

What a learner's file does (never end, exit, run out of memory, print, change NumPy) concerns one
check and nothing else. A server that has imported everything reads jobs from its standard input,
one line of JSON each, and forks for each of them; the answer goes to standard output, what the file
prints to standard error, and both end with the mark that the job names. Where forking isn't safe,
the server answers one job itself and ends.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from html import escape
from io import StringIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from byhand.course.course import Exercise
from byhand.course.learner import Checked
from byhand.faces.learning.words import COLUMNS, wrapped
from byhand.faces.run_user_code import slow_imports

if TYPE_CHECKING:
    from byhand.checking.report import Report

TIMEOUT = 10.0
FORKS = sys.platform == "linux"  # elsewhere system libraries that NumPy uses may not stand it
_FORK, _ONCE = "fork", "once"  # how a server is told
_SPARE = 20.0  # for what isn't the learner's: importing, finding the mistake
_PRINTED = 4000  # bytes of what a file prints that are shown


class Apart:
    """The server, which is started when it is needed."""

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        self._server: subprocess.Popen[bytes] | None = None
        self._libraries: frozenset[str] = frozenset()

    def get_ready(self, exercise: Exercise) -> subprocess.Popen[bytes]:
        """Lets a server wait that has imported what this exercise needs."""
        libraries = slow_imports(exercise.blanks.source)
        there = self._server is not None and self._server.poll() is None
        if self._server is None or not there or not libraries <= self._libraries:
            self._end()
            self._server, self._libraries = _start(libraries), libraries
        return self._server

    def check(self, folder: Path, exercise: Exercise, further_down: int = 0) -> Checked:
        """Checks the exercise in a learner's folder.

        Lines are counted within a cell that is so many lines `further_down` in the file.
        """
        job = {
            "folder": str(folder),
            "file": exercise.file,
            "asked": exercise.blanks.asked,
            "timeout": self._timeout,
            "further_down": further_down,
            "end": secrets.token_hex(16),
        }
        server = self.get_ready(exercise)
        answer, printed = _ask(server, job, self._timeout + _SPARE)
        parts = [printed.strip()] if printed.strip() else []
        if not answer:  # what is printed last then is the reason, unless it was killed
            from byhand.course.cells import moved_text

            printed = moved_text(printed, further_down)
            lines = printed.strip().splitlines() or [f"{exercise.file}: ended the check: no answer"]
            return _without_rows("\n".join(wrapped(line) for line in lines))
        text = "\n\n".join([*parts, answer["text"]])
        html = "\n".join([*map(_as_printed, parts), answer["html"]])
        return Checked(answer["passed"], text, answer["lasting"], html)

    def _end(self) -> None:
        if self._server is not None:
            _kill(self._server)
            self._server.wait()
            # Not read to their end: something that a file left running may hold them open.
            for pipe in (self._server.stdin, self._server.stdout, self._server.stderr):
                if pipe is not None:
                    pipe.close()

    def __enter__(self) -> Apart:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()


def _without_rows(text: str) -> Checked:
    """What there is to say where nothing could be judged."""
    return Checked(False, text, lasting=False, html=_as_printed(text))


def _as_printed(text: str) -> str:
    return f"<pre>{escape(text)}</pre>"


def _start(libraries: frozenset[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        # -P: nothing is imported from where we happen to be
        [sys.executable, "-P", "-m", __name__, _FORK if FORKS else _ONCE, *sorted(libraries)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        process_group=0 if FORKS else None,  # so that it ends with what it forked
    )


def _kill(server: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        if FORKS:
            os.killpg(server.pid, signal.SIGKILL)
        else:
            server.kill()


def _ask(
    server: subprocess.Popen[bytes], job: dict[str, Any], seconds: float
) -> tuple[dict[str, Any], str]:
    """The answer (empty if there was none), and what the file printed."""
    assert server.stdin is not None
    heard: dict[str, str] = {}
    listeners = [
        threading.Thread(target=_listen, args=(stream, job["end"], name, heard), daemon=True)
        for name, stream in (("answer", server.stdout), ("printed", server.stderr))
    ]
    for listener in listeners:
        listener.start()
    with contextlib.suppress(BrokenPipeError):
        server.stdin.write(json.dumps(job).encode() + b"\n")
    until = time.monotonic() + seconds
    for listener in listeners:
        listener.join(max(0, until - time.monotonic()))
    texts = [heard.get(name, "") for name in ("answer", "printed")]
    if not all(text.endswith(job["end"]) for text in texts):  # it ended, or took too long
        _kill(server)
        server.wait()
    answer, printed = (text.removesuffix(job["end"]) for text in texts)
    try:
        return json.loads(answer or "{}"), printed
    except json.JSONDecodeError:  # something that the file left running wrote into it
        return {}, printed


def _listen(stream: IO[bytes], end: str, name: str, heard: dict[str, str]) -> None:
    """Reads until the mark, and keeps the answer, but of what is printed only the start and the
    end."""
    text, mark = b"", end.encode()
    while not text.endswith(mark) and (part := stream.read(1 << 16)):
        text += part
        if name == "printed" and len(text) > 2 * _PRINTED:
            text = text[:_PRINTED] + b"\n...\n" + text[-_PRINTED // 2 :]
    heard[name] = text.decode(errors="replace")


def _main(forks: bool, libraries: list[str]) -> None:
    """The server: gets ready, waits for jobs, lets each be answered."""
    judge, render = _ready()
    for library in libraries:
        with contextlib.suppress(Exception):  # the file's own import will say what is wrong
            importlib.import_module(library)
    while line := sys.stdin.readline():
        job = json.loads(line)
        if forks and (child := os.fork()):
            os.waitpid(child, 0)
            for stream in (sys.stdout, sys.stderr):
                stream.write(job["end"])
                stream.flush()
            continue
        _answer(job, judge, render)


def _answer(
    job: dict[str, Any], judge: Callable[..., Report], render: Callable[[Report], str]
) -> None:
    """Answers a job and ends the process."""
    from byhand.course.cells import moved_text, moved_up
    from byhand.course.rehearsal import rehearse, silent
    from byhand.errors import ByhandError, one_line
    from byhand.faces.run_user_code import guest
    from byhand.program.problem import load

    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # the next job is not for the file to read
    os.chdir(job["folder"])
    try:
        with guest(job["file"], job["timeout"]):
            rehearse(load(job["file"]))
            with silent():
                report = moved_up(judge(job["file"], job["asked"]), job["further_down"])
        checked = Checked(report.ok, render(report), html=report._repr_html_())  # pyright: ignore[reportPrivateUsage]
    except ByhandError as error:
        checked = _without_rows(wrapped(moved_text(one_line(str(error)), job["further_down"])))
    sys.stdout.write(json.dumps(asdict(checked)))
    sys.stdout.flush()
    os._exit(0)  # threads and exit handlers of the learner's are not waited for


def _ready() -> tuple[Callable[..., Report], Callable[[Report], str]]:
    """Imports everything, and uses it once."""
    from rich.console import Console

    from byhand.course import cells, rehearsal  # noqa: F401  # pyright: ignore[reportUnusedImport]
    from byhand.course.judge import judge
    from byhand.faces.terminal import prepare
    from byhand.program.problem import zoo

    prepare()

    def render(report: Report) -> str:
        out = StringIO()
        console = Console(
            file=out, width=COLUMNS, force_terminal=True, color_system="standard", highlight=False
        )
        console.print(report)
        return "\n".join(shown.rstrip() for shown in out.getvalue().splitlines())

    render(judge(zoo()["softmax_cross_entropy"], ["logits"]))
    return judge, render


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        _main(sys.argv[1] == _FORK, sys.argv[2:])
