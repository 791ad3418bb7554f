"""One random program: derived, and compared with the engine and with PyTorch."""

from __future__ import annotations

import re
import time
import traceback
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np

from byhand.deriving.derive import derive
from byhand.deriving.verify import run
from byhand.errors import UnsupportedError
from byhand.program.problem import load
from byhand.program.trace import trace_problem
from byhand.referees import find
from byhand.referees.referee import Gradient

from .draw import LONGEST, draw

ROUNDING = 32  # how often the engine's bound on its own rounding: the same sums in another order


@dataclass(frozen=True)
class Outcome:
    """What became of a program.

    `verdict` is "equal", "unequal", "refused" or "exception"; `said` says what differs, or the
    error. `statements` counts forward's, `lines` and `characters` the backward's, and `worst` is
    the largest difference, as a part of what rounding may explain.
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
    nothing_shorter: bool = False


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
        given = problem.inputs()
        program = trace_problem(problem, given)
        start = time.perf_counter()
        options: dict[str, Any] = {"closed": True} if closed else {"dialect": dialect}
        derivation = derive(problem, given, **options)
        milliseconds = 1e3 * (time.perf_counter() - start)
        upstream = program.upstream()
        keys = [key for key in program.by_key if key[0] in given]
        engine = find("engine")(problem, given, keys, upstream)
        torch = find("torch")(problem, given, keys, upstream)
        found = run(problem, program, derivation, upstream)
    except UnsupportedError as error:
        return Outcome(seed, "refused", str(error).removeprefix(f"{file}: "))
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        said = f"{type(error).__name__}: {error} ({Path(where.filename).name}, {where.name})"
        return Outcome(seed, "exception", said.replace(f"{file}: ", ""))
    finally:
        file.unlink()
    ratios: dict[str, float] = {}
    for name, number in keys:
        if len(program.bindings[name]) > 1:
            continue
        known = engine[name, number]
        ratios[f"d{name}, against the engine"] = _ratio(found.get(name), known.value, known)
        ratios[f"d{name}, against PyTorch"] = _ratio(
            found.get(name), torch[name, number].value, known, torch[name, number]
        )
    wrong = {name: ratio for name, ratio in ratios.items() if not ratio <= 1}
    source = derivation.source
    return Outcome(
        seed,
        "unequal" if wrong else "equal",
        "; ".join(f"{name}: {ratio:.1e}" for name, ratio in wrong.items()),
        len(drawn.body.splitlines()),
        len(source.splitlines()),
        len(source),
        max(map(len, source.splitlines())),
        milliseconds,
        max(ratios.values()),
        any("round by round" in note for note in derivation.notes),
    )


def _ratio(found: Any, truth: np.ndarray, *known: Gradient) -> float:
    """The largest difference, as a part of what rounding may explain."""
    if found is None or np.shape(found) != truth.shape:
        return float("inf")
    allowed = ROUNDING * known[0].error + sum(each.error for each in known[1:]) + 1e-300
    return float(np.max(np.abs(found - truth) / allowed, initial=0.0))


def reason(outcome: Outcome) -> str:
    """The kind of a refusal or an exception: what is said, less names and numbers."""
    return re.sub(r"\b(h\d+b?|hs\w+|d?[xWuctsy]|\d+)\b", "_", outcome.said)
