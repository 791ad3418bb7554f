"""A transformer block: pre-norm, causal attention with several heads, and an MLP with GELU.

Radford et al., GPT-2 (2019), section 2.3. Closed form: the layers of Karpathy's llm.c (2024),
train_gpt2.c, `layernorm_backward`, `attention_backward`, `gelu_backward`, `matmul_backward` and
`residual_backward`, put together as in `gpt2_backward`.
"""

import numpy as np


def inputs(rng, *, n=2, time=5, heads=3, head=4, hidden=7):
    width = heads * head
    return {
        "x": rng.normal(size=(n, time, width)),
        "gain1": rng.normal(size=width) * 0.2 + 1,
        "bias1": rng.normal(size=width) * 0.2,
        "Wqkv": rng.normal(size=(width, 3 * width)) / np.sqrt(width),
        "Wo": rng.normal(size=(width, width)) / np.sqrt(width),
        "gain2": rng.normal(size=width) * 0.2 + 1,
        "bias2": rng.normal(size=width) * 0.2,
        "W1": rng.normal(size=(width, hidden)) / np.sqrt(width),
        "b1": rng.normal(size=hidden) * 0.2,
        "W2": rng.normal(size=(hidden, width)) / np.sqrt(hidden),
        "b2": rng.normal(size=width) * 0.2,
        "heads": heads,
    }


def forward(x, gain1, bias1, Wqkv, Wo, gain2, bias2, W1, b1, W2, b2, heads):
    n, time, width = x.shape
    head = width // heads

    mean1 = x.mean(axis=-1, keepdims=True)
    centred1 = x - mean1
    var1 = (centred1**2).mean(axis=-1, keepdims=True)
    inv1 = (var1 + 1e-5) ** -0.5
    normed1 = centred1 * inv1
    ln1 = normed1 * gain1 + bias1

    qkv = ln1 @ Wqkv
    split = qkv.reshape(n, time, 3, heads, head).transpose(2, 0, 3, 1, 4)
    q, k, v = split[0], split[1], split[2]  # (n, heads, time, head) each
    products = q @ k.swapaxes(-1, -2)
    scores = products / np.sqrt(head)
    ahead = np.triu(np.ones((time, time)), 1) > 0
    masked = np.where(ahead, -np.inf, scores)
    counts = np.exp(masked - masked.max(axis=-1, keepdims=True))
    weights = counts / counts.sum(axis=-1, keepdims=True)
    mixed = weights @ v
    joined = mixed.transpose(0, 2, 1, 3).reshape(n, time, width)
    middle = x + joined @ Wo

    mean2 = middle.mean(axis=-1, keepdims=True)
    centred2 = middle - mean2
    var2 = (centred2**2).mean(axis=-1, keepdims=True)
    inv2 = (var2 + 1e-5) ** -0.5
    normed2 = centred2 * inv2
    ln2 = normed2 * gain2 + bias2

    u = ln2 @ W1 + b1
    scale = np.sqrt(2 / np.pi)
    t = np.tanh(scale * (u + 0.044715 * u**3))
    gelu = 0.5 * u * (1 + t)
    out = middle + gelu @ W2 + b2
    return out


def backward(
    Wqkv, Wo, gain1, gain2, W1, W2, heads, inv1, normed1, ln1, q, k, v, weights, joined,
    inv2, normed2, ln2, u, scale, t, gelu, dout,
):  # fmt: skip
    n, time, width = normed1.shape
    head = width // heads

    dW2 = np.einsum("nti,ntj->ij", gelu, dout)
    db2 = dout.sum(axis=(0, 1))
    dgelu = dout @ W2.T
    slope = scale * (1 + 3 * 0.044715 * u**2)
    du = dgelu * 0.5 * (1 + t + u * (1 - t**2) * slope)
    dW1 = np.einsum("nti,ntj->ij", ln2, du)
    db1 = du.sum(axis=(0, 1))
    dln2 = du @ W1.T

    dgain2 = (dln2 * normed2).sum(axis=(0, 1))
    dbias2 = dln2.sum(axis=(0, 1))
    g2 = dln2 * gain2
    along2 = (g2 * normed2).mean(axis=-1, keepdims=True)
    dmiddle = dout + inv2 * (g2 - g2.mean(axis=-1, keepdims=True) - normed2 * along2)

    dWo = np.einsum("nti,ntj->ij", joined, dmiddle)
    djoined = dmiddle @ Wo.T
    dmixed = djoined.reshape(n, time, heads, head).transpose(0, 2, 1, 3)
    dv = weights.swapaxes(-1, -2) @ dmixed
    dweights = dmixed @ v.swapaxes(-1, -2)
    along = (weights * dweights).sum(axis=-1, keepdims=True)
    dproducts = weights * (dweights - along) / np.sqrt(head)
    dq = dproducts @ k
    dk = dproducts.swapaxes(-1, -2) @ q
    dqkv = np.stack([dq, dk, dv]).transpose(1, 3, 0, 2, 4).reshape(n, time, 3 * width)
    dWqkv = np.einsum("nti,ntj->ij", ln1, dqkv)
    dln1 = dqkv @ Wqkv.T

    dgain1 = (dln1 * normed1).sum(axis=(0, 1))
    dbias1 = dln1.sum(axis=(0, 1))
    g1 = dln1 * gain1
    along1 = (g1 * normed1).mean(axis=-1, keepdims=True)
    dx = dmiddle + inv1 * (g1 - g1.mean(axis=-1, keepdims=True) - normed1 * along1)
