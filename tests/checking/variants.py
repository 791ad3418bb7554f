"""Other right ways to write a backward: edits of its syntax tree that only rounding can tell apart.

A rule is two pieces of source text, in which names that start with an underscore stand for any
expression: `_a @ _b` for one, `np.dot(_a, _b)` for the other. Every place in a backward that looks
like the first makes a variant, with the second in its place.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from textwrap import indent
from typing import Any

import numpy as np

# Expressions.
EXPRESSIONS: dict[str, tuple[str, ...]] = {
    "_a @ _b": (
        "np.dot(_a, _b)",
        "np.matmul(_a, _b)",
        "np.tensordot(_a, _b, 1)",
        "np.einsum('ij,jk->ik', _a, _b)",
        "(_b.T @ _a.T).T",
        "np.ascontiguousarray(_a) @ np.asfortranarray(_b)",
        "_a[:, ::-1] @ _b[::-1]",
        "_a[:, ::2] @ _b[::2] + _a[:, 1::2] @ _b[1::2]",
        "(_a[:, :, None] * _b[None]).sum(axis=1)",
        "sum(np.outer(column, row) for column, row in zip(_a.T, _b))",
    ),
    "_a * _b": ("_b * _a", "np.multiply(_a, _b)", "-(-_a * _b)", "(2 * _a) * _b / 2"),
    "_a + _b": ("_b + _a", "np.add(_a, _b)", "_a - -_b", "-(-_a - _b)"),
    "_a - _b": ("_a + -1 * _b", "-(_b - _a)", "np.subtract(_a, _b)", "-1.0 * _b + _a"),
    "_a / _b": ("_a * (1 / _b)", "np.divide(_a, _b)", "-_a / -_b", "(_a / 3) / _b * 3"),
    "-_a": ("0 - _a", "-1 * _a", "np.negative(_a)", "_a * -1.0"),
    "_a**2": ("_a * _a", "np.square(_a)", "np.abs(_a) ** 2"),
    "_a**3": ("_a * _a * _a", "_a**2 * _a", "np.power(_a, 3)", "np.exp(3 * np.log(_a))"),
    "1 - _a**2": ("(1 - _a) * (1 + _a)", "(1 + _a) - _a * (1 + _a)"),
    "_a.sum(axis=0)": (
        "np.sum(_a, axis=0)",
        "_a[::-1].sum(axis=0)",
        "_a.T.sum(axis=1)",
        "_a[np.random.default_rng(0).permutation(len(_a))].sum(axis=0)",
        "_a[::2].sum(axis=0) + _a[1::2].sum(axis=0)",
        "np.add.reduce(_a)",
        "np.ones(len(_a), _a.dtype) @ _a",
        "np.einsum('ij->j', _a)",
        "_a.cumsum(axis=0)[-1]",
        "_a.mean(axis=0) * len(_a)",
        "sum(_a)",
    ),
    "_a.sum(axis=0, keepdims=True)": (
        "_a.sum(0)[None]",
        "_a.sum(axis=0).reshape(1, -1)",
        "_a[::-1].sum(axis=0, keepdims=True)",
        "np.expand_dims(np.einsum('ij->j', _a), 0)",
        "np.ones((1, len(_a)), _a.dtype) @ _a",
        "sum(row[None, :] for row in _a)",
        "_a.mean(axis=0, keepdims=True) * _a.shape[0]",
    ),
    "_a.sum(axis=1, keepdims=True)": (
        "_a.sum(1)[:, None]",
        "_a.T.sum(axis=0)[:, np.newaxis]",
        "_a[:, ::-1].sum(axis=-1, keepdims=True)",
        "_a @ np.ones((_a.shape[1], 1), _a.dtype)",
        "np.stack([row.sum(keepdims=True) for row in _a])",
        "np.array([[sum(row)] for row in _a])",
        "_a.mean(axis=1, keepdims=True) * _a.shape[1]",
    ),
    "np.zeros_like(_a)": ("_a * 0", "np.zeros(_a.shape, _a.dtype)", "np.full_like(_a, 0.0)"),
    "_a.reshape(_b)": ("np.reshape(_a, _b)", "_a.ravel().reshape(_b)"),
    "_a.copy()": ("np.array(_a)", "_a + 0", "_a * 1.0"),
    "_a == _b": ("np.equal(_a, _b)", "1 - (_a != _b)", "(_a == _b).astype(float)"),
}

# Statements.
STATEMENTS: dict[str, tuple[str, ...]] = {
    "_d = _a + _b": (
        "_d = np.zeros_like(_a + _b)\n_d += _a\n_d += _b",
        "_d = np.zeros_like(_a + _b)\n_d += _b\n_d[...] += _a",
        "_d = np.empty_like(_a + _b)\nnp.add(_a, _b, out=_d)",
        "_d = 0\n_d = _d + _a\n_d = _d + _b",
        "first, second = _a, _b\n_d = first + second",
    ),
    "_d = _a * _b": (
        "_d = np.ones_like(_a * _b)\n_d *= _a\n_d *= _b",
        "_d = np.empty_like(_a * _b)\nnp.multiply(_a, _b, out=_d)",
        "factor = _b\n_d = _a * factor",
        "_d = np.stack([(_a * _b)[i] for i in range(len(_a * _b))])",
    ),
    "_d = _a / _b": (
        "_d = np.array(_a / 1)\n_d /= _b",
        "_d = _a * 1\nnp.divide(_a, _b, out=_d)",
    ),
    "_d = -_a": ("_d = np.zeros_like(_a)\n_d -= _a", "_d = np.array(_a)\n_d *= -1"),
    "_d = _a @ _b": (
        "_d = np.zeros((len(_a), _b.shape[1]), _b.dtype)\n"
        "for i in range(len(_a)):\n    _d[i] = _a[i] @ _b",
        "_d = np.zeros((len(_a), _b.shape[1]), _b.dtype)\n"
        "for k in range(len(_b)):\n    _d += _a[:, k, None] * _b[k]",
        "_d = np.empty((len(_a), _b.shape[1]), _b.dtype)\nnp.matmul(_a, _b, out=_d)",
        "half = len(_b) // 2\n_d = _a[:, half:] @ _b[half:]\n_d += _a[:, :half] @ _b[:half]",
    ),
    "_d = _a.sum(axis=0)": (
        "_d = np.zeros(_a.shape[1], _a.dtype)\nfor row in _a:\n    _d += row",
        "_d = np.array([column.sum() for column in _a.T])",
    ),
    "_d = _a": (
        "_d = np.empty_like(_a)\n_d[...] = _a",
        "_d = np.asfortranarray(_a)",
        "(_d := _a)",
        "_d: object = _a",
        "if True:\n    _d = _a\nelse:\n    _d = None",
        "def compute():\n    return _a\n_d = compute()",
        "_d = (lambda: _a)()",
        "[_d] = [_a]",
        "with np.errstate(all='ignore'):\n    _d = _a",
    ),
    "dlogprobs[rows, Y] = -1 / n": (
        "np.put_along_axis(dlogprobs, Y[:, None], -1 / n, axis=1)",
        "dlogprobs[np.arange(dlogprobs.shape[1]) == Y[:, None]] = -1 / n",
        "dlogprobs[rows, Y] -= 1 / n",
        "dlogprobs -= np.eye(dlogprobs.shape[1])[Y] / n",
        "dlogprobs.flat[rows * dlogprobs.shape[1] + Y] = -1 / n",
        "for i in range(n):\n    dlogprobs[i, Y[i]] = -1 / n",
        "np.add.at(dlogprobs, (rows, Y), -1 / n)",
    ),
    "dlogits[rows, logits.argmax(axis=1)] += dlogit_maxes[:, 0]": (
        "dlogits += (logits == logits.max(axis=1, keepdims=True)) * dlogit_maxes",
        "dlogits += np.where(logits < logits.max(1)[:, None], 0, dlogit_maxes)",
        "for i in range(n):\n    dlogits[i, logits[i].argmax()] += dlogit_maxes[i, 0]",
        "np.add.at(dlogits, (rows, logits.argmax(1)), dlogit_maxes.ravel())",
        "dlogits = dlogits + np.eye(logits.shape[1])[logits.argmax(1)] * dlogit_maxes",
    ),
    "np.add.at(dC, X, demb)": (
        "for i in range(len(X)):\n"
        "    for j in range(X.shape[1]):\n"
        "        dC[X[i, j]] += demb[i, j]",
        "dC += (X.ravel() == np.arange(len(C))[:, None]) @ demb.reshape(-1, C.shape[1])",
        "for row in range(len(C)):\n    dC[row] = demb[X == row].sum(axis=0)",
        "np.add.at(dC, X[::-1], demb[::-1])",
        "np.add.at(dC, X.ravel(), demb.reshape(X.size, -1))",
        "for k in range(C.shape[1]):\n"
        "    dC[:, k] = np.bincount(X.ravel(), demb[..., k].ravel(), len(C))",
        "dC = np.einsum('abv,abk->vk', X[..., None] == np.arange(len(C)), demb)",
        "for j in range(X.shape[1]):\n    np.add.at(dC, X[:, j], demb[:, j])",
    ),
}


@dataclass(frozen=True)
class Variant:
    """A problem file with an edited backward, and what was edited."""

    source: str
    edits: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.edits)


@dataclass(frozen=True)
class Edit:
    """What a statement of the backward may be replaced by, and by which rule."""

    rule: str
    code: str


def covering_variants(file: Path) -> Iterator[Variant]:
    """Few variants that have every edit in them somewhere: one in every statement at a time."""
    edits = _edits(file)
    for turn in range(max(map(len, edits))):
        yield _variant(file, [each[turn % len(each)] for each in edits])


def random_variants(file: Path, count: int, seed: int) -> Iterator[Variant]:
    """Variants with a random edit in every statement."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield _variant(file, [each[rng.integers(len(each))] for each in _edits(file)])


