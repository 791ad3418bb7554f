"""`@byhand.problem`: marks a function of a test file as a problem, for the pytest plugin to check.

    @byhand.problem(dtypes=["float64", "float32"], sizes=[{"n": 7}, {"n": 64}])
    def gelu():
        return (forward, backward), inputs

Nothing is imported and nothing runs here: the function stays what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from types import FunctionType
from typing import Any, TypeVar, overload

Marked = TypeVar("Marked", bound=Callable[..., Any])


@dataclass(frozen=True)
class Variant:
    """How a problem is tried once: None, or nothing, is as it comes."""

    dtype: Any = None
    sizes: Mapping[str, int] = field(default_factory=dict[str, int])
    layout: str | None = None

    @property
    def name(self) -> str:
        """`float32-n=7`."""
        sizes = [f"{name}={size}" for name, size in self.sizes.items()]
        kind = getattr(self.dtype, "__name__", str(self.dtype)).removeprefix("torch.")
        layout = [] if self.layout is None else [self.layout]
        return "-".join([*([] if self.dtype is None else [kind]), *sizes, *layout])


@dataclass(frozen=True)
class ProblemMark:
    """What `@byhand.problem` was given."""

    inputs: Any = None
    dtypes: Sequence[Any] = ()
    sizes: Sequence[Mapping[str, int]] = ()
    layouts: Sequence[str] = ()
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def variants(self) -> Iterator[Variant]:
        """Every dtype at all sizes in every layout; one as it comes where nothing was said."""
        every = product(self.dtypes or (None,), self.sizes or ({},), self.layouts or (None,))
        yield from (Variant(*each) for each in every)


@overload
def problem(function: Marked, /) -> Marked: ...
@overload
def problem(
    *,
    inputs: Any = None,
    dtypes: Sequence[Any] = (),
    sizes: Sequence[Mapping[str, int]] = (),
    layouts: Sequence[str] = (),
    **options: Any,
) -> Callable[[Marked], Marked]: ...
def problem(function: Any = None, /, **given: Any) -> Any:
    """Marks a function as a problem, which pytest then checks.

    The function returns `(fn, inputs)`: a pair `(forward, backward)`, an `autograd.Function`, a
    `custom_vjp` or another callable, and its inputs; or a `Problem`. Fixtures and
    `pytest.mark.parametrize` work on it as on any test. Or it is itself a forward, with its
    `NAME_backward` (or `backward`) in the same module; its inputs are `inputs`, or drawn by
    `NAME_inputs` (or `inputs`) there, or proposed.

    Each of `dtypes` at each of `sizes` (such as `{"n": 7}`) in each of `layouts` (transposed,
    strided, sliced, expanded) is a test. Other options are those of
    the check: `byhand.check`, `byhand.torch.check` or `byhand.jax.check`.
    """
    known = {"inputs", "dtypes", "sizes", "layouts"}
    options = {name: value for name, value in given.items() if name not in known}
    mark = ProblemMark(**{n: v for n, v in given.items() if n in known}, options=options)

    def marked(function: Any) -> Any:
        function.__dict__[_MARK] = mark
        return function

    return marked if function is None else marked(function)


_MARK = "__byhand_problem__"


def mark_of(value: object) -> ProblemMark | None:
    """The mark of a function, if it has one. Any object may be asked, and none is run."""
    return value.__dict__.get(_MARK) if isinstance(value, FunctionType) else None
