"""An exercise checked in a process of its own: there is a verdict, whatever the file does."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from byhand.course.course import Exercise
from byhand.course.learner import Checked
from byhand.faces import terminal
from byhand.faces.apart.process import Process
from byhand.faces.learning.words import columns, wrapped
from byhand.faces.run_user_code import slow_imports

TIMEOUT = 10.0
_AROUND_A_REPORT = 5  # lines: empty ones, what to do next, the keys


class CheckServer:
    """A process that is kept ready for the exercises of a course."""

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        self._process = Process()

    def get_ready(self, exercise: Exercise) -> None:
        """Lets a server wait that has imported what this exercise needs."""
        self._process.get_ready(slow_imports(exercise.blanks.source))

    def check(
        self, folder: Path, exercise: Exercise, further_down: int = 0, *, picture: bool = False
    ) -> Checked:
        """Checks the exercise in a learner's folder, and says what a `picture` needs, if wanted.

        Lines are counted within a cell that is so many lines `further_down` in the file.
        """
        job = {
            "do": "exercise",
            "folder": str(folder),
            "file": exercise.file,
            "asked": exercise.blanks.asked,
            "further_down": further_down,
            "picture": picture,
            "window": (columns(), terminal.lines() - _AROUND_A_REPORT),
        }
        libraries = slow_imports(exercise.blanks.source)
        answer, printed = self._process.ask(job, self._timeout, libraries)
        if not answer:  # what is printed last then is the reason, unless it was killed
            from byhand.course.cells import moved_text

            printed = moved_text(printed, further_down)
            lines = printed.strip().splitlines() or [f"{exercise.file}: ended the check: no answer"]
            return _without_rows("\n".join(wrapped(line) for line in lines))
        if "error" in answer:
            from byhand.course.cells import moved_text

            said = _without_rows(wrapped(moved_text(answer["error"], further_down)))
        else:
            said = Checked(answer["passed"], answer["text"], html=answer["html"])
        parts = [printed.strip()] if printed.strip() else []
        text = "\n\n".join([*parts, said.text])
        html = "\n".join([*map(_as_printed, parts), said.html])
        drawn: dict[str, Any] = {}
        if "report" in answer:
            drawn = {name: answer[name] for name in ("report", "derivation")}
            drawn["printed"] = printed.strip()
        return Checked(said.passed, text, said.lasting, html, drawn)

    def __enter__(self) -> CheckServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.end()


def _without_rows(text: str) -> Checked:
    """What there is to say where nothing could be judged."""
    return Checked(False, text, lasting=False, html=_as_printed(text))


def _as_printed(text: str) -> str:
    return f"<pre>{escape(text)}</pre>"
