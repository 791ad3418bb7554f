"""7.4 The gated unit

WaveNet's own activation is a product of two: a tanh, which makes a proposal, and
a sigmoid between 0 and 1, the gate, which says how much of it gets through.

    out = tanh(x @ Wf) * sigmoid(x @ Wg)

Everything needed comes in two kinds here, and `x` is used twice. What does each
of the two factors get back?
"""

import numpy as np


def inputs(rng, *, n=7, features=5, hidden=4):
    return {
        "x": rng.normal(size=(n, features)),
        "Wf": rng.normal(size=(features, hidden)) / np.sqrt(features),
        "Wg": rng.normal(size=(features, hidden)) / np.sqrt(features),
    }


def forward(x, Wf, Wg):
    proposed = x @ Wf
    gated = x @ Wg
    proposal = np.tanh(proposed)
    gate = 1 / (1 + np.exp(-gated))
    out = proposal * gate
    return out


def backward(x, Wf, Wg, proposal, gate, dout):
    # BEGIN SOLUTION
    # Each factor gets what came back, times the other one.
    dproposal = dout * gate
    dgate = dout * proposal
    dproposed = (1 - proposal**2) * dproposal
    dgated = gate * (1 - gate) * dgate  # the derivative of the sigmoid
    dWf = x.T @ dproposed
    dWg = x.T @ dgated
    dx = dproposed @ Wf.T + dgated @ Wg.T
    # END SOLUTION
