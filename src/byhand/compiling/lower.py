"""Products as the kernel takes them: rows of the right matrix and of the result contiguous."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from byhand.compiling.buffer import Buffer
from byhand.compiling.statements import COPY, Loop, MatrixProduct, Statement, Transposition, Window


def lowered(statements: list[Statement], buffers: list[Buffer]) -> list[Statement]:
    """The statements with products made ready; it may add buffers."""
    found: list[Statement] = []
    for statement in statements:
        if isinstance(statement, MatrixProduct):
            found.extend(_ready(_batch_as_rows(statement), buffers))
        elif not isinstance(statement, Loop) or 0 not in statement.shape:
            found.append(statement)
    return found


def _batch_as_rows(product: MatrixProduct) -> MatrixProduct:
    """Axes of the batch along which the right matrix stays the same, as more rows of the left."""
    while product.batch:
        size, m = product.batch[-1], product.sizes[0]
        along = [w.strides[-3] for w in (product.target, product.left)]
        down = [w.strides[-2] * m for w in (product.target, product.left)]
        if (product.right.strides[-3] or along != down) and size > 1:
            return product
        if size == 1:
            along = [0, 0]
        views = [_without(w, -3) for w in (product.target, product.left, product.right)]
        product = replace(
            product,
            batch=product.batch[:-1],
            sizes=(size * m, *product.sizes[1:]),
            target=views[0],
            left=views[1],
            right=views[2],
        )
    return product


def _without(view: Window, axis: int) -> Window:
    strides = list(view.strides)
    del strides[axis]
    return replace(view, strides=tuple(strides))


def _ready(product: MatrixProduct, buffers: list[Buffer]) -> list[Statement]:
    _, n, k = product.sizes
    kind = buffers[product.target.buffer].dtype.str
    if product.right.strides[-1] == 1 or n == 1:
        return [product]
    base = np.empty((*product.batch, k, n), kind)
    copy = Buffer(len(buffers), base, constant=False)
    buffers.append(copy)
    view = copy.view(base)
    return [_copied(product, view, kind), replace(product, right=view)]


def _copied(product: MatrixProduct, to: Window, kind: str) -> Statement:
    """The right matrix copied to a view in which its rows are contiguous."""
    (_, n, k), right = product.sizes, product.right
    if right.strides[-2] == 1:
        flipped = replace(right, strides=(*right.strides[:-2], right.strides[-1], 1))
        return Transposition(product.batch, (n, k), to, flipped, product.line)
    shape = (*product.batch, k, n)
    return Loop(shape, to, COPY, (right,), (kind,), kind, line=product.line)
