"""The program: a forward as named steps."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from byhand.engine import Tensor
from byhand.engine.backward import computed_first_to_last
from byhand.ops.op import Op
from byhand.torch_dialect.tensor import TorchTensor
from byhand.values import tree
from byhand.values.arrays import Array, is_jax
from byhand.values.precision import float_type, name_of


@dataclass(frozen=True, eq=False)
class Step:
    """A named value of a forward: an input, or what one assignment gave.

    `name` is the name that was assigned to, or `hs[2]` for an element of a list. `binding` counts
    the steps of one name from 0. `line` and `source` are None and "" for an input. `ops` are the
    ops between this step and the `inputs`, the names it was computed from.
    """

    name: str
    binding: int
    line: int | None
    source: str
    tensor: Tensor = field(repr=False)
    ops: tuple[Op, ...]
    inputs: tuple[str, ...]

    @property
    def value(self) -> Array:
        return self.tensor.value

    @property
    def op(self) -> str:
        """The names of the ops, in the order in which they ran; "input" for an input."""
        return ", ".join(op.name for op in self.ops) or ("input" if self.line is None else "copy")

    @property
    def is_another(self) -> bool:
        """Whether it is a value that has another name, or is no result."""
        return self.tensor.op is None or self.tensor.op.name == "positive"

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    def __str__(self) -> str:
        line = "" if self.line is None else f"{self.line}: "
        shape = " x ".join(map(str, self.shape)) or "scalar"
        return f"{line}{self.name} ({shape}) = {self.op}({', '.join(self.inputs)})"


@dataclass(frozen=True, eq=False)
class Program:
    """What `byhand.trace` makes of a forward.

    `inputs` are the float inputs and `steps` the assignments, in order; `program["probs"]` is the
    last step of that name. `outputs` are the steps that forward returned. `locals` holds everything
    forward had a name for at its end, as plain values. `casts` are the lines on which forward
    casts to another float type than it is run in, with that type: `locals` follow that, the steps
    don't. An input of a type narrower than float32 that is PyTorch's counts as a cast on line 0.
    `at_an_edge`: numbers that forward compares by size, as in `x > 0`, are equal somewhere.
    `entered` are the simple statements that were run.
    """

    file: str
    inputs: tuple[Step, ...]
    steps: tuple[Step, ...]
    outputs: tuple[Step, ...]
    locals: Mapping[str, Any] = field(repr=False)
    casts: tuple[tuple[int, str], ...] = ()
    at_an_edge: bool = False
    entered: frozenset[ast.stmt] = field(default=frozenset(), repr=False)

    @cached_property
    def bindings(self) -> Mapping[str, tuple[Step, ...]]:
        """The steps of each name, in the order in which they were bound."""
        found: dict[str, tuple[Step, ...]] = {}
        for step in self.inputs + self.steps:
            found[step.name] = (*found.get(step.name, ()), step)
        return found

    @cached_property
    def by_key(self) -> Mapping[tuple[str, int], Step]:
        """The steps by name and binding."""
        return {(step.name, step.binding): step for step in self}

    @cached_property
    def named(self) -> frozenset[Tensor]:
        """The tensors that are steps."""
        return frozenset(step.tensor for step in self)

    @cached_property
    def tensors(self) -> tuple[Tensor, ...]:
        """The steps and all they were computed from, every tensor after its arguments."""
        return tuple(computed_first_to_last([step.tensor for step in self]))

    @cached_property
    def reached(self) -> frozenset[Tensor]:
        """The tensors from which the outputs were computed: all others have no gradient."""
        return frozenset(computed_first_to_last([step.tensor for step in self.outputs]))

    @cached_property
    def owners(self) -> Mapping[Tensor, tuple[str, ...]]:
        """The steps that each recorded tensor is part of: its own name, or those it leads to."""
        named = {step.tensor: step.name for step in self}
        owners: dict[Tensor, tuple[str, ...]] = {}
        for tensor in self.tensors[::-1]:
            mine = (named[tensor],) if tensor in named else owners.get(tensor, ())
            owners[tensor] = mine
            for arg in tensor.args:
                if isinstance(arg, Tensor):
                    owners[arg] = tuple(dict.fromkeys((*owners.get(arg, ()), *mine)))
        return owners

    @property
    def scalar(self) -> bool:
        """Whether forward returns one number: then its own gradient is 1."""
        return len(self.outputs) == 1 and self.outputs[0].value.ndim == 0

    def type_of(self, step: Step) -> str:
        """The float type of a step, as backward gets it."""
        try:
            root, path = tree.parsed(step.name)
            held = float_type(tree.get(self.locals.get(root), path))
        except (LookupError, TypeError, AttributeError, ValueError):  # it has no name any more
            held = None
        return held or name_of(step.value.dtype)

    @cached_property
    def in_torch(self) -> bool:
        """Whether forward is written in PyTorch."""
        return any(isinstance(step.tensor, TorchTensor) for step in self.inputs)

    @cached_property
    def in_jax(self) -> bool:
        """Whether forward is written in JAX."""
        return any(is_jax(self.locals.get(tree.root(step.name))) for step in self.inputs)

    def __getitem__(self, name: str) -> Step:
        try:
            return self.bindings[name][-1]
        except KeyError:
            raise KeyError(
                f"{name} is neither a float input nor a step: {', '.join(self.bindings)}"
            ) from None

    def __contains__(self, name: object) -> bool:
        return name in self.bindings

    def __iter__(self) -> Iterator[Step]:
        return iter(self.inputs + self.steps)

    def __str__(self) -> str:
        return "\n".join(map(str, self))

    def upstream(self, seed: int = 0, *, of_a_loss: bool | None = None) -> tuple[Array, ...]:
        """The gradient of each output: random numbers, but 1 for a loss, as a scalar is one if
        nothing else is said."""
        if self.scalar if of_a_loss is None else of_a_loss:
            return (np.ones_like(self.outputs[0].value),)
        rng = np.random.default_rng([seed, 1])
        return tuple(rng.normal(size=step.shape).astype(step.value.dtype) for step in self.outputs)
