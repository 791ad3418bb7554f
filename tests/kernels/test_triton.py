"""A kernel in Triton, right and wrong: on a GPU where one is, else in Triton's interpreter."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest
import torch

import byhand.torch
from byhand.checking.report import Report
from byhand.values.precision import HALVES

DEVICE = "cuda" if torch.cuda.is_available() else None
if DEVICE is None:
    os.environ["TRITON_INTERPRET"] = "1"  # before Triton is imported
pytest.importorskip("triton", reason="needs Triton, which isn't among what is installed for tests")

SOURCE = Path(__file__).with_name("triton_rms_norm.py").read_text("utf-8")

WRONG = {
    "the mean of a whole block": ("xhat) / n", "xhat) / BLOCK", {"alignment"}),
    "a path that is left out": ("answer = r * (dxhat - xhat * mean)", "answer = r * dxhat", set()),
    "an upstream that lies as it likes": ("dy = dy.contiguous()", "pass", {"layout"}),
    "a store that leaves a column out": (
        "tl.store(dweight + row * n + columns, upstream * xhat, mask=inside)",
        "tl.store(dweight + row * n + columns, upstream * xhat, mask=columns < n - 1)",
        None,
    ),
    "the upstream as a place to work in": (
        "tl.store(dweight",
        "tl.store(dy + row * n + columns, dxhat.to(dy.dtype.element_ty), mask=inside)\n"
        "    tl.store(dweight",
        {"in-place"},
    ),
}
"""What is written, what instead, and the dangers that are found; None where that depends on what
was in memory before."""


def module(folder: Path, source: str = SOURCE) -> ModuleType:
    file = folder / "triton_kernel.py"
    file.write_text(source, "utf-8")
    spec = importlib.util.spec_from_file_location("triton_kernel", file)
    assert spec is not None and spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def checked(kernel: ModuleType, dtype: str | None = None) -> Report:
    return byhand.torch.check(
        kernel.RMSNorm, kernel.inputs, reference=kernel.reference, dtype=dtype, device=DEVICE
    )


LONG = pytest.mark.long


@pytest.mark.parametrize("dtype", [None, *(pytest.param(d, marks=LONG) for d in HALVES)])
def test_a_right_one_passes(tmp_path: Path, dtype: str | None) -> None:
    report = checked(module(tmp_path), dtype)
    assert report.ok, str(report)


@pytest.mark.parametrize(
    "what", [name if i == 0 else pytest.param(name, marks=LONG) for i, name in enumerate(WRONG)]
)
def test_a_wrong_one_does_not(tmp_path: Path, what: str) -> None:
    old, new, dangers = WRONG[what]
    assert SOURCE.count(old) == 1
    report = checked(module(tmp_path, SOURCE.replace(old, new)))
    assert not report.ok
    if dangers is not None:
        assert {each.name for each in report.findings if each.wrong} == dangers
    if dangers == set():
        assert [row.name for row in report.rows if not row.right] == ["x"]
