# pyright: basic
"""What is to be checked: a `custom_vjp`, or a function that calls one, and its arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from byhand.errors import ProblemError, in_one_line
from byhand.program.functions import file_of, name_of
from byhand.program.problem import did_you_mean, dimensions_of
from byhand.values import tree
from byhand.values.arrays import is_array, is_jax


@dataclass(frozen=True, eq=False)
class JaxSubject:
    """A function with a hand-written backward somewhere in it.

    `call` is what a user calls, `primal` the same without the hand-written backward. `rules` is
    the custom_vjp itself, None where it is called somewhere inside. `names` are the arguments,
    `handed` the places of its `nondiff_argnums`.
    """

    name: str
    file: str
    call: Callable[..., Any]
    primal: Callable[..., Any]
    rules: Any
    names: tuple[str, ...]
    handed: tuple[int, ...] = ()

    @property
    def untouched(self) -> frozenset[str]:
        """The arguments that bwd is handed, and gives no gradient for."""
        return frozenset(self.names[place] for place in self.handed)


def subject_of(f: Any) -> JaxSubject:
    """What `f` is. Raises ProblemError for what can't be checked."""
    f = _unjitted(f)
    if isinstance(f, jax.custom_vjp):
        if getattr(f, "fwd", None) is None or getattr(f, "bwd", None) is None:
            raise ProblemError(
                f"{name_of(f)} has no rules: give it some by {name_of(f)}.defvjp(fwd, bwd)"
            )
        handed = tuple(i % len(_names(f.fun)) for i in f.nondiff_argnums)
        return JaxSubject(name_of(f), file_of(f.bwd), f, f.fun, f, _names(f.fun), handed)
    if not callable(f):
        raise ProblemError(f"{f!r} can't be checked: give a jax.custom_vjp or a function")
    return JaxSubject(name_of(f), file_of(f), f, f, None, _names(f))


def _unjitted(f: Any) -> Any:
    """The custom_vjp that was jitted."""
    inner = getattr(f, "__wrapped__", None)
    return inner if isinstance(inner, jax.custom_vjp) and not isinstance(f, jax.custom_vjp) else f


@dataclass(frozen=True, eq=False)
class Arguments:
    """How the arguments of a subject are drawn: `make(rng, **sizes)` gives them by name, NumPy's
    arrays for JAX's. `sizes` are those that it can be asked for."""

    make: Callable[..., dict[str, Any]]
    sizes: Mapping[str, int]


def given_by(subject: JaxSubject, args: Any) -> Arguments:
    """The arguments as a user gives them: a tuple, a dict by name, or a function that draws one."""
    sizes = dimensions_of(args, subject.file) if callable(args) else {}

    def make(rng: np.random.Generator, **chosen: int) -> dict[str, Any]:
        try:
            drawn = args(rng, **chosen) if callable(args) else args
        except Exception as error:
            raise ProblemError(f"{subject.name}: args raised {in_one_line(error)}") from error
        named = _by_name(subject, drawn)
        values = {n: tree.map(_as_array, each) for n, each in named.items()}
        return {n: named[n] if n in subject.untouched else v for n, v in values.items()}

    return Arguments(make, sizes)


def _by_name(subject: JaxSubject, drawn: Any) -> dict[str, Any]:
    names = subject.names
    if isinstance(drawn, Mapping):
        for name in drawn:
            if name not in names:
                raise ProblemError(
                    f"{subject.name} has no argument {name}: {', '.join(names)}"
                    f"{did_you_mean(str(name), names)}"
                )
        return {name: drawn[name] for name in names if name in drawn}
    if not isinstance(drawn, (tuple, list)):
        drawn = (drawn,)
    if len(drawn) > len(names):
        raise ProblemError(
            f"{subject.name} takes {len(names)} arguments, but is given {len(drawn)}"
        )
    return dict(zip(names, drawn, strict=False))


def _as_array(leaf: Any) -> Any:
    """A number is an array of its value, as JAX has it."""
    if is_jax(leaf):
        return np.array(leaf)
    number = isinstance(leaf, (int, float, np.generic)) and not isinstance(leaf, bool)
    return np.asarray(leaf) if number else leaf


def is_of_floats(value: Any) -> bool:
    """Whether an argument is a tree of arrays of which one is of floats: JAX wants a gradient."""
    leaves = [leaf for _, leaf in tree.leaves(value)]
    return all(map(is_array, leaves)) and any(leaf.dtype.kind == "f" for leaf in leaves)


def is_of_arrays(value: Any) -> bool:
    leaves = [leaf for _, leaf in tree.leaves(value)]
    return bool(leaves) and all(map(is_array, leaves))


def _names(f: Any) -> tuple[str, ...]:
    try:
        signature = inspect.signature(f)
    except (TypeError, ValueError):
        raise ProblemError(
            f"the arguments of {name_of(f)} can't be read: wrap it in a `def` that names them"
        ) from None
    named = [p for p in signature.parameters.values() if p.kind is not p.KEYWORD_ONLY]
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in named):
        raise ProblemError(
            f"{name_of(f)} takes *args or **kwargs: wrap it in a `def` that names them"
        )
    return tuple(p.name for p in named)
