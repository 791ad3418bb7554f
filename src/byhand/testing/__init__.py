"""Hand-written gradients in a test: `byhand.testing.assert_backward(forward, backward, inputs)`.

def test_gelu():
    byhand.testing.assert_backward(gelu, gelu_backward, {"x": x})
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from byhand.checking.report import Report
from byhand.program.problem import Inputs
from byhand.rendering.report.familiar import failure
from byhand.testing.judged import of_pair

__all__ = ["assert_backward"]


def assert_backward(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    inputs: Mapping[str, Any] | Sequence[Any] | Callable[..., Inputs],
    *,
    reference: Callable[..., Any] | None = None,
    referee: str = "engine",
    dtype: str | None = None,
    sizes: Mapping[str, int] | None = None,
    seed: int = 0,
) -> Report:
    """Passes if every gradient is right, with the report; else an AssertionError says what isn't.

    `forward` is NumPy or PyTorch, or compiled. `backward` is any callable whose parameters are
    named after what they take: inputs, locals of forward (or its outputs, where it is compiled), or
    the gradient of what it returns. Its answers are its locals `d<name>` or a returned dict, or
    what it returns, in the order of forward's arguments. Where it is Python, its statements are
    judged one by one; else what it returns, and what else hides bugs of compiled code.

    What is true follows from forward's own statements, or from those of a `reference` of the same
    arguments; for a compiled forward without one, from differences of its values. `inputs` are
    forward's arguments, by name or in order, or a function `(rng, *, n=8)` that draws them, whose
    `sizes` may be said here. The other options are those of `byhand.check`.

    Raises ProblemError if the two can't be checked.
    """
    __tracebackhide__ = True
    report = of_pair(
        forward,
        backward,
        inputs,
        reference=reference,
        referee=referee,
        dtype=dtype,
        sizes=sizes,
        seed=seed,
    )
    if not report.ok:
        raise AssertionError(failure(report))
    return report
