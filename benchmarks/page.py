"""How long a learner waits on the page: from the last key before a pause to the verdict, and for
the first paint.

    python -m benchmarks.page [--edits 40] [--json FILE]

A real browser (Debian's Chromium) puts the right answer and the catalogue's wrong ones into the
exercise of lesson 6 with the longest file, in turns. The page's own clock tells when the verdict is
drawn that is about the new text; the pause that the page itself waits for (0.1 s) is in it. On a
busy machine that says little: so the processor time that all processes take for an edit stands
beside it.
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
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.learn import answers, largest

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]

# In the page: from the last input to the frame in which the verdict is about it, and for a mistake
# to that in which it has its name.
_WATCH = """
() => {
  window.waits = [];
  window.typed = 0;
  document.querySelector(".cm-content").addEventListener("beforeinput", () => {
    window.typed = performance.now();
  });
  const verdict = document.querySelector(".verdict");
  const look = () => {
    const waited = performance.now() - window.typed;
    if (window.typed && waited > 5 && !verdict.classList.contains("stale")) {
      window.waits.push(waited);
      window.typed = 0;
    }
    requestAnimationFrame(look);
  };
  look();
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
            waits = sorted(_waits(page, list(islice(answers(exercise), edits))))
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


def _waits(page: Page, texts: list[str]) -> list[float]:
    """How long each text took, in ms."""
    page.locator(".cm-content").focus()
    page.evaluate(_WATCH)
    for number, text in enumerate(texts, 1):
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(text)
        while page.evaluate("window.waits.length") < number:
            time.sleep(0.05)
        time.sleep(0.7)  # a mistake gets its name meanwhile
    return page.evaluate("window.waits")


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
