"""Each probe finds what it is for, and nothing is found at fault in a right kernel."""

from __future__ import annotations

import inspect
import json
from typing import Any

import pytest
import torch
import wrong_kernels as wrong
from kernel_cases import NAMES, kernel
from kernels_of_tensors import kernel_of

import byhand.torch
from byhand.checking.report import Finding, Report
from byhand.kernels.bench import Bench
from byhand.kernels.findings import findings
from byhand.kernels.options import Options
from byhand.kernels.probes import PROBES
from sweeps import a_few

JUDGED = [probe for probe in PROBES if probe.name != "low-precision"]  # which only informs


def found(fn: Any, reference: Any, make: Any = wrong.inputs, **options: Any) -> list[Finding]:
    bench = Bench(kernel_of(fn, reference, make), Options(**options))
    assert bench.first.raised == ""
    assert not bench.first.wrong  # the plain comparison passes it
    return list(findings(bench))


def names(given: list[Finding]) -> set[str]:
    return {each.name for each in given if each.wrong}


@pytest.mark.parametrize("probe", JUDGED, ids=lambda probe: probe.name)
def test_each_finds_what_it_is_for_and_no_other_does(probe: Any) -> None:
    given = found(*wrong.WRONG[probe.name])
    assert names(given) == {probe.name}
    assert all(each.done and each.seen for each in given)


def test_memory_that_holds_something_else_each_time_is_told_as_that() -> None:
    assert names(found(wrong.Leftovers.apply, wrong.square)) == {"unwritten"}


@pytest.mark.parametrize("name", [n for n in wrong.WRONG if n not in ("never-ran", "upstream")])
def test_gradcheck_passes_them(name: str) -> None:
    """A referee that isn't ours: at these sizes and layouts they are right."""
    fn, _ = wrong.WRONG[name]
    wrong.Nondeterministic.calls = 0  # its third call is the one that differs
    random = torch.Generator().manual_seed(0)
    shapes = (4, 8), (8,)
    given = [torch.randn(shape, generator=random, dtype=torch.double) for shape in shapes]
    leaves = [each.requires_grad_() for each in given]
    assert torch.autograd.gradcheck(fn, leaves, fast_mode=True, nondet_tol=9.0)


def test_what_forward_saved_is_not_to_be_written_into() -> None:
    assert names(found(wrong.Saved.apply, wrong.square)) == {"in-place"}


def test_what_pytorch_refuses_to_read_again_is_for_information() -> None:
    given = found(wrong.SavedForBackward.apply, wrong.square)
    assert [(each.name, each.wrong) for each in given] == [("in-place", False)]
    assert given[0].seen == (
        "PyTorch refused the second, as the first wrote into what forward saved"
    )


@pytest.mark.parametrize("fn", [wrong.Output, wrong.SavedOutput])
def test_what_forward_gave_is_not_to_be_written_into(fn: Any) -> None:
    bench = Bench(kernel_of(fn.apply, wrong.product, wrong.inputs), Options())
    assert set(bench.first.wrong) == {0}
    assert names(list(findings(bench))) == {"in-place"}


def test_sizes_that_are_equal_hide_which_is_which() -> None:
    given = found(wrong.EqualSizes.apply, wrong.square)
    assert "alignment" in names(given)


def test_what_may_be_overwritten_is_the_users_to_say() -> None:
    assert not names(found(*wrong.WRONG["in-place"], allow_inplace=("upstream",)))


def test_another_order_of_adding_is_for_information() -> None:
    given = found(wrong.AnyOrder.apply, wrong.square, repeats=4)
    assert [(each.name, each.wrong) for each in given] == [("nondeterministic", False)]
    assert "as rounding may" in given[0].seen


def test_low_precision_is_for_information() -> None:
    (given,) = found(wrong.Square.apply, wrong.square, wrong.sixteen)
    assert (given.name, given.wrong) == ("low-precision", False)
    assert "times the reference's error" in given.seen
    assert "wider" not in given.seen

    def upcasts(x: Any, w: Any) -> Any:
        return (x.float() ** 2 * w).to(x.dtype)

    (given,) = found(wrong.Square.apply, upcasts, wrong.sixteen)
    assert "wider type itself (_to_copy, pow" in given.seen


def test_a_backward_that_forgets_its_upstream_is_right_for_ones() -> None:
    class Forgets(wrong.Square):
        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, w = ctx.saved_tensors
            return 2 * x * w, (g * x * x).sum(0)

    bench = Bench(kernel_of(Forgets.apply, wrong.square, wrong.inputs), Options())
    assert set(bench.first.wrong) == {"x"}
    assert "dx right for ones only" in next(
        each.seen for each in findings(bench) if each.name == "upstream"
    )


@pytest.mark.parametrize("name", a_few(NAMES))
def test_nothing_is_found_at_fault_in_a_right_kernel(name: str) -> None:
    case = kernel(name)
    bench = Bench(kernel_of(case.call, case.reference, case.inputs), Options())
    assert not bench.first.wrong
    assert names(list(findings(bench))) == set()


def test_a_report_has_them() -> None:
    given = tuple(found(*wrong.WRONG["in-place"]))
    report = Report("k.py", "PyTorch", "float64", 0.1, (), findings=given)
    assert not report.ok
    (shown,) = json.loads(report.to_json())["findings"]
    assert shown == {
        "name": "in-place",
        "done": "what the kernel was given was compared with a copy",
        "seen": "it wrote into upstream",
        "wrong": True,
    }
    assert "in-place: what the kernel was given" in str(report)


class Alternating(torch.autograd.Function):
    """Every other call of its backward is off by more than rounding explains, by less than shows
    at a glance."""

    calls = 0

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        (x,) = ctx.saved_tensors
        Alternating.calls += 1
        return 2 * x * dy * (1 + 1e-4 * (Alternating.calls % 2))


def test_what_alternates_is_seen_and_no_mistake_is_named() -> None:
    for start in range(2):
        Alternating.calls = start
        report = byhand.torch.check(
            Alternating, lambda rng: {"x": torch.from_numpy(rng.normal(size=5))}
        )
        assert [each.name for each in report.findings if each.wrong] == ["nondeterministic"]
        assert not any(row.mistake for row in report.rows)


class LastRowLeft(torch.autograd.Function):
    """The last row is never written: wrong already, whatever stood there."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        (x,) = ctx.saved_tensors
        dx = torch.empty_like(x)
        dx[:-1] = 2 * x[:-1] * dy[:-1]
        return dx


def test_what_isnt_written_is_said_where_it_is_wrong_already() -> None:
    def inputs(rng: Any, *, n: int = 4) -> dict[str, Any]:
        return {"x": torch.from_numpy(rng.normal(size=(n, 3)))}

    report = byhand.torch.check(LastRowLeft, inputs)
    assert not report.ok
    assert [each.name for each in report.findings if each.wrong] == ["unwritten"]
    assert report.roots == ("x",)
    lines = inspect.getsourcelines(LastRowLeft.backward)
    assert {row.line for row in report.rows} == {
        lines[1] + next(i for i, line in enumerate(lines[0]) if "dx[:-1]" in line)
    }
