"""The way through a package: which calls lead from one of its files to another.

    python -m benchmarks.stations check mlp          a model of the zoo, or a problem file
    python -m benchmarks.stations derive FILE

A station is a function that is called from another file. Each pair of caller and called counts
once, when it first happens: a loop is walked once, and helpers that many need count for each. Only
the package that the command is about is looked at: floors below are its tools. A return is a
station in a file where the way has been before.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

import byhand
from byhand.checking.check import check
from byhand.deriving.derive import derive

HOUSE = Path(byhand.__file__).parent


@dataclass(frozen=True)
class Station:
    """The function `called` of `file`, as `caller` calls it."""

    caller: str
    file: str
    called: str


def stations(work: Callable[[], Any], package: str) -> list[Station]:
    """The calls between files of `package`, each once, in the order in which they first happen."""
    inside = f"{HOUSE / package}/"
    found: dict[Station, None] = {}

    def watch(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(inside):
            return
        back = frame.f_back
        while back is not None and not back.f_code.co_filename.startswith(str(HOUSE)):
            back = back.f_back  # NumPy, or the user's code, stood between
        if back is None or back.f_code.co_filename == code.co_filename:
            return
        function = back.f_code.co_qualname.partition(".<locals>")[0]
        caller = f"{_short(back.f_code.co_filename)}:{function}"
        found[Station(caller, _short(code.co_filename), code.co_qualname)] = None

    sys.setprofile(watch)
    try:
        work()
    finally:
        sys.setprofile(None)
    return list(found)


def _short(file: str) -> str:
    return str(Path(file).relative_to(HOUSE))


def listed(way: list[Station]) -> str:
    width = max(len(f"{each.file}:{each.called}") for each in way)
    lines = [
        f"{i:4d}  {f'{each.file}:{each.called}':{width}s}  from {each.caller}"
        for i, each in enumerate(way, 1)
    ]
    files = {each.file for each in way}
    ending = f"{len(way)} stations in {len(files)} files, {len(way) - len(files)} returns"
    return "\n".join([*lines, ending])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("check", "derive"))
    parser.add_argument("problem", help="a problem file, or a model of the zoo")
    options = parser.parse_args()
    problem = byhand.load(options.problem)
    work: dict[str, tuple[Callable[[], Any], str]] = {
        "check": (lambda: check(problem), "checking"),
        "derive": (lambda: derive(problem), "deriving"),
    }
    run, package = work[options.command]
    with np.errstate(all="ignore"):
        run()  # once to load what is imported late
        print(listed(stations(run, package)))


if __name__ == "__main__":
    main()
