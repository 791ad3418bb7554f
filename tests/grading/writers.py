"""Students who solve lesson 6 on their own: of each statement a few ways to write it are common.

The ways, and about how common they are, were read off public notebooks of the lecture's exercise.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping

# By exercise, its statements in order; of each the ways to write it, the most common first.
WAYS: Mapping[str, list[list[str]]] = {
    "loss": [
        ["dlogprobs = np.zeros_like(logprobs)", "dlogprobs = np.zeros(logprobs.shape)"],
        [
            "dlogprobs[range(n), Y] = -1.0 / n",
            "dlogprobs[np.arange(n), Y] = -1 / n",
            "dlogprobs[rows, Y] -= 1.0 / n",
            "for i in range(n):\n    dlogprobs[i, Y[i]] = -1 / n",
        ],
        [
            "dprobs = (1.0 / probs) * dlogprobs",
            "dprobs = dlogprobs * (1 / probs)",
            "dprobs = dlogprobs * probs**-1",
            "dprobs = 1 / probs * dlogprobs",
        ],
    ],
    "normalise": [
        [
            "dcounts_sum_inv = (counts * dprobs).sum(1, keepdims=True)",
            "dcounts_sum_inv = np.sum(dprobs * counts, axis=1, keepdims=True)",
            "dcounts_sum_inv = (dprobs * counts).sum(1).reshape(-1, 1)",
        ],
        [
            "dcounts_sum = (-(counts_sum**-2)) * dcounts_sum_inv",
            "dcounts_sum = dcounts_sum_inv * -1 * counts_sum**-2",
            "dcounts_sum = -dcounts_sum_inv / counts_sum**2",
            "dcounts_sum = -1.0 / (counts_sum * counts_sum) * dcounts_sum_inv",
        ],
        [
            "dcounts = counts_sum_inv * dprobs\ndcounts = dcounts + np.ones_like(counts) * dcounts_sum",
            "dcounts = dprobs * counts_sum_inv + dcounts_sum * np.ones_like(counts)",
            "first = dprobs * counts_sum_inv\nsecond = dcounts_sum * np.ones(counts.shape)\n"
            "dcounts = first + second",
        ],
    ],
    "shift": [
        [
            "dnorm_logits = np.exp(norm_logits) * dcounts",
            "dnorm_logits = counts * dcounts",
            "dnorm_logits = dcounts * np.exp(norm_logits)",
        ],
        [
            "dlogit_maxes = (-dnorm_logits).sum(1, keepdims=True)",
            "dlogit_maxes = -np.sum(dnorm_logits, axis=1, keepdims=True)",
            "dlogit_maxes = (dnorm_logits * -1).sum(axis=1, keepdims=True)",
        ],
        [
            "dlogits = dnorm_logits.copy()\n"
            "dlogits += np.eye(logits.shape[1])[logits.argmax(1)] * dlogit_maxes",
            "dlogits = dnorm_logits + (logits == logit_maxes) * dlogit_maxes",
            "hot = np.zeros_like(logits)\nhot[range(n), np.argmax(logits, 1)] = 1\n"
            "dlogits = dnorm_logits + hot * dlogit_maxes",
        ],
    ],
    "output": [
        ["dh = dlogits @ W2.T", "dh = np.dot(dlogits, W2.T)", "dh = dlogits @ W2.transpose()"],
        ["dW2 = h.T @ dlogits", "dW2 = np.dot(h.T, dlogits)", "dW2 = (dlogits.T @ h).T"],
        ["db2 = dlogits.sum(0)", "db2 = np.sum(dlogits, axis=0)", "db2 = np.ones(n) @ dlogits"],
    ],
    "gain": [
        [
            "dhpreact = (1.0 - h**2) * dh",
            "dhpreact = dh * (1 - h * h)",
            "dhpreact = dh * (1.0 - h**2)",
            "dhpreact = dh - h**2 * dh",
        ],
        [
            "dbngain = (bnraw * dhpreact).sum(0, keepdims=True)",
            "dbngain = np.sum(dhpreact * bnraw, axis=0, keepdims=True)",
            "dbngain = (dhpreact * bnraw).sum(0)[None, :]",
        ],
        [
            "dbnbias = dhpreact.sum(0, keepdims=True)",
            "dbnbias = np.sum(dhpreact, axis=0, keepdims=True)",
            "dbnbias = dhpreact.sum(0).reshape(bnbias.shape)",
        ],
        ["dbnraw = bngain * dhpreact", "dbnraw = dhpreact * bngain * 1.0"],
    ],
    "variance": [
        [
            "dbnvar_inv = (bndiff * dbnraw).sum(0, keepdims=True)",
            "dbnvar_inv = np.sum(dbnraw * bndiff, axis=0, keepdims=True)",
            "dbnvar_inv = (dbnraw * bndiff).sum(0)[None]",
        ],
        [
            "dbnvar = (-0.5 * (bnvar + 1e-5) ** -1.5) * dbnvar_inv",
            "dbnvar = dbnvar_inv * -0.5 * (bnvar + 1e-5) ** (-1.5)",
            "dbnvar = -0.5 * dbnvar_inv * (bnvar + 1e-5) ** (-3 / 2)",
            "dbnvar = dbnvar_inv * (-1 / 2) * bnvar_inv**3",
        ],
        [
            "dbndiff2 = (1.0 / (n - 1)) * np.ones_like(bndiff2) * dbnvar",
            "dbndiff2 = dbnvar / (n - 1) * np.ones_like(bndiff2)",
            "dbndiff2 = np.ones(bndiff2.shape) * (dbnvar / (n - 1))",
            "dbndiff2 = np.repeat(dbnvar, n, axis=0) / (n - 1)",
        ],
    ],
    "mean": [
        [
            "dbndiff = bnvar_inv * dbnraw\ndbndiff = dbndiff + (2 * bndiff) * dbndiff2",
            "dbndiff = dbndiff2 * 2.0 * bndiff + dbnraw * bnvar_inv",
            "dbndiff = (2.0 * bndiff) * dbndiff2 + bnvar_inv * dbnraw",
            "dbndiff = 2 * dbndiff2 * bndiff\ndbndiff += bnvar_inv * dbnraw",
        ],
        [
            "dbnmeani = (-dbndiff).sum(0, keepdims=True)",
            "dbnmeani = -np.sum(dbndiff, axis=0, keepdims=True)",
            "dbnmeani = (-1 * dbndiff).sum(0, keepdims=True)",
        ],
        [
            "dhprebn = dbndiff.copy()\ndhprebn += 1.0 / n * (np.ones_like(hprebn) * dbnmeani)",
            "dhprebn = dbndiff + 1 / n * dbnmeani",
            "dhprebn = dbndiff + np.ones_like(hprebn) * dbnmeani / n",
            "dhprebn = dbnmeani / n + dbndiff",
        ],
    ],
    "hidden": [
        [
            "dembcat = dhprebn @ W1.T",
            "dembcat = np.dot(dhprebn, W1.T)",
            "dembcat = (W1 @ dhprebn.T).T",
        ],
        [
            "dW1 = embcat.T @ dhprebn",
            "dW1 = np.dot(embcat.T, dhprebn)",
            "dW1 = (dhprebn.T @ embcat).T",
        ],
        ["db1 = dhprebn.sum(0)", "db1 = np.sum(dhprebn, axis=0)", "db1 = np.ones(n) @ dhprebn"],
    ],
    "embedding": [
        [
            "demb = dembcat.reshape(emb.shape[0], emb.shape[1], emb.shape[2])",
            "demb = np.reshape(dembcat, emb.shape)",
            "demb = dembcat.reshape(X.shape[0], X.shape[1], -1)",
        ],
        [
            "dC = np.zeros_like(C)\nfor k in range(X.shape[0]):\n    for j in range(X.shape[1]):\n"
            "        dC[X[k, j]] += demb[k, j]",
            "dC = np.zeros(C.shape)\nfor i, row in enumerate(X):\n    for j, ix in enumerate(row):\n"
            "        dC[ix] += demb[i, j, :]",
            "hot = np.eye(len(C))[X.reshape(-1)]\ndC = hot.T @ demb.reshape(-1, C.shape[1])",
        ],
    ],
    "cross_entropy": [
        [
            "dlogits = probs.copy()\ndlogits[range(n), Y] -= 1\ndlogits /= n",
            "hot = np.zeros_like(probs)\nhot[range(n), Y] = 1\ndlogits = (probs - hot) / n",
            "dlogits = (probs - np.eye(probs.shape[1])[Y]) / n",
            "dlogits = probs / n\ndlogits[np.arange(n), Y] -= 1 / n",
        ],
    ],
    "batch_norm": [
        [
            "dhprebn = bngain * bnvar_inv / n * (n * dhpreact - dhpreact.sum(0)\n"
            "    - n / (n - 1) * bnraw * (dhpreact * bnraw).sum(0))",
            "dbnraw = dhpreact * bngain\n"
            "dhprebn = bnvar_inv * (dbnraw - dbnraw.mean(0) - bnraw * (dbnraw * bnraw).sum(0) / (n - 1))",
            "back = dhpreact - dhpreact.mean(axis=0)\n"
            "back = back - bnraw * np.sum(dhpreact * bnraw, axis=0) / (n - 1)\n"
            "dhprebn = back * bngain * bnvar_inv",
        ],
    ],
    "temperature": [
        [
            "dscaled = probs.copy()\ndscaled[range(n), y] -= 1\ndscaled = dscaled / n",
            "dscaled = (probs - np.eye(probs.shape[1])[y]) / n",
            "hot = np.zeros(probs.shape)\nhot[np.arange(n), y] = 1.0\ndscaled = (probs - hot) / n",
        ],
        ["dlogits = dscaled / T", "dlogits = 1 / T * dscaled", "dlogits = dscaled * T**-1"],
        [
            "dT = (-logits / T**2 * dscaled).sum()",
            "dT = -np.sum(dscaled * logits) / T**2",
            "dT = (dscaled * -scaled / T).sum()",
        ],
    ],
}
OWN = {"hot": "mask", "first": "u", "second": "v", "back": "tmp"}
TRAIN = ("cross_entropy", "output", "gain", "batch_norm", "hidden", "embedding")


def written_by(rng: random.Random, exercises: Mapping[str, str]) -> dict[str, str]:
    """The files of one student: `exercises` are the learner's copies, by name."""
    body = {name: [_chosen(rng, ways) for ways in statements] for name, statements in WAYS.items()}
    body["train"] = [line for name in TRAIN for line in body[name] if "dbnraw = b" not in line]
    return {name: _filled(copy, body[name]) for name, copy in exercises.items()}


