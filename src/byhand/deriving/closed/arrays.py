"""The arrays of a ring: what is computed alike is one object, so that it can be told apart fast."""

# Trees and recorded values have parts of any type.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np

from byhand.codegen.lengths import Lengths
from byhand.codegen.notes import where
from byhand.codegen.recording import Recording
from byhand.deriving.closed.bases import ForwardValue
from byhand.deriving.closed.facts import Rule
from byhand.deriving.closed.numbers import ForwardNames
from byhand.deriving.closed.poly import Poly
from byhand.deriving.closed.terms import Base, Factor, View
from byhand.engine.tensor import Tensor
from byhand.values.arrays import is_array


class Arrays:
    """Finds or makes bases and factors. `spelled` has arrays of forward that are known by more."""

    def __init__(self, recording: Recording, lengths: Lengths) -> None:
        forward = recording.problem.forward
        self.lengths = lengths
        self.words = ForwardNames({**forward.globals, **recording.program.locals})
        self.notes = recording.notes
        self.in_torch = recording.program.in_torch
        self.inputs = {step.tensor for step in recording.program.inputs}
        self.called = {step.tensor: step.name for step in recording.program}
        self.bases: dict[Hashable, Base] = {}
        self.factors: dict[tuple[int, View], Factor] = {}
        self.ages: dict[int, int] = {}
        self.owners: dict[Tensor, Tensor] = {}
        self.same: dict[Hashable, Tensor] = {}
        self.ranges: dict[int, Any] = {}
        self.spelled: dict[Base, Any] = {}
        self.one_rows: dict[Base, Rule] = {}
        """That every row of a one-hot array adds up to 1."""
        self.zero_outside: dict[tuple[Factor, Factor], bool] = {}
        """Whether a value is 0 wherever a mask is."""

    def base(self, key: Hashable, make: Callable[[], Base]) -> Base:
        found = self.bases.get(key)
        if found is None:
            found = self.bases[key] = make()
            self.ages[id(found)] = len(self.ages)
        return found

    def factor(self, base: Base, view: View) -> Factor:
        key = (self.ages[id(base)], view)
        found = self.factors.get(key)
        if found is None:
            # By the age of the base, and then by the view: products come out in forward's order.
            found = self.factors[key] = Factor(base, view, len(self.factors))
        return found

    def given(self, tensor: Tensor) -> Base:
        """What was computed twice in the same way is one value."""
        own = self.owners.get(tensor)
        if own is None:
            own = self.owners[tensor] = self.same.setdefault(self._made_by(tensor), tensor)
        return self.base(
            ("given", id(own)), lambda: ForwardValue(own.value.shape, own.value, tensor=own)
        )

    def _made_by(self, tensor: Tensor) -> Hashable:
        if tensor.op is None:
            return id(tensor)
        args = tuple(
            id(self.owners.get(a, a)) if isinstance(a, Tensor) else where(a) or repr(a)
            for a in tensor.args
        )
        return tensor.op.name, args, param_key(tensor.params)

    def arange(self, n: int) -> Any:
        """0, 1, ..., n - 1: the same array for the same n."""
        return self.ranges.setdefault(n, np.arange(n))


def is_input(base: Base) -> bool:
    return isinstance(base, ForwardValue) and base.tensor is not None and base.tensor.op is None


def param_key(params: Mapping[str, Any]) -> Hashable:
    def each(value: Any) -> Hashable:
        if isinstance(value, (tuple, list)):
            return tuple(map(each, value))
        if isinstance(value, Poly):
            return value.key
        if is_array(value):
            return where(value) or id(value)
        if isinstance(value, slice):
            return ("slice", value.start, value.stop, value.step)
        return value if isinstance(value, Hashable) else id(value)

    return tuple(sorted((k, each(v)) for k, v in params.items()))
