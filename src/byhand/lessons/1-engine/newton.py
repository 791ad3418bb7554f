"""1.9 A derivation of your own: through a loop

Newton's way to a square root: from a guess x, go to the mean of x and a / x.
After a few rounds nothing changes any more. The loop is a tape like any other,
and a is used in every round of it.

Go back from the last guess to the first, and collect `da` on the way.

Then on paper: what should da be, if the last guess is the square root of a?
And what is the local derivative of one round with respect to its guess, when
the guess is right already? So which of the rounds have a hand in da? Print
`dxs`, and see.
"""

import numpy as np

ROUNDS = 5


def inputs(rng):
    return {"a": np.array(rng.uniform(1, 3)), "guess": np.array(rng.uniform(1, 3))}


def forward(a, guess):
    xs = [guess]
    for _ in range(ROUNDS):
        xs.append((xs[-1] + a / xs[-1]) / 2)
    return xs[-1]


def backward(a, xs):
    # BEGIN SOLUTION
    dxs = [0.0 for x in xs]
    dxs[-1] = 1.0
    da = 0.0
    for k in reversed(range(len(xs) - 1)):
        dxs[k] = dxs[k + 1] * (1 - a / xs[k] ** 2) / 2
        da += dxs[k + 1] / (2 * xs[k])
    dguess = dxs[0]
    # END SOLUTION
