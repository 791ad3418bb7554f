"""7.6 Residual and skip connections

What a layer makes is not put in the place of what went in, it is added to it:
`xs[i + 1] = xs[i] + zs[i]`. And besides, every layer speaks to the output
directly, by its own matrix `Ss[i]`: the skip connections.

So `zs[i]` is used twice, and `xs[i]` is used twice. Write what stands in the loop:
`dzs[i]`, `dSs[i]`, `dWs[i]` and `dxs[i]`, from `dxs[i + 1]` and `dout`.
"""

import numpy as np

LAYERS = 3


def inputs(rng, *, n=6, width=5, classes=4):
    def weights(*shape):
        return [rng.normal(size=shape) / np.sqrt(width) for _ in range(LAYERS)]

    return {
        "x": rng.normal(size=(n, width)),
        "Ws": weights(width, width),
        "Ss": weights(width, classes),
        "S": rng.normal(size=(width, classes)) / np.sqrt(width),
    }


def forward(x, Ws, Ss, S):
    layers = len(Ws)
    xs = [x]
    zs = []
    for i in range(layers):
        zs.append(np.tanh(xs[i] @ Ws[i]))
        xs.append(xs[i] + zs[i])
    last = xs[layers]
    out = last @ S + sum(zs[i] @ Ss[i] for i in range(layers))
    return out


def backward(Ws, Ss, S, xs, zs, last, layers, dout):
    dS = last.T @ dout
    dlast = dout @ S.T
    dxs = [None] * layers + [dlast]
    dzs, dSs, dWs = [None] * layers, [None] * layers, [None] * layers
    for i in reversed(range(layers)):
        # BEGIN SOLUTION
        # z went on to the next layer as it was, and to the output by its own matrix.
        dzs[i] = dxs[i + 1] + dout @ Ss[i].T
        dSs[i] = zs[i].T @ dout
        da = (1 - zs[i] ** 2) * dzs[i]
        dWs[i] = xs[i].T @ da
        # x went through the layer, and around it.
        dxs[i] = dxs[i + 1] + da @ Ws[i].T
        # END SOLUTION
    dx = dxs[0]
