"""Checking in a process of its own, which is there, with everything imported, before it is needed.

What a learner's file does (never end, exit, run out of memory, print, change NumPy) concerns one
check and nothing else: each process checks one file. It reads a job from its standard input, one
line of JSON, and writes the answer to its standard output.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from byhand.course.course import Exercise
from byhand.faces.learning.words import COLUMNS, wrapped

if TYPE_CHECKING:
    from byhand.checking.report import Report

TIMEOUT = 10.0
_SPARE = 20.0  # for what isn't the learner's: importing, finding the mistake
_PRINTED = 4000  # characters of what a file prints that are shown


class Apart:
    """A process that waits to check one file."""

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        self._waiting: subprocess.Popen[str] | None = None
        self.get_ready()

    def get_ready(self) -> None:
        """Lets a process wait for the next check. Not done by the check itself: the verdict is to
        be shown first, without another process in its way."""
        self._waiting = self._waiting or _start()

    def check(self, folder: Path, exercise: Exercise) -> tuple[bool, str]:
        """Checks the exercise in a learner's folder: whether it is passed, and what to show."""
        process, self._waiting = self._waiting or _start(), None
        job = {
            "folder": str(folder),
            "file": exercise.file,
            "asked": exercise.blanks.asked,
            "timeout": self._timeout,
        }
        answer, printed = _ask(process, json.dumps(job), self._timeout + _SPARE)
        parts = [printed.strip()] if printed.strip() else []
        if not answer:  # what is printed last then is the reason, unless it was killed
            lines = printed.strip().splitlines() or [f"{exercise.file}: ended the check: no answer"]
            return False, "\n".join(wrapped(line) for line in lines)
        return bool(answer["passed"]), "\n\n".join([*parts, answer["text"]])

    def __enter__(self) -> Apart:
        return self

    def __exit__(self, *_: object) -> None:
        if self._waiting is not None:
            self._waiting.kill()
            self._waiting.communicate()


def _start() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            sys.executable,
            "-P",
            "-m",
            __name__,
        ],  # -P: nothing is imported from where we happen to be
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    )


def _ask(process: subprocess.Popen[str], job: str, seconds: float) -> tuple[dict[str, Any], str]:
    """The answer (empty if there was none), and what the file printed."""
    assert process.stdin is not None
    heard: dict[str, str] = {}
    listeners = [
        threading.Thread(target=_listen, args=(stream, name, heard), daemon=True)
        for name, stream in (("answer", process.stdout), ("printed", process.stderr))
    ]
    for listener in listeners:
        listener.start()
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(job + "\n")
        process.stdin.close()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for listener in listeners:
        listener.join(1)  # a process that the file left behind may still hold the pipe
    answer = heard.get("answer", "").strip()
    return json.loads(answer) if answer else {}, heard.get("printed", "")


def _listen(stream: IO[str], name: str, heard: dict[str, str]) -> None:
    """Reads to the end, and keeps the answer, but of what is printed only the start and the end."""
    text = ""
    while part := stream.read(1 << 16):
        text += part
        if name == "printed" and len(text) > 2 * _PRINTED:
            text = f"{text[:_PRINTED]}\n...\n{text[-_PRINTED // 2 :]}"
    heard[name] = text
    stream.close()


def _main() -> None:
    """The process: gets ready, waits for a job, answers it."""
    judge, render = _ready()
    line = sys.stdin.readline()
    if not line:
        return
    from byhand.errors import ByhandError
    from byhand.faces.guest import guest
    from byhand.faces.terminal import one_line

    job = json.loads(line)
    os.chdir(job["folder"])
    try:
        with guest(job["file"], job["timeout"]):
            report = judge(job["file"], job["asked"])
        answer = {"passed": report.ok, "text": render(report)}
    except ByhandError as error:
        answer = {"passed": False, "text": wrapped(one_line(str(error)))}
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()
    os._exit(0)  # threads and exit handlers of the learner's are not waited for


def _ready() -> tuple[Callable[..., Report], Callable[[Report], str]]:
    """Imports everything, and uses it once."""
    from rich.console import Console

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
        _main()
