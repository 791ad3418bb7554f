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
GRADCHECK = "from benchmarks.lecture import MLP, gradcheck; gradcheck(MLP.inputs(), fast={})"
WORK = {
    "import numpy": "import numpy",
    "byhand.check": "import byhand; byhand.check(byhand.load('mlp'))",
    "import torch": "import torch",
    "gradcheck, fast": GRADCHECK.format(True),
    "gradcheck, slow": GRADCHECK.format(False),
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
    """The most memory that a process ever held: its resident set, by the operating system."""
    return {name: float(_run(f"{code}\n{_PEAK}")) / 1024 for name, code in WORK.items()}


# On Linux getrusage also counts the process that this one was started from.
_PEAK = """
import pathlib, resource, sys
if sys.platform == "linux":
    status = pathlib.Path("/proc/self/status").read_text()
    print(status.partition("VmHWM:")[2].split()[0])
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def _run(code: str) -> str:
    """The last line that a fresh Python prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()[-1]
