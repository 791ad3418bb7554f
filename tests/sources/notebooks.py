"""Notebooks of several structures, each a list of code cells, and mistakes to plant into them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LOADING = """
!wget https://example.org/names.txt
words = open('names.txt', 'r').read().splitlines()[:60]
print(words[:8])
"""
DATASET = """
chars = sorted(list(set(''.join(words))))
stoi = {s: i + 1 for i, s in enumerate(chars)}
stoi['.'] = 0
block_size = 3  # how many characters does it see?

def build_dataset(words):
    X, Y = [], []
    for w in words:
        context = [0] * block_size
        for ch in w + '.':
            X.append(context)
            Y.append(stoi[ch])
            context = context[1:] + [stoi[ch]]
    return torch.tensor(X), torch.tensor(Y)

import random
random.seed(42)
random.shuffle(words)
Xtr, Ytr = build_dataset(words)
"""
PARAMETERS = """
g = torch.Generator().manual_seed(7)
n_embd, n_hidden = 4, 9
C = torch.randn((len(stoi), n_embd), generator=g)
W1 = torch.randn((n_embd * block_size, n_hidden), generator=g) * 0.4
b1 = torch.randn(n_hidden, generator=g) * 0.1
W2 = torch.randn((n_hidden, len(stoi)), generator=g) * 0.1
b2 = torch.randn(len(stoi), generator=g) * 0.1
bngain = torch.randn((1, n_hidden)) * 0.1 + 1.0
bnbias = torch.randn((1, n_hidden)) * 0.1
parameters = [C, W1, b1, W2, b2, bngain, bnbias]
for p in parameters:
    p.requires_grad = True
batch_size = 16
n = batch_size
ix = torch.randint(0, Xtr.shape[0], (batch_size,), generator=g)
Xb, Yb = Xtr[ix], Ytr[ix]
"""
FORWARD = """
emb = C[Xb]
embcat = emb.view(emb.shape[0], -1)
hprebn = embcat @ W1 + b1
bnmeani = 1/n * hprebn.sum(0, keepdim=True)
bndiff = hprebn - bnmeani
bnvar = 1/(n-1) * (bndiff**2).sum(0, keepdim=True)
bnvar_inv = (bnvar + 1e-5)**-0.5
bnraw = bndiff * bnvar_inv
hpreact = bngain * bnraw + bnbias
h = torch.tanh(hpreact)
logits = h @ W2 + b2
logprobs = F.log_softmax(logits, 1)
loss = -logprobs[range(n), Yb].mean()
for p in parameters:
    p.grad = None
for t in [logprobs, logits, h, hpreact, bnraw, bnvar_inv, bnvar, bndiff, bnmeani, hprebn, emb]:
    t.retain_grad()
loss.backward()
loss
"""
BACKWARD = """
dlogprobs = torch.zeros_like(logprobs)
dlogprobs[range(n), Yb] = -1.0/n
dlogits = dlogprobs - logprobs.exp() * dlogprobs.sum(1, keepdim=True)
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1.0 - h**2) * dh
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnbias = dhpreact.sum(0, keepdim=True)
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = (-0.5*(bnvar + 1e-5)**-1.5) * dbnvar_inv
dbndiff += (2*bndiff) * (1.0/(n-1)) * dbnvar
dhprebn = dbndiff.clone()
dbnmeani = (-dbndiff).sum(0, keepdim=True)
dhprebn += 1.0/n * (torch.ones_like(hprebn) * dbnmeani)
dembcat = dhprebn @ W1.T
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
for k in range(Xb.shape[0]):
    for j in range(Xb.shape[1]):
        dC[Xb[k, j]] += demb[k, j]
"""
COMPARED = """
def cmp(s, dt, t):
    ex = torch.all(dt == t.grad).item()
    app = torch.allclose(dt, t.grad)
    print(f'{s:15s} | exact: {str(ex):5s} | approximate: {str(app):5s}')
