"""One random program: derived, and compared with the engine and with PyTorch."""

from __future__ import annotations

import re
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np

from byhand.deriving.derive import LOOPS, NOT_RIGHT, NOTHING_SHORTER, ONE_SIZE, derive
from byhand.deriving.verify import run
from byhand.errors import UnsupportedError
from byhand.program.problem import Problem, load
from byhand.program.program import Program
from byhand.program.trace import trace_problem
from byhand.referees import find
from byhand.referees.referee import Gradient

from .draw import LONGEST, draw

ROUNDING = 32  # how often the engine's bound on its own rounding: the same sums in another order


@dataclass(frozen=True)
class Outcome:
    """What became of a program.

    `verdict` is "equal", "unequal", "refused" or "exception"; `said` says what differs, or the
    error. `statements` counts forward's lines; `lines`, `characters` and `widest` measure the
    backward. `milliseconds` are those of the processor. `worst` is the largest difference, as a
    part of what rounding may explain.

    `by_rounds`: a loop was written out round by round. `one_size`: it holds at these sizes only.
    Of closed forms, `nothing_shorter` was found, what was found was `not_right` and given up, or
    they were `not_looked_for` since forward has a loop.
    """

    seed: int
    verdict: str
    said: str = ""
    statements: int = 0
    lines: int = 0
    characters: int = 0
    widest: int = 0
    milliseconds: float = 0.0
    worst: float = 0.0
    by_rounds: bool = False
    one_size: bool = False
    nothing_shorter: bool = False
    not_right: bool = False
    not_looked_for: bool = False


@cache
def _folder() -> Path:
    return Path(mkdtemp(prefix="byhand-"))


@np.errstate(all="ignore")
def judge(
    seed: int, longest: int = LONGEST, dialect: str = "numpy", closed: bool = False
) -> Outcome:
    """Draws the program of this seed and derives it."""
    drawn = draw(seed, longest)
    file = _folder() / f"program{seed}.py"
    file.write_text(drawn.source, encoding="utf-8")
    try:
        problem = load(file)
        program = trace_problem(problem, problem.inputs())
        start = time.process_time()
        derived = derive(problem, dialect=dialect, closed=closed)
        milliseconds = 1e3 * (time.process_time() - start)
        found = run(problem, program, derived, program.upstream(), dialect)
        ratios = differences(problem, program, found)
    except UnsupportedError as error:
        return Outcome(seed, "refused", str(error).removeprefix(f"{file}: "))
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        said = f"{type(error).__name__}: {error} ({Path(where.filename).name}, {where.name})"
        return Outcome(seed, "exception", said.replace(str(file), "forward"))
    finally:
        file.unlink()
    wrong = {name: ratio for name, ratio in ratios.items() if not ratio <= 1}
    lines = derived.source.splitlines()
    return Outcome(
        seed,
        "unequal" if wrong else "equal",
        "; ".join(f"{name}: {ratio:.1e}" for name, ratio in wrong.items()),
        statements=len(drawn.body.splitlines()),
        lines=len(lines),
        characters=len(derived.source),
        widest=max(map(len, lines)),
        milliseconds=milliseconds,
        worst=max(ratios.values()),
        by_rounds=any("round by round" in note for note in derived.notes),
        one_size=any(note.startswith(ONE_SIZE) for note in derived.notes),
        nothing_shorter=NOTHING_SHORTER in derived.notes,
        not_right=NOT_RIGHT in derived.notes,
        not_looked_for=LOOPS in derived.notes,
    )


def differences(problem: Problem, program: Program, found: Mapping[str, Any]) -> dict[str, float]:
    """How far every input's gradient is from the two referees', as a part of what it may be."""
    given, upstream = problem.inputs(), program.upstream()
    keys = [(step.name, 0) for step in program.inputs]
    engine = find("engine")(problem, given, keys, upstream)
    torch = find("torch")(problem, given, keys, upstream)
    ratios: dict[str, float] = {}
    for key in keys:
        answer, mine, theirs = found.get(key[0]), engine[key], torch[key]
        ratios[f"d{key[0]}, against the engine"] = _ratio(answer, mine.value, mine)
        ratios[f"d{key[0]}, against PyTorch"] = _ratio(answer, theirs.value, mine, theirs)
    return ratios


def _ratio(found: Any, truth: np.ndarray, *known: Gradient) -> float:
    """The largest difference, as a part of what rounding may explain."""
    found = np.asarray(found, dtype=float)
    if found.shape != truth.shape:
        return float("inf")
    allowed = ROUNDING * known[0].error + sum(each.error for each in known[1:]) + 1e-300
    return float(np.max(np.abs(found - truth) / allowed, initial=0.0))


def reason(outcome: Outcome) -> str:
    """The kind of a refusal or an exception: what is said, less names and numbers."""
    return re.sub(r"\b(h\d+b?|hs\w+|d?[xWuctsy]|\d+)\b", "_", outcome.said)
