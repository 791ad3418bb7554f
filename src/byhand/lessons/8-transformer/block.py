"""8.10 A transformer block

Both halves: attention and the small net, each behind a layer norm and each with a
way around it. Every piece of the backward you have written; here they are functions,
and each gives what its arguments get, in their order:

    linear_backward(dout, x, W)            dx, dW, db   of x @ W + b
    layer_norm_backward(dout, x, gain)     dx, dgain, dbias
    gelu_backward(dout, u)                 du
    attention_backward(dout, weights, qkv) dqkv

What is left to you is the order, and the sums where a value is read twice.
"""

import numpy as np

from byhand.zoo.layers import (
    attention,
    attention_backward,
    attention_weights,
    gelu,
    gelu_backward,
    layer_norm,
    layer_norm_backward,
    linear_backward,
)


def inputs(rng, *, n=2, time=4, heads=2, head=3, hidden=7):
    width = heads * head

    def weights(a, b):
        return rng.normal(size=(a, b)) / np.sqrt(a)

    return {
        "x": rng.normal(size=(n, time, width)),
        "gain1": rng.normal(size=width) * 0.2 + 1,
        "bias1": rng.normal(size=width) * 0.2,
        "Wqkv": weights(width, 3 * width),
        "bqkv": rng.normal(size=3 * width) * 0.2,
        "Wo": weights(width, width),
        "bo": rng.normal(size=width) * 0.2,
        "gain2": rng.normal(size=width) * 0.2 + 1,
        "bias2": rng.normal(size=width) * 0.2,
        "W1": weights(width, hidden),
        "b1": rng.normal(size=hidden) * 0.2,
        "W2": weights(hidden, width),
        "b2": rng.normal(size=width) * 0.2,
        "heads": heads,
    }


def forward(x, gain1, bias1, Wqkv, bqkv, Wo, bo, gain2, bias2, W1, b1, W2, b2, heads):
    time = x.shape[1]
    ahead = np.arange(time) > np.arange(time)[:, None]

    ln1 = layer_norm(x, gain1, bias1)
    qkv = ln1 @ Wqkv + bqkv
    weights = attention_weights(qkv, heads, ahead)
    mixed = attention(weights, qkv)
    middle = x + mixed @ Wo + bo

    ln2 = layer_norm(middle, gain2, bias2)
    u = ln2 @ W1 + b1
    g = gelu(u)
    out = middle + g @ W2 + b2
    return out


def backward(x, gain1, ln1, Wqkv, qkv, weights, mixed, Wo, middle, gain2, ln2, W1, u, g, W2, dout):
    # BEGIN SOLUTION
    dg, dW2, db2 = linear_backward(dout, g, W2)
    du = gelu_backward(dg, u)
    dln2, dW1, db1 = linear_backward(du, ln2, W1)
    through_net, dgain2, dbias2 = layer_norm_backward(dln2, middle, gain2)
    dmiddle = dout + through_net

    dmixed, dWo, dbo = linear_backward(dmiddle, mixed, Wo)
    dqkv = attention_backward(dmixed, weights, qkv)
    dln1, dWqkv, dbqkv = linear_backward(dqkv, ln1, Wqkv)
    through_attention, dgain1, dbias1 = layer_norm_backward(dln1, x, gain1)
    dx = dmiddle + through_attention
    # END SOLUTION
