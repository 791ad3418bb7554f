"""`byhand learn` in a terminal: a verdict on every save, and a key for everything else."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path

from byhand.course import learner as learners
from byhand.course.course import Exercise
from byhand.course.learner import Learner
from byhand.errors import ByhandError, one_line
from byhand.faces import terminal
from byhand.faces.learning import words
from byhand.faces.learning.check_server import CheckServer
from byhand.faces.learning.input_events import Waking
from byhand.faces.learning.showing import show

_AROUND_A_PAGE = 5  # lines: empty ones, what `l` does next, the prompt
SETTLING = 0.03  # seconds in which a file that is being written would change again

Seen = Mapping[str, tuple[int, int, int]]


def watch(learner: Learner, timeout: float) -> int:
    """Watches until the learner quits."""
    with CheckServer(timeout) as apart, Waking(sys.stdin.fileno()) as waking:
        apart.get_ready(learner.current)
        watching = _FileWatch(learner, apart, waking)
        watching.start()
        while (key_and_event := waking.wait())[0] != "q":
            try:
                watching.wake(*key_and_event)
            except ByhandError as error:  # said, and no reason to end the session
                show(f"\n{words.wrapped(one_line(str(error)))}\n{words.wrapped(words.KEYS)}")
    return 0


class _FileWatch:
    """What was shown last, and which saves were seen."""

    def __init__(self, learner: Learner, apart: CheckServer, waking: Waking) -> None:
        self._learner, self._apart, self._waking = learner, apart, waking
        self._exercise = learner.current
        self._elsewhere = learner.progress.elsewhere
        self._seen: Seen = {}
        self._verdict_on = ""  # the digest of what was checked last
        self._asked_to_reset = False
        self._listed_to: int | None = None  # the line of the list that the last `l` ended at
        self._read_to: int | None = None  # that of the reading, once `t` has shown the task

    def start(self) -> None:
        self._waking.follow(_folders(self._learner))
        self._seen = _look(self._learner)  # before anything is shown: a quick hand may save at once
        self._show_exercise()

    def wake(self, key: str, event: bool) -> None:
        """Does what a key asks for, and looks what was saved or done elsewhere meanwhile."""
        if key:
            sure, self._asked_to_reset = self._asked_to_reset, False
            if key.lower() != "l":
                self._listed_to = None
            if key.lower() != "t":
                self._read_to = None
            self._press(key.lower(), sure)
        found = _look(self._learner)
        if found != self._seen:
            found = found if event else _settled(self._learner, found)
            seen, self._seen = self._seen, found
            self._saved([e for e in self._learner.course.exercises if _saved(e, seen, found)])
        elsewhere = self._learner.progress.elsewhere
        if elsewhere != self._elsewhere:  # such as `byhand next` in another terminal
            self._elsewhere = elsewhere
            self._follow()

    def _press(self, key: str, sure: bool) -> None:
        match key:
            case "n":
                show(f"\n{words.advanced(self._learner, None, words.BY_KEYS)}")
                self._moved()
            case "g":
                if what := self._waking.line(f"\n{words.wrapped(words.WHERE_TO)}"):
                    show(f"\n{words.advanced(self._learner, what, words.BY_KEYS)}")
                    self._moved()
            case "t":
                show(f"\n{self._task_or_reading()}\n")
            case "h":
                show(f"\n{words.hint(self._learner, words.BY_KEYS)}\n")
            case "e":
                show(f"\n{words.explanation(self._learner)}\n")
            case "l":
                show(f"\n{self._page_of_the_list()}\n")
            case "c":
                learners.open_exercise(self._learner, self._exercise)  # its file may be gone
                self._check(again=True)
            case "r" if sure:
                show(f"\n{words.reset(self._learner)}")
                self._check()
            case "r":
                show("\nPress r again to reset this exercise (your version is kept).")
                self._asked_to_reset = True
            case "s":
                show(f"\n{words.solution(self._learner, words.BY_KEYS)}\n")
            case _:
                show(words.wrapped(words.KEYS))

    def _task_or_reading(self) -> str:
        """The task; then the reading, as much of it as the window holds, and on from there."""
        if self._read_to is None:
            self._read_to = 0
            return f"{words.task(self._learner)}\n\n{words.READ}"
        lines = words.reading(self._learner).split("\n")
        start = self._read_to
        end = _end_of_page(lines, start)
        self._read_to = end if end < len(lines) else None
        more = [] if self._read_to is None else ["", words.READ_ON]
        return "\n".join([*lines[start:end], *more]).strip("\n")

    def _page_of_the_list(self) -> str:
        """As much of the list as the window holds: first where the learner is, then on from there,
        and at its end from the start again."""
        lines = words.listing(self._learner).split("\n")
        page = terminal.lines() - _AROUND_A_PAGE
        if len(lines) <= page:
            return "\n".join(lines)
        if self._listed_to is None:
            here = next(i for i, line in enumerate(lines) if line.startswith(">"))
            start = max(0, min(here - page // 2, len(lines) - page))
        else:
            start = 0 if self._listed_to >= len(lines) else self._listed_to
        self._listed_to = start + page
        shown = "\n".join(lines[start : self._listed_to]).strip("\n")
        return f"{shown}\n\n{words.MORE}"

    def _saved(self, saved: list[Exercise]) -> None:
        """Checks what was saved. Saving the file of another exercise goes to that exercise.

        The file of the current one may have been written by us, when it was opened or reset; then
        its verdict was shown already.
        """
        others = [exercise for exercise in saved if exercise.id != self._learner.current.id]
        if others:
            learners.open_exercise(self._learner, others[0])
        shown = self._follow()
        if saved and not shown and self._verdict_on != learners.digest(self._learner, saved[0]):
            self._check()

    def _moved(self) -> None:
        """Checks the exercise that was gone to, of which all else is shown already."""
        self._waking.follow(_folders(self._learner))
        if self._exercise.id != self._learner.current.id:
            self._exercise = self._learner.current
            self._check()

    def _follow(self) -> bool:
        """Shows the exercise that was gone to by saving it, or by a command elsewhere, if any."""
        moved = self._exercise.id != self._learner.current.id
        if moved:
            self._show_exercise()
        return moved

    def _show_exercise(self) -> None:
        self._waking.follow(_folders(self._learner))
        self._exercise = self._learner.current
        show(words.where(self._learner))
        self._check()

    def _check(self, *, again: bool = False) -> None:
        """Shows the verdict on the current exercise, and what to do next."""
        learner = self._learner
        verdict = learners.verdict(learner, learner.current, self._apart.check, again=again)
        self._verdict_on = verdict.digest
        after = words.after(learner, verdict, words.BY_KEYS)
        show(f"\n{verdict.text}\n\n{after}\n{words.wrapped(words.KEYS)}\n")
        self._apart.get_ready(learner.current)  # for the next check, if it needs another server


def _end_of_page(lines: list[str], start: int) -> int:
    """How far of these lines the window holds from `start` on; a line too long for it takes
    several."""
    room, columns = terminal.lines() - _AROUND_A_PAGE, terminal.columns()
    end = start
    while end < len(lines) and (room := room - max(1, -(-len(lines[end]) // columns))) >= 0:
        end += 1
    return max(end, start + 1)


def _look(learner: Learner) -> Seen:
    """What tells whether a file was saved, for every exercise that was opened."""
    found: dict[str, tuple[int, int, int]] = {}
    for exercise in learner.course.exercises:
        try:
            stat = learner.path(exercise).stat()
        except OSError:
            continue
        found[exercise.id] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
    return found


def _saved(exercise: Exercise, seen: Seen, found: Seen) -> bool:
    """Whether its file was written since; one that is gone has nothing to check."""
    return exercise.id in found and found[exercise.id] != seen.get(exercise.id)


def _settled(learner: Learner, found: Seen) -> Seen:
    """What there is when nothing is being written any more."""
    while True:
        time.sleep(SETTLING)
        later = _look(learner)
        if later == found:
            return found
        found = later


def _folders(learner: Learner) -> list[Path]:
    places = [learner.folder / lesson.name for lesson in learner.course.lessons]
    return [place for place in places if place.is_dir()]
