"""What only a fresh process can tell: how long an import takes, how much memory is needed."""

from __future__ import annotations

import subprocess
import sys
from statistics import median

from . import ROOT

IMPORTS = {
    "numpy": "import numpy",
    "byhand": "import numpy, byhand",
    "byhand and all that a check needs": "import numpy, byhand; byhand.check",
}
CHECK = "import byhand; byhand.check(byhand.load('mlp'))"
WORK = {
    "import numpy": "import numpy",
    "byhand.check": CHECK,
    "import torch": "import torch",
    "gradcheck, fast": (
        "import byhand, torch; torch.set_num_threads(1); from benchmarks import lecture; "
        "lecture.gradcheck(byhand.load('mlp').inputs(), fast=True)"
    ),
    "gradcheck, slow": (
        "import byhand, torch; torch.set_num_threads(1); from benchmarks import lecture; "
        "lecture.gradcheck(byhand.load('mlp').inputs(), fast=False)"
    ),
}


def import_seconds(repeats: int) -> dict[str, float]:
    """Seconds that imports take in a process of their own, one after the other in turns."""
    found: dict[str, list[float]] = {name: [] for name in IMPORTS}
    for _ in range(repeats):
        for name, code in IMPORTS.items():
            timed = f"import time; t = time.perf_counter(); {code}; print(time.perf_counter() - t)"
            found[name].append(float(_run(timed)))
    return {name: median(seconds) for name, seconds in found.items()}


def peak_megabytes() -> dict[str, float]:
    """The most memory that a process ever held (its resident set, from the operating system)."""
    measure = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return {name: float(_run(f"{code}; {measure}")) / unit for name, code in WORK.items()}


def _run(code: str) -> str:
    """The last line that a fresh Python prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()[-1]
