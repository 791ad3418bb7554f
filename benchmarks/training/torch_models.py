"""Models of the zoo as one would write them in PyTorch, on the zoo's own parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

Parameters = Mapping[str, Any]


def mlp(p: Parameters, X: Tensor, Y: Tensor) -> Tensor:
    hprebn = p["C"][X].view(len(X), -1) @ p["W1"] + p["b1"]
    mean, var = hprebn.mean(0, keepdim=True), hprebn.var(0, keepdim=True)
    h = torch.tanh(p["bngain"] * (hprebn - mean) * (var + 1e-5) ** -0.5 + p["bnbias"])
    return F.cross_entropy(h @ p["W2"] + p["b2"], Y)


def wavenet(p: Parameters, X: Tensor, Y: Tensor) -> Tensor:
    n = len(X)
    h = p["C"][X]
    for level, shape in ((1, (n, 4, -1)), (2, (n, 2, -1)), (3, (n, -1))):
        a = h.reshape(shape) @ p[f"W{level}"]
        axes = tuple(range(a.ndim - 1))
        normed = (a - a.mean(axes)) * (a.var(axes) + 1e-5) ** -0.5
        h = torch.tanh(p[f"gain{level}"] * normed + p[f"bias{level}"])
    return F.cross_entropy(h @ p["W4"] + p["b4"], Y)


def transformer(p: Parameters, X: Tensor, Y: Tensor) -> Tensor:
    n, time = X.shape
    x = F.embedding(X, p["C"]) + p["P"][:time]
    width = (x.shape[-1],)
    for i in range(len(p["Wqkvs"])):
        a = F.layer_norm(x, width, p["gains1"][i], p["biases1"][i])
        qkv = (a @ p["Wqkvs"][i] + p["bqkvs"][i]).view(n, time, 3, p["heads"], -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + mixed.transpose(1, 2).reshape(x.shape) @ p["Wos"][i] + p["bos"][i]
        a = F.layer_norm(x, width, p["gains2"][i], p["biases2"][i])
        u = F.gelu(a @ p["W1s"][i] + p["b1s"][i], approximate="tanh")
        x = x + u @ p["W2s"][i] + p["b2s"][i]
    logits = F.layer_norm(x, width, p["gain"], p["bias"]) @ p["W"]
    return F.cross_entropy(logits.view(n * time, -1), Y.reshape(-1), ignore_index=-1)


LOSSES = {"mlp_fused": mlp, "wavenet": wavenet, "transformer": transformer}
