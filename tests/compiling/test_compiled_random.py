"""Random chains of elementwise ops, reductions, views and products: compiled as NumPy runs them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from byhand.compiling import compile as compiling
from byhand.compiling import compile_step, relinked
from compiled_steps import Values, in_python
from random_forwards import RandomForward, random_forwards


def step_of(forward: RandomForward, values: Values) -> Any:
    """A step that runs a forward, and writes all that it computes into arrays of the inputs."""
    body = [line for line in forward.lines if not line.startswith("loss")]
    names = list(dict.fromkeys(line.partition(" = ")[0] for line in forward.lines))
    keeping = [f"kept_{name}[...] = {name}" for name in names]
    heads = ", ".join([*forward.inputs, *(f"kept_{name}" for name in names)])
    lines = [*body, forward.lines[-1], *keeping, "return loss"]
    source = f"def step({heads}):\n" + "".join(f"    {line}\n" for line in lines)
    namespace: dict[str, Any] = {"np": np}
    exec(source, namespace)
    held = dict(forward.inputs)
    for line in forward.lines:
        exec(line, {"np": np}, held)
    values |= {name: np.array(v) for name, v in forward.inputs.items()}
    values |= {f"kept_{name}": np.zeros(np.shape(held[name])) for name in names}
    function = relinked(namespace)["step"]
    return lambda given: function(**given)


def check(forward: RandomForward) -> None:
    values: Values = {}
    step = step_of(forward, values)
    compiled = compile_step(step, values, ())
    losses = compiled.run({}, steps=1)
    loss = step(values)
    assert losses[0] == pytest.approx(float(loss), rel=1e-12, abs=1e-12)
    for name, value in values.items():
        np.testing.assert_allclose(compiled.input(name), value, rtol=1e-12, atol=1e-12)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(random_forwards(longest=10))
def test_the_source_says_what_numpy_does(
    monkeypatch: pytest.MonkeyPatch, forward: RandomForward
) -> None:
    monkeypatch.setattr(compiling, "load", in_python)
    check(forward)


@settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(random_forwards(longest=6))
def test_machine_code_does_what_numpy_does(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    forward: RandomForward,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    check(forward)
