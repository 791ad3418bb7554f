"""Codes that are true of a planted mistake because of what it does to the numbers.

A wrong operand may make the value twice as large, or leave out a factor that normalises: then that
is true of it as well. Compared are the value that the edited statement gave and the right one, and
the terms that the right one is the sum of.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from .edits import Edit, edits
from .source import Source, at, loads, statements, targets
from .truth import Sample, Values, as_array, differences, raises, run, wrong_results


def facts(edit: Edit, drawn: Sequence[Sample]) -> set[str]:
    """The codes that the numbers prove, on every draw that shows the mistake."""
    seen: list[tuple[Any, Any, Sample]] = []
    for sample in drawn:
        try:
            found = differences(edit.backward, sample)
        except Exception:
            return set()
        if found:
            _, wrong, right = found[0]
            if wrong is None or right is None:
                return set()
            seen.append((as_array(wrong), as_array(right), sample))
    if not seen:
        return set()
    codes: set[str] = set()
    if edit.kind == "dropped factor" and _gradients(edit.before) - _gradients(edit.after):
        codes.add("missing-upstream")
    if all(
        w.size == r.size and w.shape != r.shape and _same(w.reshape(r.shape), r) for w, r, _ in seen
    ):
        codes.add("keepdims")
    if all(r.ndim == 2 and w.shape == r.T.shape and _same(w, r.T) for w, r, _ in seen):
        codes.add("transposed")
    if any(w.shape != r.shape for w, r, _ in seen):
        return codes | ({"unknown"} if all(_spreads(w, r) for w, r, _ in seen) else set())
    if all(_same(w, 0 * r) for w, r, _ in seen):
        codes.add("missing-path")
    codes |= _ratio([(w, r) for w, r, _ in seen], [s for *_, s in seen])
    for term in _terms(edit):
        values = [_evaluated(term, edit, s) for *_, s in seen]
        if any(v is None or v.shape != r.shape for v, (_, r, _) in zip(values, seen, strict=True)):
            continue
        if all(_same(w, r - v) for v, (w, r, _) in zip(values, seen, strict=True)):
            codes |= {"missing-path"}
        if all(_same(w, r + v) for v, (w, r, _) in zip(values, seen, strict=True)):
            codes |= {"double-path"}
        pairs = [(w - r + v, v) for v, (w, r, _) in zip(values, seen, strict=True)]
        codes |= _ratio(pairs, [s for *_, s in seen])
    if "factor" in codes and edit.kind == "dropped factor" and _squared(edit):
        codes.add("missing-path")  # a product with itself has two paths, of which half is one
    return codes | _passed_on(edit, seen) | _part_of_it(edit) | _undone_otherwise(edit, drawn)


def _spreads(wrong: Any, right: Any) -> bool:
    """Whether all that is the matter is that a value isn't copied along an axis."""
    try:
        return _same(np.broadcast_to(wrong, right.shape), right)
    except ValueError:
        return False


def _gradients(text: str) -> set[str]:
    """The gradients that a statement reads."""
    return set(re.findall(r"\bd[A-Za-z]\w*", text.partition("=")[2]))


def _squared(edit: Edit) -> bool:
    """Whether forward multiplies the value with itself."""
    names = {name.removeprefix("d") for name in edit.writes}
    return any(
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Mult)
        and isinstance(node.left, ast.Name)
        and isinstance(node.right, ast.Name)
        and node.left.id == node.right.id
        and node.left.id in names
        for node in ast.walk(edit.source.forward)
    )


def _part_of_it(edit: Edit) -> set[str]:
    """Another gradient that is a term of the right one leaves out the paths of the other terms."""
    if edit.kind != "wrong upstream":
        return set()
    before, after = (
        [n.id for n in ast.walk(ast.parse(t)) if isinstance(n, ast.Name)]
        for t in (edit.before, edit.after)
    )
    for right, wrong in zip(before, after, strict=True):
        for s in statements(edit.source.backward.body):
            if right != wrong and right in targets(s) and wrong in _added(s):
                return {"missing-path"}
    return set()


def _added(statement: ast.stmt) -> set[str]:
    """The names that a statement adds up, as they are or copied."""
    value = getattr(statement, "value", None)
    terms = _split(value) if isinstance(value, ast.expr) else []
    return {name for term in terms if len(found := loads(term) - {"np"}) == 1 for name in found}


