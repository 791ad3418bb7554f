"""Forwards of every form that a problem may have, with inputs, for the referees to agree on."""

# ruff: noqa: RET504 (every assignment to a name is a step)

from __future__ import annotations

import math
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.lib.stride_tricks import sliding_window_view

from byhand.program.problem import Problem, problem_of
from byhand.referees.rehearsal import rehearse

WEIGHTS = np.array([0.5, -1.5, 2.0])  # a constant that forwards see as a global


@dataclass(frozen=True, eq=False)
class Case:
    """A forward on inputs, all its steps, and upstream gradients for what it returns."""

    problem: Problem
    inputs: dict[str, Any]
    keys: tuple[tuple[str, int], ...]
    upstream: tuple[np.ndarray, ...]

    @property
    def asked(self) -> tuple[Any, ...]:
        return self.problem, self.inputs, self.keys, self.upstream


def case(forward: Callable[..., Any], **inputs: Any) -> Case:
    problem = problem_of(forward, None, inputs)
    keys = tuple(rehearse(problem, inputs).values)
    returned = forward(**deepcopy(inputs))
    outputs = returned if isinstance(returned, (tuple, list)) else (returned,)
    rng = np.random.default_rng(5)
    if len(outputs) == 1 and np.ndim(outputs[0]) == 0:
        return Case(problem, inputs, keys, (np.ones(()),))
    return Case(problem, inputs, keys, tuple(np.asarray(rng.normal(size=o.shape)) for o in outputs))


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.asarray(np.random.default_rng([seed, *shape]).normal(size=shape))


def softmax(x: Any) -> Any:  # a helper, which is not followed but run
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


# Plain statements.


def cross_entropy(x, W, b, y):
    n = x.shape[0]
    logits = x @ W + b
    probs = softmax(logits)
    loss = -np.log(probs[np.arange(n), y]).mean()
    return loss


def an_array(x, W):
    out = np.tanh(x @ W)
    return out


def several_arrays(x, s):
    a = x * s
    b = np.sin(x).sum(0)
    return a, b


def unnamed_number(x):
    h = x * x
    return h.sum()


def unnamed_numbers(x):
    loss = x.sum() ** 2
    return (loss * x).sum(), np.exp(x).mean()


def numbers(a, b):  # 0-d inputs
    c = a * b
    d = np.sin(c) + a
    loss = d**2 / b
    return loss


def scalars_and_constants(x):
    m = np.sqrt(2.0)  # no step
    m = x.mean() * m  # the first of m
    m = m + np.float64(1.0)
    eps = np.full(3, 0.5)  # a step: an array
    positive = (x > 0).mean()  # no step: nothing differentiable goes in
    positive = positive * x.sum()
    loss = (x * m + eps).sum() * positive
    return loss


def tuples_and_walruses(x):
    a, (b, *c) = x, (x * 2, x * 3, x * 4)
    loss = ((d := a * b) * c[0]).sum() + d.sum() + c[1].mean()
    return loss


# Names bound more than once, changes in place.


def rebound(x):
    h = np.tanh(x)
    h = h * 2
    h = h @ h.T
    y = h
    y = y + h
    loss = (y * h).sum()
    return loss


def in_place(x, b, s):
    h = x * 2
    h += b
    h *= h
    s = s.copy()
    s[x > 0] = 0.0
    s[0] = h[1]
    s[[1, 1]] = h[:2]  # the second stays
    s[:, 1] += h[:, 0]
    s[2, ::-2] = 1.5
    loss = (s * h).sum()
    return loss


def filled_in(x):
    out = np.zeros((4, 3))
    for i in range(4):
        out[i] = x[i] * (i + 1)
    out[1:3, [0, 2]] = x[:2, 1:]
    return out


def counted(x, seen):
    seen[0] += 1  # not a copy: an index array may be changed in place
    out = x[seen] * seen[1]
    seen[1] = 0
    return out


def masked(scores, v):
    time = scores.shape[0]
    mask = np.triu(np.ones((time, time), dtype=bool), 1)
    scores = scores / math.sqrt(time)
    scores[mask] = -np.inf
    weights = softmax(scores)
    out = weights @ v
    return out


# Lists and loops.


