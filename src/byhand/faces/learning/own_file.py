"""`byhand learn FILE`: a file of one's own, checked whenever it is saved."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from byhand.faces.learning.input_events import Waking
from byhand.faces.learning.showing import show
from byhand.sources.load import split

KEYS = "Each save is checked.  [c]heck again  [q]uit"
SETTLING = 0.05  # seconds in which a file that is being written would change again


def check_once(file: str, timeout: float) -> int:
    """The report of `byhand check`. Exit status 0 if there was one, else 2."""
    options = [f"--timeout={timeout}", "--", file]
    # -P: nothing is imported from where we happen to be
    done = subprocess.run([sys.executable, "-P", "-m", "byhand", "check", *options], check=False)
    return 2 if done.returncode == 2 else 0


def watch_file(file: str, timeout: float) -> int:
    """Checks after every save, until the learner quits."""
    path = Path(split(file)[0])
    with Waking(sys.stdin.fileno()) as waking:
        waking.follow([path.resolve().parent])
        seen: tuple[int, int] | None = None
        key = "c"
        while key != "q":
            now = _settled(path)
            if key == "c" or (now is not None and now != seen):
                seen = now
                check_once(file, timeout)
                show(f"\n{KEYS}\n")
            key = waking.wait()[0].lower()
    return 0


def _look(path: Path) -> tuple[int, int] | None:
    """What tells whether a file was saved; None while it is gone, as some editors have it."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


def _settled(path: Path) -> tuple[int, int] | None:
    """What there is when nothing is being written any more."""
    found = _look(path)
    while (time.time_ns() - (found or (0, 0))[0]) < SETTLING * 1e9:
        time.sleep(SETTLING)
        found = _look(path)
    return found
