"""What `benchmarks.training` compares is the same arithmetic: every contender's, and no less."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

# In a process of its own: others are forked from this one, and JAX doesn't bear that. torch.compile
# is left out, as it takes what eager PyTorch takes, and long; so is Numba, as in `compiled_steps`.
AGREEMENT = f"""
import json, os, sys
sys.path[:0] = [{str(TESTS.parent)!r}, {str(TESTS)!r}]
os.environ["XLA_FLAGS"] = "--xla_backend_optimization_level=0"
import benchmarks.training.agreement as agreement
from benchmarks.training.contenders import CONTENDERS
from byhand.compiling import compile as compiling
from compiled_steps import in_python
compiling.load = in_python

def differences(*contenders):
    found = agreement.differences(contenders)
    print(json.dumps({{title: off / agreement.TOLERANCE for title, off in found.items()}}))
"""

MISTAKE = """
from benchmarks.training.torch_backwards import BACKWARDS
def planted(name, parameter, right):
    def backward(p, X, Y):
        loss, gradients = right(p, X, Y)
        gradient = gradients[parameter]
        (gradient[1] if isinstance(gradient, list) else gradient).mul_(1.001)
        return loss, gradients
    BACKWARDS[name] = backward
for name, parameter in (("mlp_fused", "W2"), ("wavenet", "gain2"), ("transformer", "Wqkvs")):
    planted(name, parameter, BACKWARDS[name])
"""

Python = Callable[..., tuple[int, str, str]]


def differences(python: Python, script: str) -> dict[str, float]:
    """As parts of what is allowed."""
    status, out, errors = python(AGREEMENT + script)
    assert status == 0, errors
    return json.loads(out)


@pytest.mark.long
def test_all_contenders_train_the_same(python: Python) -> None:
    found = differences(
        python, "differences(*(name for name in CONTENDERS if name != 'torch.compile'))"
    )
    assert len(found) == 5 * 4
    assert all(off < 1 for off in found.values())


@pytest.mark.long
def test_a_wrong_backward_in_pytorch_is_seen(python: Python) -> None:
    found = differences(python, MISTAKE + "differences('PyTorch, by hand')")
    for model in ("mlp_fused", "wavenet", "transformer"):
        assert found[f"PyTorch, by hand, {model}, sgd"] > 10
