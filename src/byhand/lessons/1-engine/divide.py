"""1.4 A quotient

`q = a / b`, and then the logarithm of its square. A quotient is a product with
1 / b, and 1 / b is b to the power of -1: the rules for products and powers are
all you need.

Before you write `db`: if a and b are positive and b grows, does q grow or
shrink?
"""

import numpy as np


def inputs(rng):
    return {"a": np.array(rng.uniform(0.5, 2)), "b": np.array(rng.uniform(0.5, 2))}


def forward(a, b):
    q = a / b
    s = q**2
    loss = np.log(s)
    return loss


def backward(a, b, q, s):
    # BEGIN SOLUTION
    ds = 1 / s
    dq = 2 * q * ds
    da = dq / b
    db = -dq * a / b**2
    # END SOLUTION
