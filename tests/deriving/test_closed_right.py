"""Closed forms of whole problems: put into the file, they are right."""

from __future__ import annotations

from pathlib import Path

import pytest
from deriving_cases import ALL, derivation_of, matches_golden, with_derived_backward

import byhand
from byhand.deriving.derive import LOOPS, NOTHING_SHORTER
from byhand.deriving.own_backward import compared
from byhand.program.problem import Problem, load, zoo
from byhand.rendering.derivation.steps import steps
from byhand.values.arrays import speaks_torch
from sweeps import a_few, some

CLOSED_BY_HAND = ("mlp_fused", "softmax_cross_entropy")
GOLDEN = ("lecture", "batch_norm_bessel", "softmax_cross_entropy", "attention")


@pytest.mark.parametrize("name", some(ALL, 2, now=3))
def test_every_problem_is_right(name: str, tmp_path: Path) -> None:
    """By the engine; that the referees agree on these forwards is shown where they are tested."""
    assert_right_by(with_derived_backward(name, tmp_path, closed=True), "engine")


def every_step_of_a_large_loop(name: str) -> bool:
    """Then a referee that runs forward often, or compiles it, takes long."""
    return name in zoo() and not derivation_of(name, closed=True).closed


@pytest.mark.long
@pytest.mark.parametrize("name", some(ALL, 6))
def test_every_problem_is_right_by_other_referees(name: str, tmp_path: Path) -> None:
    problem = with_derived_backward(name, tmp_path, closed=True)
    assert_right_by(problem, "torch")
    if not every_step_of_a_large_loop(name):
        assert_right_by(problem, "finite")


@pytest.mark.long
@pytest.mark.sweep
@pytest.mark.parametrize("name", ALL)
def test_every_problem_is_right_by_jax(name: str, tmp_path: Path) -> None:
    problem = with_derived_backward(name, tmp_path, closed=True)
    if not speaks_torch(problem.inputs()) and not every_step_of_a_large_loop(name):
        assert_right_by(problem, "jax")


def assert_right_by(problem: Problem, referee: str) -> None:
    report = byhand.check(problem, referee=referee)
    assert report.ok, f"{referee}\n{report}"
    assert {row.verdict for row in report.rows} <= {"exact", "rounding"}, f"{referee}\n{report}"


@pytest.mark.parametrize("name", a_few(zoo()))
def test_the_zoo_and_its_closed_form_agree(name: str) -> None:
    problem = load(name)
    derivation = derivation_of(name, closed=True)
    yours = compared(problem, problem.inputs(), derivation)
    assert yours is not None and yours.agree
    assert yours.cost is not None and derivation.cost is not None
    most = 1 if name in CLOSED_BY_HAND else 1.5
    assert derivation.cost.operations <= most * yours.cost.operations
    if derivation.closed:  # every step of a loop keeps what every step needs
        assert derivation.cost.bytes_kept <= most * yours.cost.bytes_kept


@pytest.mark.parametrize("name", a_few(ALL))
def test_it_saves_operations_or_says_that_it_is_every_step(name: str) -> None:
    found = derivation_of(name, closed=True)
    assert found.cost is not None
    said = {LOOPS, NOTHING_SHORTER} & set(found.notes)
    if found.closed:
        assert found.staged is not None and found.cost.operations <= found.staged.operations
        assert not said
    else:
        assert len(said) == 1 and found.staged is None


@pytest.mark.parametrize("name", GOLDEN)
def test_golden(name: str) -> None:
    matches_golden(f"closed_{name}.txt", steps(derivation_of(name, closed=True)) + "\n")
