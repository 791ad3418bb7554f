"""A forward run as it stands, with nobody looking on: what backward would find in real life."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from importlib import import_module
from types import CellType, FunctionType, MethodType
from typing import Any

import numpy as np

from byhand.engine.tensor import Tensor
from byhand.program.control_flow import run_plainly
from byhand.program.problem import Problem
from byhand.program.statements import Namespace
from byhand.values import tree
from byhand.values.arrays import is_array, is_float_array, is_jax, is_torch
from byhand.values.held import array


def plain_locals(problem: Problem, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that forward has a name for at its end, the inputs included.

    Forward may change what is in `inputs`. Raises StatementError if it raises.
    """
    forward = problem.forward
    if problem.in_jax:
        inputs = import_module("byhand.jax_dialect.arrays").in_jax(dict(inputs))
    given = {name: inputs[name] for name in forward.parameters if name in inputs}
    before = forward.namespace(given)
    _, namespace = run_plainly(forward, given)
    found = {
        name: value
        for name, value in namespace.items()
        if name in given or name not in before or value is not before[name]
    }
    return {**inputs, **found}


def inputs_of_their_own(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Copies of inputs, for a forward that may change them."""
    return tree.map(_copied, dict(inputs))


def _copied(leaf: Any) -> Any:
    if is_torch(leaf):
        return leaf.detach().clone()
    return leaf.copy(order="K") if is_array(leaf) else leaf


def agree(traced: Any, plain: Any, near: float = 0.0) -> bool:
    """Whether two floats or arrays of them are the same, but for rounding, or as `near` as that."""
    near = max(near, 1e-5)
    if is_torch(traced) and is_torch(plain):
        traced, plain = array(traced), array(plain)
    elif is_jax(plain):
        plain = array(plain)
    if not is_float_array(traced):
        return True
    plain = np.asarray(plain)
    if plain.dtype.kind != "f" or plain.shape != traced.shape:
        return False
    size = float(np.max(np.abs(traced), initial=0.0, where=np.isfinite(traced)))
    return bool(np.allclose(traced, plain, rtol=near, atol=near * size, equal_nan=True))


def hides(value: Any, namespace: Namespace, seen: frozenset[int] = frozenset()) -> bool:
    """Whether tensors may be in a value where no tree has leaves: in a function, an iterator.

    `namespace` is that of the forward that was traced.
    """
    return any(_hides(leaf, namespace, seen) for _, leaf in tree.leaves(value))


def _hides(leaf: Any, namespace: Namespace, seen: frozenset[int]) -> bool:
    here = id(leaf)
    match leaf:
        case Iterator():
            return True
        case MethodType():
            return tree.is_container(leaf.__self__)
        case partial():
            held: list[Any] = [leaf.func, *leaf.args, *leaf.keywords.values()]
        case FunctionType():
            if leaf.__globals__ is namespace:
                return True
            held = [each.cell_contents for each in leaf.__closure__ or () if each != CellType()]
        case _:
            return False
    if here in seen:
        return False
    if any(isinstance(each, Tensor) for _, each in tree.leaves(held)):
        return True
    return hides(held, namespace, seen | {here})
