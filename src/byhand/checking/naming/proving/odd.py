"""Where to look first: the locals of backward that hold no gradient.

A long backward has locals whose names tell nothing, such as `gc` and `dh_next`. But what such a
local should hold is the gradient of some value of forward, named or not, or the share of it that
one use brings; and all of those are known. So backward is run on the true gradients, and the first
local that holds none of them is where a mistake was made, or next to where. That is no proof, and
only says in which order to look for one.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from byhand.checking.judging.isolated_run import Feeder, Plan, copied_all, usual_kind
from byhand.checking.judging.trial import Trial
from byhand.checking.running.names import loaded_names, touched_names
from byhand.checking.sampling.sample_inputs import Draw
from byhand.engine.backward import fit
from byhand.engine.tensor import Tensor
from byhand.program.control_flow import run
from byhand.program.statements import Namespace, Statement, StatementError
from byhand.values import tree
from byhand.values.arrays import Array
from byhand.values.held import array, float_array

CLOSE = 1e-9


def first_odd(trial: Trial, statements: tuple[ast.stmt, ...]) -> tuple[ast.stmt, ...]:
    """Of these statements the first that makes a local which holds no gradient, with those that
    make the locals which it reads; none where all hold some."""
    function = trial.run.function
    assert function is not None
    of_loss = not trial.run.upstream  # then what a gradient is made of may be values alone
    known = _known(trial.drawn, of_loss)
    answers = {tree.root(answer.local) for answer in trial.answers.found}
    made = {*answers, *trial.run.upstream}  # the locals that were made of gradients
    odd: list[ast.stmt] = []
    arrays: set[ast.stmt] = set()  # the statements that make some that aren't zero
    feeder = Feeder(Plan.of(trial.answers), trial.true_feeds, None, usual_kind(trial.run.given))

    def execute(statement: Statement, namespace: Namespace) -> None:
        feeder.execute(statement, namespace)
        node = statement.node
        if not (of_loss or made.intersection(name for name, _ in loaded_names(node))):
            return
        for name, rebinds in touched_names(node).items():
            if rebinds is None or name in answers:
                continue
            made.add(name)
            held = float_array(namespace.get(name))
            if held is not None and held.any():
                arrays.add(node)
            if not odd and node in statements and not _is_known(namespace.get(name), known):
                odd.append(node)

    with contextlib.suppress(StatementError), np.errstate(all="ignore"):
        run(function, function.namespace(copied_all(trial.run.given)), execute)
    near = [each for node in odd for each in _read_by(node, statements) if each in arrays]
    return (*sorted([*odd, *near], key=lambda each: not _passes_on(each)),)


def _passes_on(node: ast.stmt) -> bool:
    """Whether a statement only gives another name to what something else holds already: the
    gradient of that is known, whatever it is meant to be."""
    return isinstance(getattr(node, "value", None), ast.Name)


def _read_by(node: ast.stmt, statements: tuple[ast.stmt, ...]) -> Iterator[ast.stmt]:
    """The statements that make what a statement reads."""
    read = {name for name, _ in loaded_names(node)}
    for each in statements:
        touched = touched_names(each)
        if each is not node and any(touched.get(name) is not None for name in read):
            yield each


def _known(drawn: Draw, with_values: bool) -> dict[tuple[int, ...], Array]:
    """The gradients of all values of forward, the share of each use and what the other uses bring,
    by shape: each flat, in a row. If asked for with the values themselves, and their transposes."""
    found: dict[tuple[int, ...], list[Array]] = {}
    grads = drawn.true_gradients
    for tensor, gradient in grads.items():
        rows = found.setdefault(tensor.shape, [])
        rows.append(gradient.value)
        if with_values:
            rows.append(tensor.value)
            found.setdefault(tensor.shape[::-1], []).append(tensor.value.T)
        for position, arg in enumerate(tensor.args if tensor.op is not None else ()):
            vjp = tensor.op.vjp(position) if tensor.op and isinstance(arg, Tensor) else None
            if vjp is not None and arg in grads:
                values = tensor.arg_values
                full: Any = vjp(gradient.value, tensor.value, *values, **tensor.params)
                share = np.asarray(fit(np.asarray(full), arg.shape))
                found.setdefault(arg.shape, []).extend([share, grads[arg].value - share])
    return {shape: np.stack([row.ravel() for row in rows]) for shape, rows in found.items()}


def _is_known(value: Any, known: dict[tuple[int, ...], Array]) -> bool:
    """Whether a local holds a gradient of forward, of whatever sign, or nothing that could be
    one."""
    held = array(value)
    if held is None or held.dtype.kind != "f" or not held.any():
        return True
    rows = known.get(held.shape)
    if rows is None:
        return False
    size = float(np.max(np.abs(held), initial=0.0))
    off = (np.abs(rows + sign * held.ravel()) for sign in (-1, 1))
    return any(bool((each <= CLOSE * size).all(1).any()) for each in off)
