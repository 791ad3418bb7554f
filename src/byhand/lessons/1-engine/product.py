"""1.1 A product

The loss grows by 1 when p grows by 1; so dp and dc are 1, and stand there
already. By how much does the loss grow, for a small step of 1 in a? In b?

`da` is the gradient of the loss with respect to a. Save the file, and you are
told whether it is right.
"""

import numpy as np


def inputs(rng):
    return {name: np.array(rng.normal()) for name in ("a", "b", "c")}


def forward(a, b, c):
    p = a * b
    loss = p + c
    return loss


def backward(a, b):
    dp = 1.0
    dc = 1.0
    # BEGIN SOLUTION
    da = b * dp
    db = a * dp
    # END SOLUTION
