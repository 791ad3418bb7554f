"""Running a derived backward beside the engine, in either dialect."""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from byhand.deriving.derivation import Derivation
from byhand.deriving.derive import derive
from byhand.deriving.own_backward import compared
from byhand.deriving.worked.instance import work_instance
from byhand.engine import gradients
from byhand.program.problem import Problem, load, zoo
from byhand.program.trace import trace_problem
from byhand.rendering.derivation.show import show
from byhand.values.arrays import speaks_torch

PROBLEMS = Path(__file__).parent.parent / "problems"
GOLDEN = Path(__file__).parent.parent / "golden"
FORWARDS = Path(__file__).parent / "forwards"
FILES = [*zoo().values(), *sorted(PROBLEMS.glob("*.py")), *sorted(FORWARDS.glob("*.py"))]
ALL = {file.stem: file for file in FILES}
assert len(ALL) == len(FILES)  # two of the same name, and one would not be tested


def shown(
    problem: Problem,
    derivation: Derivation,
    form: str | None = None,
    *,
    numbers: bool = False,
    compare: bool = False,
    names: Sequence[str] | None = None,
    dialect: str | None = None,
) -> str:
    """What `byhand derive` shows of a derivation."""
    inputs = problem.inputs()
    return show(
        problem,
        derivation,
        form,
        dialect=dialect or ("torch" if speaks_torch(inputs) else "numpy"),
        instance=work_instance(problem, derivation, dialect) if numbers else None,
        yours=compared(problem, inputs, derivation, names, dialect) if compare else None,
    )


def as_torch(value: Any) -> Any:
    if isinstance(value, list):
        return [as_torch(item) for item in value]
    return torch.from_numpy(np.array(value)) if isinstance(value, np.ndarray) else value


def given_gradients(
    problem: Problem, derivation: Derivation, inputs: Mapping[str, Any], dialect: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the derived backward gives for the inputs, and what the engine does."""
    program = trace_problem(problem, inputs)
    upstream = program.upstream()
    known = dict(program.locals)
    known |= {f"d{step.name}": g for step, g in zip(program.outputs, upstream, strict=True)}
    if dialect == "torch":
        known = {name: as_torch(value) for name, value in known.items()}
    namespace = {**problem.forward.globals, "np": np, "torch": torch}
    exec(derivation.source.rstrip() + "\n    return dict(locals())\n", namespace)
    found = namespace["backward"](**{name: known[name] for name in derivation.parameters})
    seeds = [(step.tensor, g) for step, g in zip(program.outputs, upstream, strict=True)]
    truth = gradients(seeds)
    wanted = {
        step.name: truth.get(step.tensor, np.zeros_like(step.value))
        for step in program.inputs
        if step.name.partition("[")[0] not in problem.data
    }
    return {name: np.asarray(eval(f"d{name}", found)) for name in wanted}, wanted


def assert_right(
    problem: Problem, inputs: Mapping[str, Any], dialect: str = "numpy", where: str = ""
) -> Derivation:
    """Derives, and compares every input's gradient with the engine's."""
    derivation = derive(problem, inputs, dialect=dialect)
    assert_gradients(problem, derivation, inputs, dialect, where)
    return derivation


def assert_gradients(
    problem: Problem,
    derivation: Derivation,
    inputs: Mapping[str, Any],
    dialect: str,
    where: str = "",
) -> None:
    """Compares every input's gradient with the engine's."""
    found, wanted = given_gradients(problem, derivation, inputs, dialect)
    for name, truth in wanted.items():
        said = f"{where} d{name}\n{derivation}"
        assert found[name].shape == truth.shape, said
        largest = max(1.0, float(np.max(np.abs(truth), initial=0.0)))
        np.testing.assert_allclose(found[name], truth, rtol=0, atol=1e-11 * largest, err_msg=said)


@cache
def derivation_of(name: str, *, closed: bool = False, dialect: str | None = None) -> Derivation:
    """What is derived for one of `ALL`; in the dialect of its forward, unless told otherwise."""
    return derive(load(ALL[name]), closed=closed, dialect=dialect)


def with_derived_backward(name: str, into: Path, *, closed: bool = False) -> Problem:
    """The problem file of one of `ALL` with the derived backward, and without its own."""
    return with_backward(ALL[name], derivation_of(name, closed=closed), into)


def with_backward(file: Path, derivation: Derivation, into: Path) -> Problem:
    """The problem file with this backward, and without its own."""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    for node in ast.parse("".join(lines)).body:
        if isinstance(node, ast.FunctionDef) and node.name == "backward":
            del lines[node.lineno - 1 : node.end_lineno]
    target = into / file.name
    lines += ["\n\n", derivation.source]
    target.write_text("".join(lines), encoding="utf-8")
    return load(target)


def matches_golden(name: str, content: str) -> None:
    """Fails if `content` isn't what the golden file holds; BYHAND_GOLDEN=write writes it."""
    file = GOLDEN / name
    if os.environ.get("BYHAND_GOLDEN") == "write":
        file.write_text(content, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == content
