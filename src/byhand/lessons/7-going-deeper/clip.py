"""7.9 A derivation of your own: clipping by the norm

The usual remedy for exploding gradients: if a gradient g is longer than `limit`,
it is scaled down to that length; its direction stays.

Clipping is a formula like any other, so one can go back over it. Write `dg` and
`dlimit` for a g that is longer than the limit. Derive it on paper first: what
can't matter is the length of g. So what must dg be at right angles to?
"""

import numpy as np


def inputs(rng, *, n=6):
    return {"g": rng.normal(size=n) * 3 + 1, "limit": np.array(rng.uniform(0.5, 1.0))}


def forward(g, limit):
    norm = np.sqrt((g**2).sum())
    unit = g / norm
    clipped = limit * unit
    return clipped


def backward(limit, norm, unit, dclipped):
    # BEGIN SOLUTION
    dlimit = (dclipped * unit).sum()
    dunit = limit * dclipped
    dg = (dunit - unit * (dunit * unit).sum()) / norm
    # END SOLUTION
