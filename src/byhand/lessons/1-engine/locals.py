"""1.7 The engine: local derivatives

An engine does not know your formula. It writes down what happens, one operation a line:
what was done, and to which values. That list is the tape. Here

    values[3] = values[0] * values[1]
    values[4] = values[3] + values[2]
    values[5] = tanh(values[4])
    values[6] = values[5] * values[0]

Backward goes through the tape from its end. `g` is what came back to the result of an
operation; `a` and `b` are the places of what went in. Fill in what each kind of operation
adds to the gradients of what went in. The loop does the rest.
"""

import numpy as np

data = ("x",)
TAPE = (("*", 0, 1), ("+", 3, 2), ("tanh", 4, 4), ("*", 5, 0))


def inputs(rng):
    return {"x": rng.normal(size=3)}


def forward(x):
    values = [x[0], x[1], x[2]]
    for op, a, b in TAPE:
        if op == "+":
            values.append(values[a] + values[b])
        elif op == "*":
            values.append(values[a] * values[b])
        else:
            values.append(np.tanh(values[a]))
    return values[-1]


def backward(values):
    dvalues = [0.0 for value in values]
    # The last value is the result: how much does it grow when it grows by 1?
    # BEGIN SOLUTION
    dvalues[-1] = 1.0
    # END SOLUTION
    for k in reversed(range(len(TAPE))):
        op, a, b = TAPE[k]
        out = k + 3
        g = dvalues[out]
        if op == "+":
            # BEGIN SOLUTION
            dvalues[a] += g
            dvalues[b] += g
            # END SOLUTION
        elif op == "*":
            # BEGIN SOLUTION
            dvalues[a] += g * values[b]
            dvalues[b] += g * values[a]
            # END SOLUTION
        else:
            # BEGIN SOLUTION
            dvalues[a] += g * (1 - values[out] ** 2)
            # END SOLUTION
