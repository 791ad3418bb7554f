"""An op: one frozen record with its forward and the local derivative of each argument.

A local derivative (VJP) is plain Python over `(g, out, *inputs, **params)`: `g` is the upstream
gradient, in the shape of `out`. It is written with operators, NumPy functions and other ops, so
whatever answers those can be fed to it: arrays compute, other operands bound or print.

A rule never sums over a broadcast axis. It may return any shape that broadcasts with the argument's
own; whoever calls it fits the result to the argument (`byhand.engine.backward.fit`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import numpy as np

from byhand.ops import signs
from byhand.ops.axes import Relation, nothing
from byhand.ops.spelling import Spelling
from byhand.values.arrays import Array

Vjp: TypeAlias = Callable[..., Any]

Family = Literal["elementwise", "reduction", "shape", "linear", "indexing"]

Structure = Literal["elementwise", "reduction", "selection", "multilinear", "dense", "opaque"]
"""How an output element depends on the inputs, which is what bounding its rounding error needs:
`elementwise`: on the elements at the same (broadcast) place;
`reduction`: on a group along the axes in `axis`, each input element being in one group;
`selection`: on one input element, copied unchanged, or on none;
`multilinear`: a sum of products with one element of each argument, such as a matrix product;
`dense`: on any input element, in no simpler way;
`opaque`: in a way that nobody knows."""

Kink = Literal["", "arguments", "elements", "zero"]
"""Where a function has two slopes: where `arguments` are equal of which it takes one, where
`elements` along the axis are, at `zero`."""


class Operand:
    """What an op can be applied to besides an array: it decides what being applied means.

    No abstract class: `isinstance` is asked of it for every argument, and takes ten times as long
    of those.
    """

    __slots__ = ()

    def apply(self, op: Op, args: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
        """The result of `op` on `args`, of which at least one is an operand of this type."""
        raise NotImplementedError


@dataclass(frozen=True)
class Domain:
    """Where an argument may be sampled, so that the op is defined and smooth there."""

    name: str
    draw: Callable[[np.random.Generator, tuple[int, ...]], Array]


REAL = Domain("real", lambda rng, shape: rng.normal(size=shape))
POSITIVE = Domain("positive", lambda rng, shape: rng.uniform(0.3, 2.0, size=shape))
NONZERO = Domain(
    "nonzero", lambda rng, shape: rng.uniform(0.3, 2.0, shape) * rng.choice([-1.0, 1.0], shape)
)
UNIT = Domain("between -1 and 1", lambda rng, shape: rng.uniform(-0.9, 0.9, size=shape))
ABOVE_ONE = Domain("above 1", lambda rng, shape: rng.uniform(1.2, 3.0, size=shape))
BOOLEAN = Domain("boolean", lambda rng, shape: rng.random(shape) < 0.5)
INVERTIBLE = Domain(
    "invertible", lambda rng, shape: rng.normal(size=shape) * 0.3 + np.eye(shape[-1])
)
POSITIVE_DEFINITE = Domain("positive definite", lambda rng, shape: _spread(rng, shape))


def _spread(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    half = rng.normal(size=shape) * 0.3 + np.eye(shape[-1])
    return half @ half.mT


@dataclass(frozen=True)
class Sample:
    """One valid call of an op: the shape of each array argument, and the parameters."""

    shapes: tuple[tuple[int, ...], ...]
    params: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


def sample(*shapes: tuple[int, ...], **params: Any) -> Sample:
    return Sample(shapes, MappingProxyType(params))


@dataclass(frozen=True)
class Op:
    """A primitive: `forward(*arrays, **params)` and one VJP for each array argument.

    `vjps[i]` is `(g, out, *inputs, **params) -> gradient of inputs[i]`, or None for an argument
    that has no derivative. An op that takes any number of arrays (`variadic`) has one VJP for all,
    with the position first: `(i, g, out, *inputs, **params)`.

    What else there is to know of an op, and true at every size:

    numpy, torch: how code says it (`byhand.ops.spelling`). None for NumPy: it takes statements.
    None for PyTorch: as NumPy says it.
    aliases: other functions of NumPy's or PyTorch's that are this one, such as `torch.abs`.
    formula: what it is called in a formula, if not by its name: a sign, or a command of LaTeX.
    triton: the expression in a kernel of Triton, where it has one.
    scalar: the expression for one element, in Python with `math`, where it has one.
    noun: what a result of it is called, if not as the op is.
    sign: the sign of the result. poles: arguments at whose zeros the result isn't finite.
    quotient: usual forms of its derivative divide the result by the argument, such as `out / x`.
    axes: which lengths it makes equal.
    compares: for a comparison, the signs of x - y for which it holds.
    boolean: it gives booleans.
    kink: where it has no derivative, though it has one everywhere around.
    view: NumPy's result may share memory with an argument.
    permutes: every element of its argument is in the result once, whatever the elements are.
    exact: its result needs no rounding: numbers of its arguments, their negatives, whole numbers.
    indexed: an index says which elements it reads: one may be read more than once.
    scatters: its VJP writes into zeros.
    """

    name: str
    family: Family
    structure: Structure
    forward: Callable[..., Any] = field(repr=False)
    vjps: tuple[Vjp | None, ...] = field(repr=False)
    domains: tuple[Domain, ...] = field(repr=False)
    samples: tuple[Sample, ...] = field(repr=False)
    variadic: bool = False
    numpy: Spelling | None = None
    torch: Spelling | None = None
    aliases: tuple[str, ...] = ()
    formula: str = ""
    triton: str = ""
    scalar: str = ""
    noun: str = ""
    sign: signs.SignRule = signs.unknown
    poles: tuple[int, ...] = ()
    quotient: bool = False
    axes: Relation = nothing
    compares: str = ""
    boolean: bool = False
    kink: Kink = ""
    view: bool = False
    permutes: bool = False
    exact: bool = False
    indexed: bool = False
    scatters: bool = False

    def __call__(self, *args: Any, **params: Any) -> Any:
        for arg in args:
            if isinstance(arg, Operand):
                return arg.apply(self, without_lists(args), params)
        return self.forward(*args, **params)

    def vjp(self, position: int) -> Vjp | None:
        """The VJP of the argument at `position`, to be called as `(g, out, *inputs, **params)`."""
        if not self.variadic:
            return self.vjps[position]
        each = self.vjps[0]
        assert each is not None
        return lambda *args, **params: each(position, *args, **params)

    def domain(self, position: int) -> Domain:
        return self.domains[0 if self.variadic else position]

    @property
    def orders(self) -> bool:
        """Whether it tells which of two is larger: it changes where they are equal."""
        return ("<" in self.compares) != (">" in self.compares)

    @property
    def along_axes(self) -> bool:
        """Whether a parameter says along which axes it works."""
        return any({"axis", "axes"} & case.params.keys() for case in self.samples)

    @property
    def differentiable(self) -> bool:
        return any(vjp is not None for vjp in self.vjps)


def without_lists(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments with an array for a list of numbers, as NumPy makes one."""
    return tuple(np.asarray(a) if type(a) in (list, tuple) else a for a in args)