def _chosen(rng: random.Random, ways: list[str]) -> str:
    """Each way is half as common as the one before it."""
    return rng.choices(ways, [2.0**-i for i in range(len(ways))])[0]


def _filled(copy: str, statements: list[str]) -> str:
    """The learner's copy with these statements where its blanks are; backward is given what they
    read of forward."""
    before, start, backward = copy.partition("def backward(")
    given, end, body = backward.partition("):")
    read = [name for text in statements for name in re.findall(r"\b[a-zA-Z]\w*", text)]
    forward = before.partition("def forward(")[2]
    known = {*re.findall(r"\b(\w+) = ", forward), *re.findall(r"\w+", forward.partition(")")[0])}
    needed = [name for name in read if name in known]
    given = ", ".join(dict.fromkeys([*re.findall(r"\w+", given), *needed]))
    lines = f"{before}{start}{given}{end}{body}".splitlines()
    blanks = [i for i, line in enumerate(lines) if line.endswith("# your turn")]
    written = [f"    {line}" for statement in statements for line in statement.splitlines()]
    return "\n".join([*lines[: blanks[0]], *written, *lines[blanks[-1] + 1 :]]) + "\n"


def disguised(source: str) -> str:
    """As somebody hands in what is another's: with other names, comments and spaces."""
    for old, new in OWN.items():
        source = re.sub(rf"\b{old}\b", new, source)
    head, start, body = source.partition("def backward")
    lines = [f"{line}  # so" if line.strip() else line for line in body.splitlines()]
    body = "\n".join(lines).replace(" * ", "*").replace(" / ", "  /  ")
    return f"{head}{start}{body}\n"
