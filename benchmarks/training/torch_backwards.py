"""The backwards of the zoo, written in PyTorch: what autograd costs is what these save.

Each runs the model's forward and gives its loss and the gradient of every parameter, by name.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .torch_layers import (
    attention,
    attention_backward,
    attention_weights,
    batch_norm,
    batch_norm_backward,
    cross_entropy,
    embedding_backward,
    gelu,
    gelu_backward,
    layer_norm,
    layer_norm_backward,
    linear_backward,
)
from .torch_models import Parameters

Gradients = dict[str, Any]


def mlp(p: Parameters, X: Tensor, Y: Tensor) -> tuple[Tensor, Gradients]:
    """In closed forms, as `mlp_fused` has them."""
    emb = p["C"][X]
    embcat = emb.view(len(X), -1)
    normed, std_inv = batch_norm(embcat @ p["W1"] + p["b1"])
    h = torch.tanh(p["bngain"] * normed + p["bnbias"])
    loss, dlogits = cross_entropy(torch.softmax(h @ p["W2"] + p["b2"], 1), Y)

    d: Gradients = {}
    dh, d["W2"], d["b2"] = linear_backward(dlogits, h, p["W2"])
    dpre = (1 - h**2) * dh
    dhprebn, dgain, dbias = batch_norm_backward(dpre, normed, std_inv, p["bngain"])
    d["bngain"], d["bnbias"] = dgain[None], dbias[None]
    dembcat, d["W1"], d["b1"] = linear_backward(dhprebn, embcat, p["W1"])
    d["C"] = embedding_backward(dembcat.view(emb.shape), p["C"], X)
    return loss, d


def wavenet(p: Parameters, X: Tensor, Y: Tensor) -> tuple[Tensor, Gradients]:
    n = len(X)
    emb = p["C"][X]
    pairs1 = emb.view(n, 4, -1)
    normed1, std_inv1 = batch_norm(pairs1 @ p["W1"])
    h1 = torch.tanh(p["gain1"] * normed1 + p["bias1"])
    pairs2 = h1.view(n, 2, -1)
    normed2, std_inv2 = batch_norm(pairs2 @ p["W2"])
    h2 = torch.tanh(p["gain2"] * normed2 + p["bias2"])
    pairs3 = h2.view(n, -1)
    normed3, std_inv3 = batch_norm(pairs3 @ p["W3"])
    h3 = torch.tanh(p["gain3"] * normed3 + p["bias3"])
    loss, dlogits = cross_entropy(torch.softmax(h3 @ p["W4"] + p["b4"], 1), Y)

    d: Gradients = {}
    d["W4"] = h3.T @ dlogits
    d["b4"] = dlogits.sum(0)
    dh3 = dlogits @ p["W4"].T

    dpre3 = (1 - h3**2) * dh3
    da3, d["gain3"], d["bias3"] = batch_norm_backward(dpre3, normed3, std_inv3, p["gain3"])
    dpairs3 = da3 @ p["W3"].T
    d["W3"] = pairs3.T @ da3
    dh2 = dpairs3.view(h2.shape)

    dpre2 = (1 - h2**2) * dh2
    da2, d["gain2"], d["bias2"] = batch_norm_backward(dpre2, normed2, std_inv2, p["gain2"])
    dpairs2 = da2 @ p["W2"].T
    d["W2"] = torch.tensordot(pairs2, da2, dims=((0, 1), (0, 1)))
    dh1 = dpairs2.view(h1.shape)

    dpre1 = (1 - h1**2) * dh1
    da1, d["gain1"], d["bias1"] = batch_norm_backward(dpre1, normed1, std_inv1, p["gain1"])
    dpairs1 = da1 @ p["W1"].T
    d["W1"] = torch.tensordot(pairs1, da1, dims=((0, 1), (0, 1)))
    demb = dpairs1.view(emb.shape)

    d["C"] = embedding_backward(demb, p["C"], X)
    return loss, d


def transformer(p: Parameters, X: Tensor, Y: Tensor) -> tuple[Tensor, Gradients]:
    n, time = X.shape
    ahead = torch.arange(time) > torch.arange(time)[:, None]
    xs = [p["C"][X] + p["P"][:time]]
    layers = range(len(p["Wqkvs"]))
    lns1, qkvs, weights, mixed, middles, lns2, us, gs = ([] for _ in range(8))
    for i in layers:
        lns1.append(layer_norm(xs[i], p["gains1"][i], p["biases1"][i]))
        qkvs.append(lns1[i] @ p["Wqkvs"][i] + p["bqkvs"][i])
        weights.append(attention_weights(qkvs[i], p["heads"], ahead))
        mixed.append(attention(weights[i], qkvs[i]))
        middles.append(xs[i] + mixed[i] @ p["Wos"][i] + p["bos"][i])

        lns2.append(layer_norm(middles[i], p["gains2"][i], p["biases2"][i]))
        us.append(lns2[i] @ p["W1s"][i] + p["b1s"][i])
        gs.append(gelu(us[i]))
        xs.append(middles[i] + gs[i] @ p["W2s"][i] + p["b2s"][i])
    ln = layer_norm(xs[-1], p["gain"], p["bias"])
    probs = torch.softmax(ln @ p["W"], -1)
    rows, columns = torch.arange(n)[:, None], torch.arange(time)
    counted = (Y >= 0).to(probs.dtype)
    loss = -(torch.log(probs[rows, columns, Y]) * counted).sum() / counted.sum()

    d: Gradients = {name: [None] * len(layers) for name in p if isinstance(p[name], list)}
    dlogits = probs.clone()
    dlogits[rows, columns, Y] -= 1
    dlogits *= (counted / counted.sum())[..., None]
    dln, d["W"], _ = linear_backward(dlogits, ln, p["W"])
    dx, d["gain"], d["bias"] = layer_norm_backward(dln, xs[-1], p["gain"])
    for i in reversed(layers):
        dg, d["W2s"][i], d["b2s"][i] = linear_backward(dx, gs[i], p["W2s"][i])
        du = gelu_backward(dg, us[i])
        dln2, d["W1s"][i], d["b1s"][i] = linear_backward(du, lns2[i], p["W1s"][i])
        by_net, d["gains2"][i], d["biases2"][i] = layer_norm_backward(
            dln2, middles[i], p["gains2"][i]
        )
        dmiddle = dx + by_net

        dmixed, d["Wos"][i], d["bos"][i] = linear_backward(dmiddle, mixed[i], p["Wos"][i])
        dqkv = attention_backward(dmixed, weights[i], qkvs[i])
        dln1, d["Wqkvs"][i], d["bqkvs"][i] = linear_backward(dqkv, lns1[i], p["Wqkvs"][i])
        by_heads, d["gains1"][i], d["biases1"][i] = layer_norm_backward(dln1, xs[i], p["gains1"][i])
        dx = dmiddle + by_heads
    d["P"] = torch.zeros_like(p["P"])
    d["P"][:time] = dx.sum(0)
    d["C"] = embedding_backward(dx, p["C"], X)
    return loss, d


BACKWARDS = {"mlp_fused": mlp, "wavenet": wavenet, "transformer": transformer}
