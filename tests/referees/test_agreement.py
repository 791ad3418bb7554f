"""Referees that share no rule, and the engine, must find the same gradients for every step."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from referee_forwards import CASES, NUMPY_CASES, TORCH_CASES, Case

from byhand import referees
from byhand.errors import RefereeError
from byhand.program.problem import load
from byhand.program.trace import trace_problem
from byhand.referees.referee import Gradient
from byhand.referees.rehearsal import rehearse
from byhand.values.arrays import speaks_torch
from random_forwards import RandomForward, random_forwards
from sweeps import SWEEP, a_few, some

EPS = np.finfo(float).eps


def apart(a: Gradient, b: Gradient, floor: float) -> float:
    """How far two referees are apart, in units of what their errors allow."""
    off = 0.0
    for first, second in ((a, b), (b, a)):
        if first.direction is not None and second.places is None:
            way, slope, error = first.direction
            allowed = error + float(np.sum(np.abs(way) * (second.error + floor)))
            off = abs(float(np.sum(way * second.value)) - slope) / max(allowed, 1e-300)
        if first.places is not None and second.places is None:
            second = Gradient(
                second.value.ravel()[first.places], second.error.ravel()[first.places], first.places
            )
            return max(off, apart(first, second, floor))
    assert a.value.shape == b.value.shape == a.error.shape == b.error.shape
    allowed = a.error + b.error + floor
    return max(off, float(np.max(np.abs(a.value - b.value) / allowed, initial=0.0)))


def found(name: str, case: Case) -> dict[tuple[str, int], Gradient]:
    inputs = deepcopy(case.inputs)  # whatever one does to them, the next finds them unchanged
    gradients = dict(referees.find(name)(case.problem, inputs, case.keys, case.upstream))
    assert list(gradients) == list(case.keys)
    assert all(np.isfinite(g.value).all() for g in gradients.values())
    return gradients


def who_can(case: Case) -> tuple[str, ...]:
    return ("engine", "finite", "torch", *(() if speaks_torch(case.inputs) else ("jax",)))


def compare(case: Case, names: tuple[str, ...]) -> None:
    by = {referee: found(referee, case) for referee in names}
    # What cancels in a gradient is of the size of the largest gradients.
    largest = max(float(np.max(np.abs(g.value), initial=0)) for g in by[names[-1]].values())
    floor = 64 * EPS * largest
    for key in case.keys:
        for i, one in enumerate(names):
            for other in names[i + 1 :]:
                off = apart(by[one][key], by[other][key], floor)
                assert off <= 1, f"{one} and {other} differ on d{key[0]} ({key[1]}) by {off:.2g}"


@pytest.mark.parametrize("name", a_few(CASES))
def test_every_referee_finds_the_same(name: str) -> None:
    case = CASES[name]
    names = ("engine", "torch") if name == "torch_detached" else who_can(case)
    # The engine keeps an index array, not a copy: it does not see that this one is changed later.
    compare(case, names[1:] if name == "counted" else names)


@settings(max_examples=15, deadline=None)
@given(random_forwards(longest=5))
def test_random_forwards(drawn: RandomForward) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"random_{uuid4().hex}.py"
        file.write_text(drawn.source + "\n\ndef inputs(rng):\n    return {}\n", encoding="utf-8")
        problem = load(file)
        keys = tuple(rehearse(problem, drawn.inputs).values)
        case = Case(problem, drawn.inputs, keys, (np.ones(()),))
        compare(case, who_can(case))


@pytest.mark.parametrize("name", CASES)
def test_the_steps_are_those_of_the_tracer(name: str) -> None:
    case = CASES[name]
    traced = [
        (step.name, step.binding) for step in trace_problem(case.problem, deepcopy(case.inputs))
    ]
    assert list(case.keys) == traced


PAIRS = [
    pytest.param(referee, name, marks=[pytest.mark.long] if referee == "jax" else [])
    for referee in ("finite", "torch", "jax")
    for name in CASES
    if not (referee == "jax" and name in TORCH_CASES)  # jax runs NumPy forwards
    if (referee, name) != ("finite", "torch_detached")  # they don't see what is detached
]


@pytest.mark.parametrize(("referee", "name"), a_few(PAIRS))
def test_a_few_steps_alone_have_the_same_gradients(referee: str, name: str) -> None:
    case = CASES[name]
    few = case.keys[::-3]
    find = referees.find(referee)
    alone, together = find(case.problem, case.inputs, few, case.upstream), find(*case.asked)
    assert list(alone) == list(few)
    for key in few:
        np.testing.assert_allclose(alone[key].value, together[key].value, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("referee", ["finite", "torch", "jax"])
@pytest.mark.parametrize("name", ["in_place", "counted"])
def test_inputs_are_left_as_they_were(name: str, referee: str) -> None:
    case = NUMPY_CASES[name]
    before = {name: value.copy() for name, value in case.inputs.items()}
    referees.find(referee)(*case.asked)
    for name, value in before.items():
        np.testing.assert_array_equal(case.inputs[name], value)


TESTS = Path(__file__).parents[1]
PROBLEMS = sorted([*TESTS.glob("problems/*.py"), *TESTS.glob("deriving/forwards/*.py")])


LARGE = ("lstm", "transformer_block")

SMALL = [file for file in PROBLEMS if file.stem not in LARGE]
LARGE_ONES = [pytest.param(file, marks=SWEEP) for file in PROBLEMS if file.stem in LARGE]


def each_of(files: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("file", [*files, *LARGE_ONES], ids=lambda file: file.stem)


@each_of(a_few(SMALL))
def test_problem_files(file: Path) -> None:
    """At a tie each library has a way of its own; of finite differences the error covers all."""
    compare(case_of(file), ("engine", "finite", *(() if file.stem == "ties" else ("torch",))))


@pytest.mark.long  # each is compiled anew
@each_of(some(SMALL))
def test_problem_files_in_jax(file: Path) -> None:
    case = case_of(file)
    if "jax" in who_can(case) and file.stem != "ties":
        compare(case, ("engine", "jax"))


def case_of(file: Path) -> Case:
    problem = load(file)
    inputs = problem.inputs()
    program = trace_problem(problem, inputs)
    keys = tuple((step.name, step.binding) for step in program)
    return Case(problem, inputs, keys, program.upstream())


def test_jax_refuses_a_problem_in_pytorch() -> None:
    with pytest.raises(
        RefereeError, match="this problem is in PyTorch: use --referee torch"
    ) as error:
        referees.find("jax")(*TORCH_CASES["torch_mlp"].asked)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("referee", ["finite", "torch", "jax"])
def test_a_step_that_is_not_there(referee: str) -> None:
    case = NUMPY_CASES["rebound"]
    with pytest.raises(RefereeError, match="binding 4 of h isn't there"):
        referees.find(referee)(case.problem, case.inputs, [("h", 3)], case.upstream)


def test_an_unknown_referee() -> None:
    with pytest.raises(RefereeError, match="engine, finite, torch, jax"):
        referees.find("tensorflow")
