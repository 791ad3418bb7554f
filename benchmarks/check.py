"""How fast a check is, next to PyTorch's own; and the engine next to PyTorch's.

    python -m benchmarks.check [--quick] [--json FILE]

The model is the lecture's: 32 contexts of 3 characters, 64 hidden units, 4,137 parameters.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

import byhand
from byhand.engine import Tensor

from . import fresh, lecture


def seconds(work: Mapping[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """The median time of each piece of work, run in turns so that all see the same machine."""
    found: dict[str, list[float]] = {name: [] for name in work}
    for each in work.values():  # once to warm up
        each()
    for _ in range(repeats):
        for name, each in work.items():
            start = time.perf_counter()
            each()
            found[name].append(time.perf_counter() - start)
    return {name: median(times) for name, times in found.items()}


def checks(quick: bool) -> dict[str, float]:
    """A whole check, and PyTorch's check of the same backward, in seconds."""
    inputs = lecture.MLP.inputs()
    wrong = {name: lecture.mistaken(*edit) for name, edit in lecture.MISTAKES.items()}
    fast = {
        "byhand.check": lambda: byhand.check(lecture.MLP),
        **{f"byhand.check, {name}": partial(byhand.check, each) for name, each in wrong.items()},
        "gradcheck, fast": lambda: lecture.gradcheck(inputs, fast=True),
    }
    slow = {"gradcheck, slow": lambda: lecture.gradcheck(inputs, fast=False)}
    return {**seconds(fast, 10 if quick else 50), **seconds(slow, 1 if quick else 3)}


def engines(dtype: str, repeats: int) -> dict[str, float]:
    """Forward and backward of the model by the engine and by PyTorch, in seconds."""
    forward = lecture.MLP.forward.globals["forward"]
    arrays = {
        name: value.astype(dtype) if value.dtype.kind == "f" else value
        for name, value in lecture.MLP.inputs().items()
    }
    leaves = lecture.tensors(arrays, dtype)

    def by_engine() -> dict[str, Any]:
        given = {k: Tensor(v) if v.dtype.kind == "f" else v for k, v in arrays.items()}
        forward(**given).backward()
        return {k: v.grad for k, v in given.items() if isinstance(v, Tensor)}

    def by_torch() -> dict[str, Any]:
        for leaf in leaves.values():
            leaf.grad = None
        lecture.forward(**leaves).backward()
        return {k: v.grad for k, v in leaves.items() if v.requires_grad}

    theirs = by_torch()
    for name, mine in by_engine().items():
        np.testing.assert_allclose(mine, theirs[name], rtol=0, atol=1e-5)
    return seconds({"engine": by_engine, "torch": by_torch}, repeats)


def measure(quick: bool) -> dict[str, Any]:
    checked = checks(quick)
    run = {dtype: engines(dtype, 200 if quick else 1000) for dtype in ("float32", "float64")}
    imported = fresh.import_seconds(3 if quick else 9)
    numpy = imported["numpy"]
    return {
        "machine": f"{platform.machine()}, Python {platform.python_version()}, one thread",
        "versions": {"numpy": np.__version__, "torch": torch.__version__},
        "check_seconds": checked,
        "times_faster_than": {
            name: each / checked["byhand.check"]
            for name, each in checked.items()
            if name.startswith("gradcheck")
        },
        "engine_seconds": run,
        "engine_time_per_torch_time": {d: t["engine"] / t["torch"] for d, t in run.items()},
        "import_seconds": imported,
        "import_seconds_beyond_numpy": {
            name: each - numpy for name, each in imported.items() if name != "numpy"
        },
        "peak_megabytes": fresh.peak_megabytes(),
    }


def table(found: Mapping[str, Any]) -> str:
    faster, ratio = found["times_faster_than"], found["engine_time_per_torch_time"]
    lines = [f"{found['machine']}; {found['versions']}", ""]
    lines += [
        f"{name:42s} {1e3 * each:10.1f} ms" + (f"  {faster[name]:.1f}x" if name in faster else "")
        for name, each in found["check_seconds"].items()
    ]
    for dtype, times in found["engine_seconds"].items():
        lines += [f"{f'{name}, {dtype}':42s} {1e3 * t:10.3f} ms" for name, t in times.items()]
        lines += [f"{f'engine / torch, {dtype}':42s} {ratio[dtype]:10.2f}"]
    for name, each in found["import_seconds_beyond_numpy"].items():
        lines.append(f"{f'import {name}, beyond numpy':42s} {1e3 * each:10.1f} ms")
    lines += [f"{f'peak memory, {k}':42s} {v:10.0f} MB" for k, v in found["peak_megabytes"].items()]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions: a rough idea")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
    options = parser.parse_args()
    found = measure(options.quick)
    print(table(found))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
