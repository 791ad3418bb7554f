"""A module that is built with hand-written gradients is a module like any other."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from in_processes import Model

SCRIPT = str(Path(__file__).with_name("in_processes.py"))


@pytest.mark.long
def test_two_processes_train_as_one_with_the_double_batch(tmp_path: Path) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    for how, out in (([], one), (torchrun, two)):
        done = subprocess.run(
            [sys.executable, *how, SCRIPT, str(out)],
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    losses = json.loads(one.read_text())
    assert losses[-1] < losses[0]
    np.testing.assert_allclose(json.loads(two.read_text()), losses, rtol=1e-12)


def test_it_saves_and_loads(tmp_path: Path) -> None:
    model = Model()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_()
    torch.save(model.state_dict(), tmp_path / "model.pt")
    other = Model()
    other.load_state_dict(torch.load(tmp_path / "model.pt", weights_only=True))
    x, y = torch.randint(27, (8, 3)), torch.randint(27, (8,))
    assert torch.equal(model(x, y), other(x, y))
