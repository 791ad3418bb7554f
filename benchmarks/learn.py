"""How long a learner waits: for the start of `byhand learn`, and from a save to the verdict.

    python -m benchmarks.learn [--saves 100] [--json FILE]

Measured from outside, on a pseudo-terminal, as a person would see it: the clock starts when the
file takes the place of the old one, and stops when the whole verdict was shown. The exercise is the
one of lesson 6 with the longest file, which holds all 26 gradients; every save has another content,
the right answer and the catalogue's wrong ones in turns, so that each is really checked.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import pty
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from byhand.course.course import Exercise, bundled, load_course

LESSON = "6-backprop-ninja"
END = b"[q]uit"
PAUSE = 0.2  # seconds between two saves: a person's would be longer


class Terminal:
    """A `byhand learn` on a terminal of its own."""

    def __init__(self, folder: Path) -> None:
        self.screen, inside = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "byhand", "learn", str(folder)],
            stdin=inside,
            stdout=inside,
            stderr=inside,
            env=os.environ | {"TERM": "dumb"},
        )
        os.close(inside)

    def shown(self) -> float:
        """The time at which a whole verdict was shown."""
        text = b""
        while END not in text:
            if not select.select([self.screen], [], [], 60)[0]:
                raise TimeoutError(text.decode())
            text += os.read(self.screen, 1 << 16)
        return time.perf_counter()

    def press(self, keys: str) -> float:
        os.write(self.screen, keys.encode())
        return self.shown()

    def quit(self) -> None:
        os.write(self.screen, b"q")
        self.process.wait(10)
        os.close(self.screen)


def largest() -> Exercise:
    exercises = [e for e in load_course(bundled()).exercises if e.lesson == LESSON]
    return max(exercises, key=lambda exercise: len(exercise.blanks.source))


def answers(exercise: Exercise) -> Iterator[str]:
    """Files to save: the right one and every wrong one in turns, no two of them alike."""
    right = exercise.problem.read_text(encoding="utf-8")
    wrong = [right.replace(answer.instead_of, answer.write) for answer in exercise.wrong]
    for number, text in enumerate(cycle([right, *wrong])):
        yield f"{text}\n# {number}\n"


def measured(saves: int) -> dict[str, Any]:
    exercise = largest()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "course"
        began = time.perf_counter()
        terminal = Terminal(folder)
        first = terminal.shown() - began
        terminal.quit()
        starts: list[float] = []
        for _ in range(5):  # a folder that is there: nothing to check again
            began = time.perf_counter()
            terminal = Terminal(folder)
            starts.append(terminal.shown() - began)
            terminal.quit()
        terminal = Terminal(folder)
        terminal.shown()
        os.write(terminal.screen, b"g")
        time.sleep(PAUSE)
        terminal.press(f"{exercise.id}\n")
        waits = [
            _wait(terminal, folder / exercise.file, text)
            for text in islice(answers(exercise), saves)
        ]
        terminal.quit()
    return {
        "exercise": exercise.id,
        "gradients": len(exercise.blanks.asked),
        "saves": saves,
        "median_milliseconds": 1e3 * median(waits),
        "p95_milliseconds": 1e3 * quantiles(waits, n=20)[-1],
        "first_start_seconds": first,
        "later_start_seconds": median(starts),
        "load": os.getloadavg()[0],
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
    }


def _wait(terminal: Terminal, file: Path, text: str) -> float:
    aside = file.with_name(f".{file.name}.swp")
    aside.write_text(text, encoding="utf-8")
    time.sleep(PAUSE)
    began = time.perf_counter()
    aside.replace(file)
    return terminal.shown() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--saves", type=int, default=100)
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    found = measured(arguments.saves)
    print(
        f"{found['exercise']}, {found['gradients']} gradients, {found['saves']} saves: "
        f"median {found['median_milliseconds']:.0f} ms, 95th percentile "
        f"{found['p95_milliseconds']:.0f} ms from the save to the verdict\n"
        f"start: {found['first_start_seconds']:.2f} s in a new folder, verdict and all, "
        f"{found['later_start_seconds']:.2f} s later on\n"
        f"load of the machine: {found['load']:.1f} on {found['cores']} cores"
    )
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
