"""What can't be checked in a notebook is said by cell and line."""

from __future__ import annotations

import json
from pathlib import Path

from command_line import run_byhand


def test_cell_and_line(tmp_path: Path) -> None:
    texts = ["import numpy as np\nx, w = np.ones((2, 3)), np.ones((3, 2))", "\nw = w * nothing"]
    texts += ["loss = (x @ w).sum()", "dw = x.T @ np.ones((2, 2))"]
    cells: list[dict[str, object]] = [
        {"cell_type": "code", "metadata": {}, "source": text} for text in texts
    ]
    file = tmp_path / "n.ipynb"
    file.write_text(json.dumps({"nbformat": 4, "metadata": {}, "cells": cells}))
    done = run_byhand("check", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    assert "n.ipynb, cell 2, line 2: raised NameError: name 'nothing'" in done.stderr


def test_explanations_and_derivations_know_cells(tmp_path: Path) -> None:
    texts = [
        "import numpy as np\nx, w = np.ones((2, 3)), np.ones((3, 2))",
        "\nh = x @ w\nloss = (h ** 2).sum()",
        "dh = 2 * h\ndw = x.T @ dh",
    ]
    cells: list[dict[str, object]] = [
        {"cell_type": "code", "metadata": {}, "source": text} for text in texts
    ]
    file = tmp_path / "n.ipynb"
    file.write_text(json.dumps({"nbformat": 4, "metadata": {}, "cells": cells}))
    assert "h (2, 2), cell 2, line 2: h = x @ w" in run_byhand("explain", str(file), "w").stdout
    worked = run_byhand("derive", str(file), "--numbers").stdout
    assert "# cell 2, line 2" in worked, worked
