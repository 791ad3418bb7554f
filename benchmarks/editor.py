"""How long someone who types waits: from the pause in typing to the verdict in the editor.

    python -m benchmarks.editor [--edits 100] [--json FILE]

Measured from outside, by a client that types into `byhand lsp`: the clock starts 0.3 s after an
edit was sent, where the pause ends, and stops when the diagnostics on it have arrived; and once
more when every mistake has its name. The exercise and the answers are those of `benchmarks.learn`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.learn import answers, largest
from byhand.course import learner as learners
from byhand.faces.lsp.session import PAUSE

sys.path.insert(0, str(Path(__file__).parents[1] / "tests/lsp"))
from lsp_client import Client


def measured(edits: int) -> dict[str, list[float]]:
    """Seconds to the verdicts, and to those with names."""
    found: dict[str, list[float]] = {"verdict": [], "name": []}
    exercise = largest()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        learner = learners.start(folder / "course", None)
        learners.open_exercise(learner, exercise)
        with Client(folder, home=folder / "home") as editor:
            uri = editor.open(learner.path(exercise))
            editor.diagnostics(uri, 1)
            for text in islice(answers(exercise), edits):
                sent = time.perf_counter()
                version = editor.type(uri, text)
                editor.shown(uri, version)
                found["verdict"].append(time.perf_counter() - sent - PAUSE)
                editor.diagnostics(uri, version)
                found["name"].append(time.perf_counter() - sent - PAUSE)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edits", type=int, default=100)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    result: dict[str, Any] = {
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        "load": os.getloadavg()[0],
        "exercise": largest().number,
        "edits": options.edits,
    }
    for what, seconds in measured(options.edits).items():
        result[what] = {"median": median(seconds), "95 %": quantiles(seconds, n=20)[-1]}
        said = ", ".join(f"{name} {1000 * value:.0f} ms" for name, value in result[what].items())
        print(f"from the pause to the {what}: {said}, of {options.edits} edits")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
