"""2.2 Broadcasting: a row times a column

`row` has the shape (1, m) and `column` (n, 1). Their product has the shape (n,
m): both were broadcast, along different axes.

A gradient has the shape of its value, also where an axis of it has the length
1.
"""

import numpy as np


def inputs(rng, *, n=5, m=3):
    return {"column": rng.normal(size=(n, 1)), "row": rng.normal(size=(1, m))}


def forward(column, row):
    table = column * row
    return table


def backward(column, row, dtable):
    # BEGIN SOLUTION
    dcolumn = (dtable * row).sum(axis=1, keepdims=True)
    drow = (dtable * column).sum(axis=0, keepdims=True)
    # END SOLUTION
