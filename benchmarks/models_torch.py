"""Models of the zoo as one would write them in PyTorch, on the zoo's own parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

Parameters = Mapping[str, Any]


def parameters(values: Mapping[str, Any], *, learning: bool = True) -> dict[str, Any]:
    """The float inputs as tensors, lists as lists of them; numbers as they are."""

    def tensor(value: Any) -> Any:
        if isinstance(value, list):
            return [tensor(each) for each in value]
        if getattr(value, "dtype", None) == "float32":
            return torch.tensor(value, requires_grad=learning)
        return value

    return {name: tensor(v) for name, v in values.items() if name not in ("X", "Y")}


def leaves(parameters: Parameters) -> list[Tensor]:
    """All tensors that are trained."""
    flat = [v if isinstance(v, list) else [v] for v in parameters.values()]
    return [each for part in flat for each in part if isinstance(each, Tensor)]


def mlp(p: Parameters, X: Tensor, Y: Tensor) -> Tensor:
    hprebn = p["C"][X].view(len(X), -1) @ p["W1"] + p["b1"]
    mean, var = hprebn.mean(0, keepdim=True), hprebn.var(0, keepdim=True)
    h = torch.tanh(p["bngain"] * (hprebn - mean) * (var + 1e-5) ** -0.5 + p["bnbias"])
    return F.cross_entropy(h @ p["W2"] + p["b2"], Y)


def mlp_backward(p: Parameters, X: Tensor, Y: Tensor) -> dict[str, Tensor]:
    """The backward of byhand's `mlp_fused`, statement by statement."""
    n = len(X)
    embcat = p["C"][X].view(n, -1)
    hprebn = embcat @ p["W1"] + p["b1"]
    mean, var = hprebn.mean(0, keepdim=True), hprebn.var(0, keepdim=True)
    inverse = (var + 1e-5) ** -0.5
    raw = (hprebn - mean) * inverse
    h = torch.tanh(p["bngain"] * raw + p["bnbias"])
    dlogits = torch.softmax(h @ p["W2"] + p["b2"], 1)
    dlogits[torch.arange(n), Y] -= 1
    dlogits /= n
    dpre = (1 - h**2) * (dlogits @ p["W2"].T)
    dgain, dbias = (dpre * raw).sum(0, keepdim=True), dpre.sum(0, keepdim=True)
    dhprebn = p["bngain"] * inverse * (dpre - dbias / n - raw * dgain / (n - 1))
    demb = (dhprebn @ p["W1"].T).view(n * X.shape[1], -1)
    return {
        "C": torch.zeros_like(p["C"]).index_add_(0, X.view(-1), demb),
        "W1": embcat.T @ dhprebn,
        "b1": dhprebn.sum(0),
        "W2": h.T @ dlogits,
        "b2": dlogits.sum(0),
        "bngain": dgain,
        "bnbias": dbias,
    }


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
    x = p["C"][X] + p["P"][:time]
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


LOSSES = {"mlp": mlp, "wavenet": wavenet, "transformer": transformer}
BACKWARDS = {"mlp": mlp_backward}
