# pyright: basic
"""A jaxpr run again, on the engine's tensors in the place of its float inputs.

What depends on no tensor is a NumPy array. JAX spells a broadcast out, which NumPy's operators do
by themselves; so it waits until something else than an operator wants to have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from byhand.engine.tensor import Tensor
from byhand.errors import UnsupportedError
from byhand.jax_dialect.primitives import ELEMENTWISE, RULES, number


@dataclass(frozen=True, eq=False)
class Broadcast:
    """`small`, which an operator broadcasts to `shape`."""

    small: Any
    shape: tuple[int, ...]

    def whole(self) -> Any:
        return np.broadcast_to(self.small, self.shape)


class Watch(Protocol):
    """Somebody who looks on: `cast` hears of every change of type, and `copied` says what a copy of
    a value is."""

    def cast(self, old: str, new: str) -> None: ...

    def copied(self, value: Any) -> Any: ...


def replay(jaxpr: Any, constants: Sequence[Any], inputs: Sequence[Any], watch: Watch) -> list[Any]:
    """The results of a jaxpr.

    Raises UnsupportedError for a primitive that has no rule.
    """
    known: dict[Any, Any] = {}

    def read(var: Any) -> Any:
        return plain(var.val) if hasattr(var, "val") else known[var]

    known.update(zip(jaxpr.constvars, map(plain, constants), strict=True))
    known.update(zip(jaxpr.invars, inputs, strict=True))
    for equation in jaxpr.eqns:
        given = [read(var) for var in equation.invars]
        found = _results(equation, given, watch)
        known.update(zip(equation.outvars, found, strict=True))
    return [_whole(read(var)) for var in jaxpr.outvars]


def plain(value: Any) -> Any:
    """A constant of a jaxpr as NumPy has it; what NumPy doesn't have, such as a key, as it is."""
    if isinstance(value, Tensor):
        return value
    try:
        return np.asarray(value)
    except TypeError:
        return value


def _whole(value: Any) -> Any:
    return value.whole() if isinstance(value, Broadcast) else value


def _results(equation: Any, given: list[Any], watch: Watch) -> Sequence[Any]:
    name, params = equation.primitive.name, equation.params
    shape = tuple(getattr(equation.outvars[0].aval, "shape", ()))
    if name == "broadcast_in_dim":
        return [_spread(given[0], shape, params["broadcast_dimensions"])]
    if name in ELEMENTWISE:
        small = [g.small if isinstance(g, Broadcast) else g for g in given]
        given = small if _fits(small, shape) else list(map(_whole, given))
        given = list(map(_scalar, given))
    else:
        given = list(map(_whole, given))
    if name == "copy":
        return [watch.copied(given[0])]
    if name == "convert_element_type":
        watch.cast(str(equation.invars[0].aval.dtype), np.dtype(params["new_dtype"]).name)
    if name in _CONTROL:
        return _CONTROL[name](given, params, watch)
    if name in _CALLS:
        called = next(params[each] for each in _CALLED if each in params)
        jaxpr, constants = _closed(called)
        return replay(jaxpr, constants, given, watch)
    followed = any(isinstance(each, Tensor) for each in given)
    if not followed and name not in RULES:
        return _by_jax(equation, given)
    if name not in RULES:
        raise UnsupportedError(
            f"JAX's {name} has no rule here: its derivative isn't known to byhand's engine"
        )
    try:
        found = RULES[name](given, params, equation)
    except NotImplementedError:
        if followed:
            raise UnsupportedError(f"JAX's {name} has no rule for what is asked of it") from None
        return _by_jax(equation, given)
    return found if isinstance(found, list) else [found]


def _scalar(value: Any) -> Any:
    """A constant without axes as a Python number, which leaves other numbers their type."""
    constant = isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind == "f"
    return value.item() if constant else value


def _fits(small: list[Any], shape: tuple[int, ...]) -> bool:
    return np.broadcast_shapes(*(np.shape(each) for each in small)) == shape


def _spread(value: Any, shape: tuple[int, ...], axes: Sequence[int]) -> Any:
    value = _whole(value)
    placed = [1] * len(shape)
    for axis, length in zip(axes, np.shape(value), strict=True):
        placed[axis] = length
    if list(axes) != list(range(len(shape) - len(axes), len(shape))):
        new = [axis for axis in range(len(shape)) if axis not in axes]
        value = np.expand_dims(value, tuple(new))
    return value if np.shape(value) == shape else Broadcast(value, shape)


def _by_jax(equation: Any, given: list[Any]) -> Sequence[Any]:
    """What JAX itself says of arrays that nothing is differentiated by."""
    found = equation.primitive.bind(*given, **equation.params)
    found = found if equation.primitive.multiple_results else [found]
    return [plain(each) for each in found]


_CALLS = frozenset(
    (
        *("jit", "pjit", "closed_call", "core_call", "checkpoint", "remat", "remat2"),
        *("custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr"),
    )
)
"""Primitives that call a jaxpr: a jitted function, the primal of a custom rule."""

_CALLED = ("call_jaxpr", "fun_jaxpr", "jaxpr")


def _closed(jaxpr: Any) -> tuple[Any, Sequence[Any]]:
    """A jaxpr with its constants; some equations hold one that has none."""
    return (jaxpr.jaxpr, jaxpr.consts) if hasattr(jaxpr, "consts") else (jaxpr, ())


# Control flow, unrolled.

LONGEST = 1000


def _scan(given: list[Any], params: Any, watch: Watch) -> Sequence[Any]:
    consts, carried = params["num_consts"], params["num_carry"]
    fixed, carry = given[:consts], given[consts : consts + carried]
    items, length = given[consts + carried :], params["length"]
    body = _closed(params["jaxpr"])
    rows: list[Any] = [None] * length
    for i in reversed(range(length)) if params["reverse"] else range(length):
        found = replay(*body, [*fixed, *carry, *(x[i] for x in items)], watch)
        carry, rows[i] = found[:carried], found[carried:]
    return [*carry, *(np.stack([row[k] for row in rows]) for k in range(len(rows[0])))]


def _while(given: list[Any], params: Any, watch: Watch) -> Sequence[Any]:
    cut, more = params["cond_nconsts"], params["body_nconsts"]
    rounds = 0
    asked, fixed, carry = given[:cut], given[cut : cut + more], given[cut + more :]
    condition, body = _closed(params["cond_jaxpr"]), _closed(params["body_jaxpr"])
    while bool(np.asarray(number(replay(*condition, [*asked, *carry], watch)[0]))):
        carry = replay(*body, [*fixed, *carry], watch)
        rounds += 1
        if rounds > LONGEST:  # it may never end, on inputs that it isn't made for
            raise UnsupportedError(f"a while_loop takes more than {LONGEST} rounds")
    return carry


def _cond(given: list[Any], params: Any, watch: Watch) -> Sequence[Any]:
    which, *rest = given
    branches = params["branches"]
    chosen = _closed(branches[int(np.clip(number(which), 0, len(branches) - 1))])
    return replay(*chosen, rest, watch)


_CONTROL: dict[str, Any] = {"scan": _scan, "while": _while, "cond": _cond}