def layers(x, Ws, bs):
    h = x
    for W, b in zip(Ws, bs, strict=True):
        h = np.tanh(h @ W + b)
    loss = (h * h).mean()
    return loss


def recurrent(xs, Wx, Wh):
    hs = [np.zeros(Wh.shape[0])]
    for t in range(xs.shape[0]):
        hs.append(np.tanh(xs[t] @ Wx + hs[-1] @ Wh))
    hs[2] = hs[2] * 2
    loss = sum([(h**2).sum() for h in hs])
    return loss


def branches(x):
    total = x.sum()
    if total > 0:
        total = total * 2
    while abs(total) < 100:
        total = total * total + 2
    return total


# Indexing and shapes.


def embedding(C, ix, iy):
    emb = C[ix]
    flat = emb.reshape(len(ix), -1)
    picked = flat[np.arange(len(ix)), iy]
    twice = C[[0, 0, 2], 1:]
    loss = (picked**2).sum() + (flat[::-1] * flat).sum() + (twice**3).sum()
    return loss


def advanced(x):  # (2, 3, 4)
    a = x[0, :, [0, 1, 1]]
    b = x[:, [[0], [2]], [1, 1]]
    c = x[..., None, ::-2]
    d = x[np.array([True, False]), 1:]
    e = x[x > 0.5]
    f = np.take_along_axis(x, np.argsort(x, -1)[..., :2], -1)
    loss = (a**2).sum() + (b**3).sum() + (c**2).sum() + (d**3).sum() + (e**2).sum() + (f**3).sum()
    return loss


def moved(x):  # (2, 3, 4)
    a = np.concatenate([x, x[:, :1] * 2], axis=1).transpose(1, 0, 2)
    b = np.stack([a, a**2], -1).swapaxes(0, 1)
    c, d = np.split(b, [1], axis=1)
    e = np.pad(np.roll(c, 1, axis=2), ((0, 0), (1, 0), (0, 2), (0, 0)))
    f = np.repeat(np.tile(d, (1, 2, 1, 1)), 2, axis=0)
    g = sliding_window_view(x, (2, 2), axis=(1, 2))
    h = x.T.mT.ravel()[3:]
    loss = (e**2).sum() + (f**3).sum() + (g**2).sum() + (h**2).sum() + x.flatten().cumsum()[5]
    return loss


def reduced(x):  # (2, 3, 4)
    a = x.var(1, ddof=1) + x.std(axis=0)[:1].sum()
    b = x.max(-1, keepdims=True) - np.min(x, axis=(0, 2), keepdims=True)
    c = np.prod(x, axis=1) + np.linalg.norm(x, axis=2).sum()
    d = np.where(x > 0.3, x**2, np.maximum(x, -0.5)).clip(-1, 1).mean(axis=(0, 1))
    e = np.add.reduce(np.logaddexp.reduce(x, axis=1), axis=0) + np.multiply.outer(d, d)[0]
    loss = (a**2).sum() + (b**2).sum() + (c**2).sum() + (d**2).sum() + (e**2).sum()
    return loss


def linear(A, B):  # (2, 3, 3)
    a = np.einsum("bij,bkj->bik", A, B)
    b = np.linalg.inv(A) @ np.linalg.solve(A, B[0])
    c = np.tensordot(A, B, axes=([1, 2], [1, 2])) + np.outer(A[0, 0], B[0, 0]).trace()
    d = np.inner(A[0], B[1]).dot(WEIGHTS) + np.diagonal(A[0]) * WEIGHTS
    out = a.sum(0) + b[0] + b[1] + c.sum() + d
    return out


def empty(x, none):
    h = x * 2
    rest = none * h[0]
    loss = h.sum() ** 2 + rest.sum()
    return loss


# PyTorch.


def torch_mlp(C, ix, W, b, gain, y):
    emb = C[ix].view(len(ix), -1)
    pre = emb @ W + b
    centred = pre - pre.mean(0, keepdim=True)
    var = pre.var(0, keepdim=True)
    normed = gain * centred * (var + 1e-5) ** -0.5
    h = torch.tanh(normed)
    values, places = h.max(1, keepdim=True)
    shifted = h - values
    loss = F.cross_entropy(shifted, y) + h[torch.arange(len(y)), places[:, 0]].sum()
    return loss


