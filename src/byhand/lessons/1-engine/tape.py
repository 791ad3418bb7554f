"""1.7 The engine: play it yourself

An engine does not know your formula. It writes down what happens, operation by
operation, and gives each value a place instead of a name. That list is the
tape. Be the engine: go back over it, from the last operation to the first.

Begin with a zero for each value and a 1 for the last. Then two short lines for
each product or sum, and one for tanh: to the gradient of what went in, *add*
its share of the gradient of the result, beginning with `dvalues[5] += ...`.

values[0] is used twice. The three elements of x are the first three values, so
`dx` is an array of the first three gradients.
"""

import numpy as np


def inputs(rng):
    return {"x": rng.normal(size=3)}


def forward(x):
    values = [x[0], x[1], x[2]]
    values.append(values[0] * values[1])  # values[3]
    values.append(values[3] + values[2])  # values[4]
    values.append(np.tanh(values[4]))  # values[5]
    values.append(values[5] * values[0])  # values[6]
    return values[-1]


def backward(values):
    # BEGIN SOLUTION
    dvalues = [0.0 for value in values]
    dvalues[6] = 1.0

    dvalues[5] += dvalues[6] * values[0]
    dvalues[0] += dvalues[6] * values[5]

    dvalues[4] += dvalues[5] * (1 - values[5] ** 2)

    dvalues[3] += dvalues[4]
    dvalues[2] += dvalues[4]

    dvalues[0] += dvalues[3] * values[1]
    dvalues[1] += dvalues[3] * values[0]

    dx = np.array(dvalues[:3])
    # END SOLUTION