def single_variants(file: Path) -> Iterator[Variant]:
    """One edit at a time: many variants, to find out which edit it was."""
    edits = _edits(file)
    for at, each in enumerate(edits):
        for edit in each[1:]:
            yield _variant(file, [edit if i == at else other[0] for i, other in enumerate(edits)])


def _variant(file: Path, chosen: list[Edit]) -> Variant:
    """The file up to the first statement of backward, which stands last in it; then the edits."""
    source = file.read_text()
    first = _backward(ast.parse(source)).body[0].lineno
    above = source.splitlines(keepends=True)[: first - 1]
    body = "\n".join(indent(edit.code, "    ") for edit in chosen)
    return Variant("".join(above) + body + "\n", tuple(e.rule for e in chosen if e.rule))


@lru_cache
def _edits(file: Path) -> list[list[Edit]]:
    """For every statement of the backward, what it may be replaced by: first of all, itself."""
    body = _backward(ast.parse(file.read_text())).body
    return [[Edit("", ast.unparse(node)), *_edits_of(node)] for node in body]


def _edits_of(statement: ast.stmt) -> Iterator[Edit]:
    for old, news in {**EXPRESSIONS, **STATEMENTS}.items():
        places = len(list(_found([statement], _pattern(old))))
        for new in news:
            for place in range(places):
                block = copy.deepcopy([statement])
                holder, name, at, names = list(_found(block, _pattern(old)))[place]
                filled = [_filled(node, names) for node in ast.parse(new).body]
                if isinstance(holder, list):
                    holder[at : at + 1] = filled
                elif isinstance(held := getattr(holder, name), list):
                    held[at] = _value(filled)
                else:
                    setattr(holder, name, _value(filled))
                code = "\n".join(ast.unparse(ast.fix_missing_locations(node)) for node in block)
                yield Edit(f"{ast.unparse(statement)}:  {old}  ->  {new}", code)


