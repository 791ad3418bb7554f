"""1.6 A derivation of your own: tanh from its parts

tanh is a quotient of exponentials. Go back over its parts, one by one; e is
used twice.

Then take pencil and paper: put your lines into one another until only t is
left in the formula for dx. The last exercise used what should come out. To
check: print both, or write the short form instead of your line for dx and
save.
"""

import numpy as np


def inputs(rng):
    return {"x": np.array(rng.normal())}


def forward(x):
    e = np.exp(2 * x)
    top = e - 1
    bottom = e + 1
    t = top / bottom
    return t


def backward(dt, e, bottom, t):
    # BEGIN SOLUTION
    dtop = dt / bottom
    dbottom = -dt * t / bottom
    de = dtop + dbottom
    dx = 2 * e * de
    # END SOLUTION
