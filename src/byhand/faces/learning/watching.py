"""`byhand learn` in a terminal: a verdict on every save, and a key for everything else."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path

from byhand.course import learner as learners
from byhand.course.learner import Learner
from byhand.faces.learning import words
from byhand.faces.learning.apart import Apart
from byhand.faces.learning.showing import show
from byhand.faces.learning.waking import Waking

SETTLING = 0.03  # seconds in which a file that is being written would change again

Seen = Mapping[str, tuple[int, int, int]]


def watch(learner: Learner, timeout: float) -> int:
    """Watches until the learner quits."""
    with Apart(timeout) as apart, Waking(sys.stdin.fileno()) as waking:
        waking.follow(_folders(learner))
        seen = _look(learner)  # before anything is shown: a quick hand may save at once
        show(words.where(learner))
        check(learner, apart)
        asked_to_reset = False
        while True:
            waking.follow(_folders(learner))
            key, event = waking.wait()
            if key == "q":
                return 0
            asked_to_reset = _press(key, learner, apart, sure=asked_to_reset) if key else False
            found = _look(learner)
            if found != seen:
                found = found if event else _settled(learner, found)
                _saved(learner, apart, seen, found)
                seen = found


def check(learner: Learner, apart: Apart, *, again: bool = False) -> None:
    """Shows the verdict on the current exercise, and what to do next."""
    verdict = learners.verdict(learner, learner.current, apart.check, again=again)
    show(f"\n{verdict.text}\n\n{words.after(learner, verdict, keys=True)}\n{words.KEYS}\n")
    apart.get_ready()


def _press(key: str, learner: Learner, apart: Apart, *, sure: bool) -> bool:
    """Does what a key asks for; gives whether it asks to be pressed again."""
    match key.lower():
        case "n":
            before = learner.current
            show(f"\n{words.advanced(learner, None, keys=True)}")
            if learner.current != before:
                check(learner, apart)
        case "h":
            show(f"\n{words.hint(learner, keys=True)}\n")
        case "l":
            show(f"\n{words.listing(learner)}\n")
        case "c":
            check(learner, apart, again=True)
        case "r" if sure:
            show(f"\n{words.reset(learner)}")
            check(learner, apart)
        case "r":
            show("\nTo put this exercise back as it was (yours is kept), press r again.")
            return True
        case "s":
            show(f"\n{words.solution(learner, keys=True)}\n")
        case _:
            show(words.KEYS)
    return False


def _saved(learner: Learner, apart: Apart, seen: Seen, found: Seen) -> None:
    """Checks what was saved. Saving the file of another exercise goes to that exercise.

    The file of the current one may have been written by us, when it was opened or reset; then its
    verdict is known already.
    """
    current = learner.current
    saved = [
        e for e in learner.course.exercises if found.get(e.id, seen.get(e.id)) != seen.get(e.id)
    ]
    others = [exercise for exercise in saved if exercise != current]
    if others:
        learners.open_exercise(learner, others[0])
        show(f"\n{words.title(others[0])}")
        check(learner, apart)
    elif saved:
        last = learner.progress.verdict(current.id)
        if learners.verdict(learner, current, apart.check) != last:
            check(learner, apart)


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
