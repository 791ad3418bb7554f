"""How long a learner waits on the page: from the last key before a pause to the verdict, and for
the first paint.

    python -m benchmarks.page [--edits 40] [--json FILE]

In a real browser (Debian's Chromium) the exercise of lesson 6 with the longest file is right; at
the end of its last line `*2` is typed and removed again, in turns. The page's own clock tells when
the verdict is drawn that is about the new text; the pause that the page itself waits for (0.1 s)
is in it. On a busy machine that says little: so the processor time that all processes take for an
edit stands beside it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.learn import answers, largest

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]

# In the page: from the last key to the frame in which the verdict about the new text is drawn.
_WATCH = """
() => {
  window.waits = [];
  let typed = 0;
  const type = () => { typed = performance.now(); };
  document.querySelector(".cm-content").addEventListener("keydown", type, { capture: true });
  const verdict = document.querySelector(".verdict");
  let stale = false;
  new MutationObserver(() => {
    stale ||= verdict.classList.contains("stale");
    if (!typed || !stale || verdict.classList.contains("stale")) return;
    const since = typed;
    typed = 0;
    stale = false;
    requestAnimationFrame(() => setTimeout(() => window.waits.push(performance.now() - since)));
  }).observe(verdict, { attributes: true, childList: true, subtree: true });
}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--edits", type=int, default=40)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = measured(options.edits)
    for name, value in found.items():
        print(f"{name:45} {value}")
    if options.json is not None:
        options.json.write_text(json.dumps(found))


def measured(edits: int) -> dict[str, Any]:
    exercise = largest()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder, exercise.file)
        file.parent.mkdir()
        file.write_text(next(answers(exercise)).partition("\n# ")[0].rstrip(), encoding="utf-8")
        server = subprocess.Popen(
            [sys.executable, "-m", "byhand", "learn", folder, "--web", "--no-open"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        try:
            browser = playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=ARGUMENTS
            )
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(f"{url}#{exercise.id}")
            page.wait_for_selector(".verdict:not(.stale) .said")
            page.wait_for_selector(".cm-content")
            painted = page.evaluate(
                "performance.getEntriesByName('first-contentful-paint')[0].startTime"
            )
            time.sleep(2)
            taken = _processor_time()
            waits = sorted(_waits(page, edits))
            taken = _processor_time() - taken
        finally:
            server.terminate()
            server.wait()
    return {
        "first paint, ms": round(painted),
        "to the verdict, median, ms": round(median(waits)),
        "to the verdict, 95 %, ms": round(waits[math.ceil(0.95 * len(waits)) - 1]),
        "processor time an edit, all processes, ms": round(1000 * taken / edits),
        "load of the machine": os.getloadavg()[0],
    }


def _waits(page: Page, edits: int) -> list[float]:
    """How long each verdict took, in ms."""
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+End")
    page.evaluate(_WATCH)
    for edit in range(edits):
        for key in "*2":
            page.keyboard.press(key if edit % 2 == 0 else "Backspace")
        time.sleep(1.2)  # a mistake gets its name meanwhile
    waits: list[float] = page.evaluate("window.waits")
    assert len(waits) == edits, "a verdict took more than a second"
    return waits


def _processor_time() -> float:
    """Seconds that this process and all that come from it have taken so far."""
    children: dict[int, list[int]] = {}
    taken: dict[int, int] = {}
    for each in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            pid, (_, parent, *rest) = int(each.parent.name), _fields(each)
            children.setdefault(int(parent), []).append(pid)
            taken[pid] = sum(map(int, rest[9:13]))  # its own, and of those that have ended
    todo, ticks = [os.getpid()], 0
    while todo:
        pid = todo.pop()
        ticks += taken.get(pid, 0)
        todo += children.get(pid, [])
    return ticks / os.sysconf("SC_CLK_TCK")


def _fields(stat: Path) -> list[str]:
    """From the state on: what stands before it may hold spaces."""
    return stat.read_text().rpartition(")")[2].split()


if __name__ == "__main__":
    main()