"""
IMPORTS = """
import torch
import torch.nn.functional as F
import plots_that_are_not_there as plt
%matplotlib inline
"""
CMPS = "".join(f"cmp('{x}', d{x}, {x})\n" for x in ("logits", "h", "W2", "hprebn", "C"))
LOSS_FAST = """
loss_fast = F.cross_entropy(logits, Yb)
print(loss_fast.item(), 'diff:', (loss_fast - loss).item())
"""
DLOGITS = """
dlogits = F.softmax(logits, 1)
dlogits[range(n), Yb] -= 1
dlogits /= n
cmp('logits', dlogits, logits)
"""
HPREACT_FAST = """
hpreact_fast = bngain * (hprebn - hprebn.mean(0, keepdim=True)) / torch.sqrt(hprebn.var(0, keepdim=True, unbiased=True) + 1e-5) + bnbias
"""
DHPREBN = """
dhprebn = bngain*bnvar_inv/n * (n*dhpreact - dhpreact.sum(0) - n/(n-1)*bnraw*(dhpreact*bnraw).sum(0))
"""
TRAINING = """
max_steps = 200000
with torch.no_grad():
    for i in range(max_steps):
        ix = torch.randint(0, Xtr.shape[0], (batch_size,), generator=g)
        emb = C[Xtr[ix]]
        dlogits = emb
        for p, grad in zip(parameters, [dC, dW1]):
            p.data += -0.1 * grad
