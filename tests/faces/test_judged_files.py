"""What a file has to be judged, read from a text that isn't saved."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from byhand.faces.judged import How, judged
from byhand.faces.run_user_code import slow_imports
from line_problem import GOOD


def test_an_unsaved_text_is_judged_in_the_place_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "line.py"
    wrong = GOOD.replace("dw = x.T @ dy", "dw = -(x.T @ dy)")
    (never_saved,) = judged(str(file), (), (), How(), wrong)
    assert never_saved.report().roots == ("w",)
    file.write_text(GOOD)
    (changed,) = judged(str(file), (), (), How(), wrong)
    assert changed.report().roots == ("w",)
    (saved,) = judged(str(file), (), (), How())
    assert saved.report().ok


def test_a_root_is_known_before_it_has_a_name(tmp_path: Path) -> None:
    wrong = GOOD.replace("dw = x.T @ dy", "dw = -(x.T @ dy)")
    (found,) = judged(str(tmp_path / "line.py"), (), (), How(), wrong)
    quick, whole = found.stages()
    assert quick.roots == whole.roots == ("w",)
    assert quick["w"].mistake is None
    assert whole["w"].mistake is not None and whole["w"].mistake.code == "sign"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import torch\nimport numpy", {"torch"}),
        ("    from jax import grad\nimport torchvision", {"jax"}),
        (
            json.dumps({"source": ["%matplotlib inline\n", "import torch.nn as nn\n"]}, indent=1),
            {"torch"},
        ),
        (json.dumps({"source": "import os\nimport jax\nfrom torch import nn"}), {"jax", "torch"}),
        ("# import torch", set[str]()),
    ],
)
def test_slow_libraries_that_a_file_or_a_notebook_imports(source: str, found: set[str]) -> None:
    assert slow_imports(source) == found
