"""How many submissions a machine grades in an hour.

    python -m benchmarks.grade [--students 1000] [--exercise 6.2] [--jobs N]
                               [--sandbox auto] [--json FILE]

A class hands in one exercise of lesson 6, on the lecture's model: of ten students, six have it
right, three made the mistake of the exercise's catalogue, and one never began. One in a hundred
hands in an endless loop. Everybody must get the points that are due.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from byhand.course.course import Exercise, bundled, load_course


def hand_in(folder: Path, exercise: Exercise, students: int) -> dict[str, int]:
    """Writes the submissions; gives the points that are due, by student."""
    right = exercise.problem.read_text(encoding="utf-8")
    wrong = exercise.wrong[0]
    mistaken = right.replace(wrong.instead_of, wrong.write)
    endless = right + "\nwhile True:\n    pass\n"
    full = len(exercise.blanks.asked)
    due: dict[str, int] = {}
    for i in range(students):
        name = f"student-{i:05}"
        kinds = [(right, full)] * 6 + [(mistaken, full - 1)] * 3 + [(exercise.blanks.source, 0)]
        # Each file is another one, as those of a class are.
        source, due[name] = (endless, 0) if i % 100 == 99 else kinds[i % 10]
        file = folder / name / exercise.file
        file.parent.mkdir(parents=True)
        file.write_text(f"{source}\n# {name}\n", encoding="utf-8")
    return due


def measure(students: int, exercise: Exercise, jobs: int, sandbox: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place:
        folder, out = Path(place) / "submissions", Path(place) / "results.csv"
        due = hand_in(folder, exercise, students)
        command = [sys.executable, "-m", "byhand", "grade", str(folder), "--out", str(out)]
        command += ["--exercise", exercise.id, "--jobs", str(jobs), "--sandbox", sandbox]
        start = time.perf_counter()
        subprocess.run([*command, "--timeout", "2"], check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - start
        start = time.perf_counter()
        subprocess.run([*command, "--timeout", "2"], check=True, stdout=subprocess.DEVNULL)
        again = time.perf_counter() - start
        found = json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))["students"]
    points = {student["student"]: student["points"] for student in found}
    assert points == due, [name for name in due if points.get(name) != due[name]][:5]
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} processors",
        "python": platform.python_version(),
        "sandbox": found[0]["exercises"][0]["sandbox"],
        "exercise": exercise.id,
        "submissions": students,
        "jobs": jobs,
        "seconds": seconds,
        "per_minute": 60 * students / seconds,
        "seconds_when_nothing_changed": again,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--exercise", default="6.2")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--sandbox", choices=("auto", "bubblewrap", "plain"), default="auto")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
    options = parser.parse_args()
    exercise = load_course(bundled()).find(options.exercise)
    found = measure(options.students, exercise, options.jobs, options.sandbox)
    for name, value in found.items():
        print(f"{name:30s} {value:.1f}" if isinstance(value, float) else f"{name:30s} {value}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
