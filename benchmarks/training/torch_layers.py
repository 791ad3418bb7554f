"""Layers of `byhand.zoo.layers` in PyTorch, statement by statement: each backward by hand.

Where PyTorch has an op for a whole forward, it stands for its statements.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def cross_entropy(probs: Tensor, Y: Tensor) -> tuple[Tensor, Tensor]:
    """The loss, and the gradient of the scores."""
    rows = torch.arange(len(Y))
    loss = -torch.log(probs[rows, Y]).mean()
    dlogits = probs.clone()
    dlogits[rows, Y] -= 1
    dlogits /= len(Y)
    return loss, dlogits


def embedding_backward(demb: Tensor, C: Tensor, X: Tensor) -> Tensor:
    rows = demb.reshape(-1, demb.shape[-1])
    return torch.zeros_like(C).index_add_(0, X.flatten(), rows)


def linear_backward(dout: Tensor, x: Tensor, W: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    rows = dout.reshape(-1, dout.shape[-1])
    dW = x.reshape(-1, x.shape[-1]).T @ rows
    return dout @ W.T, dW, rows.sum(0)


def batch_norm(x: Tensor) -> tuple[Tensor, Tensor]:
    """x with mean 0 and variance 1 in every channel, and what it was multiplied by for that."""
    along = tuple(range(x.ndim - 1))
    mean, std_inv = x.mean(along), (x.var(along) + 1e-5) ** -0.5
    return (x - mean) * std_inv, std_inv


def batch_norm_backward(
    dout: Tensor, normed: Tensor, std_inv: Tensor, gain: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    along = tuple(range(dout.ndim - 1))
    rows = dout.numel() // dout.shape[-1]
    dgain = (dout * normed).sum(along)
    dbias = dout.sum(along)
    dx = gain * std_inv * (dout - dbias / rows - normed * (dgain / (rows - 1)))
    return dx, dgain, dbias


def layer_norm(x: Tensor, gain: Tensor, bias: Tensor) -> Tensor:
    return F.layer_norm(x, gain.shape, gain, bias)


def layer_norm_backward(dout: Tensor, x: Tensor, gain: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    centred = x - x.mean(-1, keepdim=True)
    std_inv = ((centred**2).mean(-1, keepdim=True) + 1e-5) ** -0.5
    normed = centred * std_inv
    along = tuple(range(dout.ndim - 1))
    dgain = (dout * normed).sum(along)
    dbias = dout.sum(along)
    g = dout * gain
    share = (g * normed).mean(-1, keepdim=True)
    dx = std_inv * (g - g.mean(-1, keepdim=True) - normed * share)
    return dx, dgain, dbias


def gelu(x: Tensor) -> Tensor:
    return F.gelu(x, approximate="tanh")


def gelu_backward(dout: Tensor, x: Tensor) -> Tensor:
    scale = (2 / torch.pi) ** 0.5
    t = torch.tanh(scale * (x + 0.044715 * x * x**2))
    return dout * 0.5 * (1 + t + x * (1 - t**2) * scale * (1 + 3 * 0.044715 * x**2))


def heads_of(qkv: Tensor, heads: int) -> tuple[Tensor, ...]:
    n, time, _ = qkv.shape
    return qkv.view(n, time, 3, heads, -1).permute(2, 0, 3, 1, 4).unbind()


def attention_weights(qkv: Tensor, heads: int, ahead: Tensor) -> Tensor:
    q, k, _ = heads_of(qkv, heads)
    scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
    return torch.softmax(scores.masked_fill(ahead, -torch.inf), -1)


def attention(weights: Tensor, qkv: Tensor) -> Tensor:
    n, heads, time, _ = weights.shape
    _, _, v = heads_of(qkv, heads)
    return (weights @ v).transpose(1, 2).reshape(n, time, -1)


def attention_backward(dout: Tensor, weights: Tensor, qkv: Tensor) -> Tensor:
    n, heads, time, _ = weights.shape
    q, k, v = heads_of(qkv, heads)
    dmixed = dout.view(n, time, heads, -1).transpose(1, 2)
    dv = weights.transpose(-1, -2) @ dmixed
    dweights = dmixed @ v.transpose(-1, -2)
    mean = (weights * dweights).sum(-1, keepdim=True)
    dscores = weights * (dweights - mean) * q.shape[-1] ** -0.5
    dq = dscores @ k
    dk = dscores.transpose(-1, -2) @ q
    return torch.stack([dq, dk, dv]).permute(1, 3, 0, 2, 4).reshape(qkv.shape)