def _undone_otherwise(edit: Edit, drawn: Sequence[Sample]) -> set[str]:
    """Codes of other slips that, undone in the edited statement, make all right again."""
    if edit.kind not in ("wrong operand", "wrong upstream", "wrong exponent"):
        return set()
    place = [at(s) for s in statements(edit.source.backward.body)].index(edit.statement)
    edited = Source(edit.source.path, edit.source.with_backward(edit.backward))
    found: set[str] = set()
    for undone in edits(edited, drawn[0], only=place):
        if undone.kind in ("wrong operand", "wrong upstream", "wrong exponent") and not (
            any(raises(undone.backward, s) for s in drawn)
            or wrong_results(undone.backward, list(drawn))
        ):
            found |= undone.codes
    return found


def _passed_on(edit: Edit, seen: Sequence[tuple[Any, Any, Sample]]) -> set[str]:
    """A gradient that is read, handed on as it is."""
    statement = _statement(edit)
    for name in loads(statement):
        if all(
            name in s.right
            and not isinstance(s.right[name], list)
            and as_array(s.right[name]).shape == w.shape
            and _same(w, as_array(s.right[name]))
            for w, _, s in seen
        ):
            return {"missing-local"}
    return set()


def _ratio(pairs: Sequence[tuple[Any, Any]], drawn: Sequence[Sample]) -> set[str]:
    """What is true where the first is so many times the second."""
    ratios = [_constant(w, r) for w, r in pairs]
    if all(c is not None for c in ratios):
        cs = [c for c in ratios if c is not None]
        if max(cs) - min(cs) <= 1e-7 * abs(cs[0]):
            return {"sign"} if abs(cs[0] + 1) < 1e-7 else {"factor"}
        near = all(
            min(abs(c - k) for n in s.sizes.values() for k in (n / (n - 1 or 1), (n - 1) / n))
            < 1e-7
            for c, s in zip(cs, drawn, strict=True)
        )
        return {"bessel"} if near else {"unnormalised", "mean-for-sum"}
    return (
        {"unnormalised"} if any(_by_value(pairs, drawn, name) for name in drawn[0].given) else set()
    )


def _constant(w: Any, r: Any) -> float | None:
    size = float(np.sum(r * r))
    if size == 0 or w.shape != r.shape:
        return None
    c = float(np.sum(w * r)) / size
    return c if _same(w, c * r) and abs(c) > 1e-9 else None


def _by_value(pairs: Sequence[tuple[Any, Any]], drawn: Sequence[Sample], name: str) -> bool:
    """Whether a column of forward's is the factor between them."""
    for power in (-1, 1):
        for (w, r), s in zip(pairs, drawn, strict=True):
            value = s.given.get(name)
            if (
                not hasattr(value, "shape")
                or as_array(value).dtype.kind != "f"
                or 1 not in as_array(value).shape
            ):
                break
            with np.errstate(all="ignore"):
                try:
                    if not _same(w, r * as_array(value) ** power):
                        break
                except ValueError:
                    break
        else:
            return True
    return False


def _terms(edit: Edit) -> list[ast.expr]:
    """The terms that the right statement adds up."""
    statement = _statement(edit)
    value = getattr(statement, "value", None)
    if not isinstance(value, ast.expr):
        return []
    return _split(value)


def _split(node: ast.expr) -> list[ast.expr]:
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            return [*_split(left), *_split(right)]
        case ast.BinOp(left=left, op=ast.Mult() as op, right=right):
            a, b = _split(left), _split(right)
            return [ast.BinOp(x, op, y) for x in a for y in b]
        case ast.BinOp(left=left, op=ast.Div() as op, right=right):
            return [ast.BinOp(x, op, right) for x in _split(left)]
        case _:
            return [node]


def _statement(edit: Edit) -> ast.stmt:
    return next(s for s in statements(edit.source.backward.body) if at(s) == edit.statement)


def _evaluated(term: ast.expr, edit: Edit, sample: Sample) -> Any:
    """The value of a term just before the right statement runs (the first time that it does)."""
    code = compile(ast.fix_missing_locations(ast.Expression(term)), "<term>", "eval")
    order = [at(s) for s in statements(edit.source.backward.body)]
    found: list[Any] = []
    count = iter(range(10**9))
    place = order.index(edit.statement)

    def look(ns: Values) -> None:
        if next(count) == place - 1 or (place == 0 and not found):
            found.append(as_array(eval(code, ns)))

    try:
        with np.errstate(all="ignore"):
            run(edit.source.backward, sample, look)
    except Exception:
        return None
    return found[0] if found else None


def _same(a: Any, b: Any) -> bool:
    with np.errstate(all="ignore"):
        size = max(float(np.max(np.abs(a), initial=0)), float(np.max(np.abs(b), initial=0)))
        return bool(np.all(np.abs(a - b) <= 1e-8 * size + 1e-14))