def _backward(tree: ast.Module) -> ast.FunctionDef:
    found = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "backward"]
    return found[0]


def _value(statements: list[Any]) -> ast.expr:
    (statement,) = statements
    return statement.value


def _pattern(text: str) -> ast.AST:
    statement = ast.parse(text).body[0]
    is_expression = isinstance(statement, ast.Expr) and text in EXPRESSIONS
    return statement.value if is_expression else statement


Place = tuple[Any, str, int, dict[str, ast.expr]]


def _found(block: list[ast.stmt], pattern: ast.AST) -> Iterator[Place]:
    """Where a block looks like `pattern`: the node, field and index that hold it (or the block
    itself), and what its underscored names stand for."""
    for at, statement in enumerate(block):
        names: dict[str, ast.expr] = {}
        if _looks_like(statement, pattern, names):
            yield block, "", at, names
        for holder in ast.walk(statement):
            for name, held in ast.iter_fields(holder):
                for i, node in enumerate(held if isinstance(held, list) else [held]):
                    names = {}
                    if isinstance(node, ast.expr) and _looks_like(node, pattern, names):
                        yield holder, name, i, names


def _looks_like(node: Any, pattern: Any, names: dict[str, ast.expr]) -> bool:
    if isinstance(pattern, ast.Name) and pattern.id.startswith("_"):
        is_target = pattern.id == "_d"
        wanted = ast.Name if is_target else ast.expr
        names[pattern.id] = node
        return isinstance(node, wanted) and (not is_target or node.id.startswith("d"))  # type: ignore[attr-defined]
    if isinstance(pattern, list):
        return len(node) == len(pattern) and all(
            _looks_like(a, b, names) for a, b in zip(node, pattern, strict=True)
        )
    if not isinstance(pattern, ast.AST):
        return bool(node == pattern)
    return type(node) is type(pattern) and all(
        _looks_like(getattr(node, name), getattr(pattern, name), names) for name in pattern._fields
    )


def _filled(template: Any, names: dict[str, ast.expr]) -> Any:
    """`template` with expressions for its underscored names."""

    class Fill(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            if node.id not in names:
                return node
            new = copy.deepcopy(names[node.id])
            if isinstance(new, ast.Name):
                new.ctx = node.ctx
            return new

    return Fill().visit(template)
