"""Benchmarks, each run from the repository's root: `python -m benchmarks.check`.

On one thread: what is compared is the work, not the number of cores.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH")])
)
sys.path.insert(0, str(ROOT / "src"))