"""
START = [IMPORTS, LOADING, DATASET, COMPARED, PARAMETERS]

NUMPY = """
import numpy as np
rng = np.random.default_rng(3)
X = rng.normal(size=(12, 5))
y = rng.integers(0, 3, 12)
W1 = rng.normal(size=(5, 7)) * 0.3
b1 = np.zeros(7)
W2 = rng.normal(size=(7, 3)) * 0.3
b2 = np.zeros(3)
"""
NUMPY_FORWARD = """
z1 = X @ W1 + b1
a1 = np.maximum(z1, 0)
scores = a1 @ W2 + b2
shifted = scores - scores.max(axis=1, keepdims=True)
e = np.exp(shifted)
probs = e / e.sum(axis=1, keepdims=True)
loss = -np.log(probs[np.arange(len(y)), y]).mean() + 0.05 * (W1 ** 2).sum()
"""
NUMPY_BACKWARD = """
N = X.shape[0]
onehot = np.eye(3)[y]
dscores = (probs - onehot) / N
dW2 = a1.T @ dscores
db2 = dscores.sum(axis=0)
da1 = dscores @ W2.T
dz1 = da1 * (z1 > 0)
dW1 = X.T @ dz1 + 0.1 * W1
db1 = dz1.sum(axis=0)
"""

ALL: dict[str, list[str]] = {
    "one cell": [*START, FORWARD + BACKWARD + CMPS, TRAINING],
    "a cell a gradient": [*START, FORWARD, *BACKWARD.strip().split("\n")[:-3], "\n".join(BACKWARD.strip().split("\n")[-3:])],
    "three exercises": [*START, FORWARD, BACKWARD + CMPS, LOSS_FAST, DLOGITS, HPREACT_FAST, DHPREBN, TRAINING],
    "a broken cell": [*START, "for in range(3)", FORWARD, BACKWARD, "dW2 ="],
    "grad midway": [*START, FORWARD, BACKWARD.replace("dh = ", "print(logits.grad.shape)\ndh = ").replace("dW1 =", "cmp('hprebn', dhprebn, hprebn)\ndW1 =")],
    "a download": [IMPORTS, "import urllib.request\nurllib.request.urlretrieve('https://example.org/names.txt', 'names.txt')\n" + LOADING.replace("!wget", "# !wget"), *START[2:], FORWARD, BACKWARD],
    "heavy cells": ["import time\ntime.sleep(100)\n", *START, "big = [i for i in range(10**10)]", FORWARD, "while True:\n    lossi = 1", BACKWARD],
    "numpy": [NUMPY, NUMPY_FORWARD, NUMPY_BACKWARD],
    "a function": [NUMPY, NUMPY_FORWARD, "def gradients():\n" + "".join(f"    {line}\n" for line in NUMPY_BACKWARD.strip().split("\n")) + "    return dW1, db1, dW2, db2\n\ndW1, db1, dW2, db2 = gradients()"],
    "a placeholder": [NUMPY, NUMPY_FORWARD, "dW1, dW2 = None, None\ndb1 = np.zeros_like(b1)\n" + NUMPY_BACKWARD],
    "other names": [NUMPY, NUMPY_FORWARD.replace("loss =", "cost ="), NUMPY_BACKWARD.replace("dW", "grad_W").replace("db", "grad_b")],
    "one-hot labels": [NUMPY + "Y = np.eye(3)[y]\n", NUMPY_FORWARD.replace("probs[np.arange(len(y)), y]).mean()", "probs[np.arange(len(y)), y]).mean() + 0 * Y.sum()"), NUMPY_BACKWARD.replace("np.eye(3)[y]", "Y")],
    "a training loop": [NUMPY, "for i in range(10000):\n" + "\n".join("    " + line for line in (NUMPY_FORWARD + NUMPY_BACKWARD).replace("dscores = (probs - onehot) / N", "dscores = probs\ndscores[range(N), y] -= 1\ndscores /= N").replace("onehot = np.eye(3)[y]", "").split("\n")) + "\n    W1 += -0.1 * dW1\n"],
    "trained below": [NUMPY, NUMPY_FORWARD, NUMPY_BACKWARD, "for i in range(10**9):\n" + "\n".join("    " + line for line in (NUMPY_FORWARD + NUMPY_BACKWARD.replace("dz1 = da1 * (z1 > 0)", "dz1 = da1 * (a1 > 0)")).split("\n")) + "\n    W1 += -0.1 * dW1\n    time.sleep(1)\n"],
    "tried twice": [NUMPY, NUMPY_FORWARD, NUMPY_BACKWARD.replace("da1 = ", "da1 = dscores @ W2\nprint(da1.shape)\nda1 = ")],
    "dL_dW": [NUMPY, NUMPY_FORWARD, NUMPY_BACKWARD.replace("dW", "dL_dW").replace("db", "dJdb").replace("dz1", "g_z1")],
    "in its place": [NUMPY, NUMPY_FORWARD, NUMPY_BACKWARD.replace("dscores = (probs - onehot) / N", "probs[range(N), y] -= 1\ndscores = probs / N").replace("onehot = np.eye(3)[y]", "")],
    "indented": [NUMPY, "\n".join(f"    {line}" for line in NUMPY_FORWARD.strip().split("\n")) + "\n# the loss\n    loss", NUMPY_BACKWARD],
    "half done": [*START, FORWARD, "\n".join(BACKWARD.split("\n")[:5])],
    "autograd's": [*START, FORWARD, BACKWARD.replace("dlogits = dlogprobs - logprobs.exp() * dlogprobs.sum(1, keepdim=True)", "dlogits = logits.grad.clone()")],
    "functions": [NUMPY, "def softmax(s):\n    e = np.exp(s - s.max(axis=1, keepdims=True))\n    return e / e.sum(axis=1, keepdims=True)\n", "z1 = X @ W1 + b1\na1 = np.maximum(z1, 0)\nscores = a1 @ W2 + b2\nprobs = softmax(scores)\nloss = -np.log(probs[np.arange(len(y)), y]).mean() + 0.05 * (W1 ** 2).sum()\n", NUMPY_BACKWARD],
}  # fmt: skip

PLANTED: tuple[tuple[str, str, str, str], ...] = (
    ("one cell", "dlogprobs[range(n), Yb] = -1.0/n", "dlogprobs[range(n), Yb] = -1.0", "logprobs"),
    ("one cell", "dh = dlogits @ W2.T", "dh = dlogits @ W2.T * 2", "h"),
    ("one cell", "dbnmeani = (-dbndiff).sum(0, keepdim=True)", "dbnmeani = (-dbndiff).sum(0)", "bnmeani"),
    ("one cell", "db2 = dlogits.sum(0)", "db2 = dlogits.sum(0, keepdim=True)", "b2"),
    ("one cell", "dC[Xb[k, j]] += demb[k, j]", "dC[Xb[k, j]] = demb[k, j]", "C"),
    ("a cell a gradient", "dbngain = (bnraw * dhpreact).sum(0, keepdim=True)", "dbngain = (bnraw * dhpreact).sum()", "bngain"),
    ("a cell a gradient", "dhpreact = (1.0 - h**2) * dh", "dhpreact = (1.0 - hpreact**2) * dh", "hpreact"),
    ("a cell a gradient", "db1 = dhprebn.sum(0)", "db1 = dhprebn", "b1"),
    ("three exercises", "dlogits /= n", "dlogits /= 1", "logits"),
    ("three exercises", "dlogits[range(n), Yb] -= 1", "dlogits[:, Yb] -= 1", "logits"),
    ("three exercises", "- n/(n-1)*bnraw*", "- bnraw*", "hprebn"),
    ("three exercises", "bngain*bnvar_inv/n * (n*dhpreact", "bnvar_inv/n * (n*dhpreact", "hprebn"),
    ("a broken cell", "dW2 = h.T @ dlogits", "dW2 = hpreact.T @ dlogits", "W2"),
    ("grad midway", "dembcat = dhprebn @ W1.T", "dembcat = hprebn @ W1.T", "embcat"),
    ("a download", "dbnvar = (-0.5*", "dbnvar = (0.5*", "bnvar"),
    ("heavy cells", "dbnraw = bngain * dhpreact", "dbnraw = dhpreact", "bnraw"),
    ("numpy", "dscores = (probs - onehot) / N", "dscores = (probs + onehot) / N", "scores"),
    ("numpy", "dz1 = da1 * (z1 > 0)", "dz1 = da1 * (z1 > 0) * z1", "z1"),
    ("numpy", "+ 0.1 * W1", "+ 0.05 * W1", "W1"),
    ("numpy", "db2 = dscores.sum(axis=0)", "db2 = dscores.sum(axis=0); W2 -= 0.1 * dW2", "a1"),
    ("other names", "grad_b1 = dz1.sum(axis=0)", "grad_b1 = dz1.sum(axis=1)", "b1"),
    ("functions", "dW2 = a1.T @ dscores", "dW2 = z1.T @ dscores", "W2"),
    ("one cell", "dW2 = h.T @ dlogits", "dW2 = h.T @ dlogits / n", "W2"),
    ("one cell", "dbnraw = bngain * dhpreact", "dbnraw = bngain + dhpreact", "bnraw"),
    ("one cell", "dembcat = dhprebn @ W1.T", "dembcat = dhprebn @ W1.T * 0.5", "embcat"),
    ("one cell", "dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)", "dbnvar_inv = (bndiff * dbnraw).mean(0, keepdim=True)", "bnvar_inv"),
    ("a cell a gradient", "dlogits = dlogprobs - logprobs.exp() * dlogprobs.sum(1, keepdim=True)", "dlogits = dlogprobs - logprobs.exp() * dlogprobs", "logits"),
    ("a cell a gradient", "dbnbias = dhpreact.sum(0, keepdim=True)", "dbnbias = dhpreact.sum(0)", "bnbias"),
    ("a cell a gradient", "dbnvar = (-0.5*(bnvar + 1e-5)**-1.5) * dbnvar_inv", "dbnvar = (-0.5*(bnvar + 1e-5)**-0.5) * dbnvar_inv", "bnvar"),
    ("a broken cell", "dW1 = embcat.T @ dhprebn", "dW1 = embcat.T @ dhpreact", "W1"),
    ("a broken cell", "dhpreact = (1.0 - h**2) * dh", "dhpreact = (1.0 - h) * dh", "hpreact"),
    ("grad midway", "dh = dlogits @ W2.T", "dh = logits @ W2.T", "h"),
    ("grad midway", "dbndiff += (2*bndiff) * (1.0/(n-1)) * dbnvar", "dbndiff += (2*bndiff) * (1.0/n) * dbnvar", "bndiff"),
    ("a download", "db2 = dlogits.sum(0)", "db2 = dlogits.sum()", "b2"),
    ("a download", "dlogprobs[range(n), Yb] = -1.0/n", "dlogprobs[range(n), Yb] = 1.0/n", "logprobs"),
    ("heavy cells", "demb = dembcat.view(emb.shape)", "demb = dembcat", "emb"),
    ("heavy cells", "dhprebn += 1.0/n * (torch.ones_like(hprebn) * dbnmeani)", "dhprebn += 1.0 * (torch.ones_like(hprebn) * dbnmeani)", "hprebn"),
    ("numpy", "da1 = dscores @ W2.T", "da1 = scores @ W2.T", "a1"),
    ("numpy", "db1 = dz1.sum(axis=0)", "db1 = dz1.mean(axis=0)", "b1"),
    ("other names", "grad_W2 = a1.T @ dscores", "grad_W2 = a1.T @ scores", "W2"),
    ("one-hot labels", "dscores = (probs - onehot) / N", "dscores = probs - onehot", "scores"),
    ("functions", "dz1 = da1 * (z1 > 0)", "dz1 = da1 * (a1 > 1)", "z1"),
    ("trained below", "dz1 = da1 * (a1 > 0)", "dz1 = da1 * (a1 < 0)", "z1"),
    ("tried twice", "da1 = dscores @ W2.T", "da1 = -dscores @ W2.T", "a1"),
    ("dL_dW", "dJdb2 = dscores.sum(axis=0)", "dJdb2 = dscores.sum()", "b2"),
    ("a training loop", "db2 = dscores.sum(axis=0)", "db2 = dscores.sum()", "b2"),
    ("a training loop", "dz1 = da1 * (z1 > 0)", "dz1 = da1", "z1"),
    ("in its place", "dW1 = X.T @ dz1 + 0.1 * W1", "dW1 = X.T @ dz1", "W1"),
    ("three exercises", "n/(n-1)*bnraw*(dhpreact*bnraw).sum(0)", "n/(n-1)*bnraw*(dhpreact*bnraw)", "hprebn"),
)  # fmt: skip


def heavy(needed: list[str], number: int) -> list[str]:
    """The needed cells among others, `number` in all, none of which ends within seconds."""
    others = (
        "import time\ntime.sleep(1000)",
        "history = []\nwhile True:\n    history.append(len(history))",
        "table = [[i * j for i in range(10**6)] for j in range(10**6)]",
        "import plots_that_are_not_there as plt\nplt.imshow(table)",
        "def experiment(n):\n    while n:\n        n += 1\nresult = experiment(3)",
        "for epoch in range(10**12):\n    accuracy = epoch / 2\nprint(accuracy)",
    )
    every = (number - len(needed)) // len(needed)
    cells: list[str] = []
    for i, cell in enumerate(needed):
        cells += [cell, *(others[(i + k) % len(others)] for k in range(every))]
    return cells + [others[0]] * (number - len(cells))


def write(cells: list[str], file: Path) -> None:
    code: list[dict[str, Any]] = [
        {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [],
         "source": cell.strip("\n").splitlines(keepends=True)}
        for cell in cells
    ]  # fmt: skip
    text: dict[str, Any] = {"cell_type": "markdown", "metadata": {}, "source": ["# A notebook"]}
    whole: dict[str, Any] = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [text, *code],
    }
    file.write_text(json.dumps(whole))