def torch_in_place(x, Ws):
    h = x * 2
    ones = torch.ones_like(x)  # no step
    ones = ones * x
    h += ones
    h[0] = h[1] * 3
    h[x > 0] = 1.0
    same = h
    hs = []
    for W in Ws:
        hs.append(torch.relu(h @ W))
        h = hs[-1] + h
    out = torch.stack(hs).sum(0) * same
    positive = (x > 0).double().mean()
    return out, positive * h.sum()


def torch_detached(x, W):
    h = x @ W
    kept = h.detach()
    kept = kept * h
    with torch.no_grad():
        mean = h.mean(0)
    scale = float(h.max().item())
    loss = ((kept - mean) ** 2).sum() * scale
    return loss


def torch_masked(q, k, v):
    time = q.shape[0]
    scores = q @ k.transpose(0, 1) * time**-0.5
    mask = torch.tril(torch.ones(time, time)) == 0
    scores = scores.masked_fill(mask, float("-inf"))
    weights = F.softmax(scores, -1)
    out = torch.einsum("ts,sd->td", weights, v)
    return out


def from_numpy(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(normal(*shape, seed=seed))


INDEX = np.array([[0, 2, 1], [2, 2, 3], [4, 0, 0], [1, 4, 2]])
SPREAD = 2 * np.random.default_rng(1).permutation(24).reshape(2, 3, 4) / 24 - 0.97  # no ties
NUMPY_CASES = {
    made.problem.name: made
    for made in (
        case(
            cross_entropy, x=normal(5, 4), W=normal(4, 3), b=normal(3), y=np.array([2, 0, 1, 1, 0])
        ),
        case(an_array, x=normal(5, 4), W=normal(4, 3)),
        case(several_arrays, x=normal(5, 4), s=normal(5, 1)),
        case(unnamed_number, x=normal(3, 4)),
        case(unnamed_numbers, x=normal(3)),
        case(numbers, a=np.array(0.3), b=np.array(1.7)),
        case(scalars_and_constants, x=normal(3)),
        case(tuples_and_walruses, x=normal(2, 3)),
        case(rebound, x=normal(3, 4)),
        case(in_place, x=normal(3, 3), b=normal(3), s=normal(3, 3, seed=1)),
        case(filled_in, x=normal(4, 3)),
        case(counted, x=normal(4, 2), seen=np.array([1, 3, 2])),
        case(masked, scores=normal(4, 4), v=normal(4, 2)),
        case(
            layers,
            x=normal(3, 4),
            Ws=[normal(4, 5), normal(5, 2), normal(2, 2)],
            bs=(normal(5), normal(2), normal(2)),
        ),
        case(recurrent, xs=normal(4, 3), Wx=normal(3, 5), Wh=normal(5, 5) / 3),
        case(branches, x=np.array([0.7, 0.9])),
        case(embedding, C=normal(5, 3), ix=INDEX, iy=np.array([3, 3, 8, 0])),
        case(advanced, x=SPREAD),
        case(moved, x=normal(2, 3, 4)),
        case(reduced, x=SPREAD),
        case(linear, A=normal(2, 3, 3) / 3 + np.eye(3), B=normal(2, 3, 3, seed=1)),
        case(empty, x=normal(1, 3), none=normal(0, 3)),
    )
}
TORCH_CASES = {
    made.problem.name: made
    for made in (
        case(
            torch_mlp,
            C=from_numpy(5, 2),
            ix=torch.from_numpy(INDEX),
            W=from_numpy(6, 4),
            b=from_numpy(4),
            gain=from_numpy(1, 4),
            y=torch.tensor([3, 0, 1, 1]),
        ),
        case(torch_in_place, x=from_numpy(3, 3), Ws=[from_numpy(3, 3, seed=i) for i in range(2)]),
        case(torch_detached, x=from_numpy(3, 4), W=from_numpy(4, 2)),
        case(torch_masked, q=from_numpy(4, 3), k=from_numpy(4, 3, seed=1), v=from_numpy(4, 2)),
    )
}
CASES = NUMPY_CASES | TORCH_CASES
