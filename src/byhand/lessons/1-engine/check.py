"""1.11 A check of your own

Turn a knob up a little, turn it down a little, and divide what the loss does
by the distance: this checks any gradient, and it needn't know how the loss is
computed. Here that is a box with knobs `x`, and you call it: `box(up)`.

Write the check for all knobs, one after the other, with a step of `h`. While
one knob is turned, all the others stay where they were.

The step is 1/1024, and the knobs stand at eighths: the computer adds and
multiplies such numbers without rounding, so every digit must be right.
"""

import numpy as np


def inputs(rng, *, knobs=4):
    return {"x": rng.integers(-16, 17, size=knobs) / 8}


def box(x):
    parts = x * np.arange(1, len(x) + 1)
    return (1 + parts.sum()) ** 2


def forward(x):
    loss = box(x)
    return loss


def backward(x):
    h = 1 / 1024
    # BEGIN SOLUTION
    dx = np.zeros_like(x)
    for i in range(len(x)):
        up, down = x.copy(), x.copy()
        up[i] += h
        down[i] -= h
        dx[i] = (box(up) - box(down)) / (2 * h)
    # END SOLUTION
