"""A net with any number of layers: loss and gradients in one method, which runs without labels, too."""

import numpy as np


def dense_forward(x, w, b):
    return x @ w + b, (x, w)


def dense_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


def hidden_forward(x, w, b):
    a, kept = dense_forward(x, w, b)
    return np.maximum(a, 0), (kept, a)


def hidden_backward(dout, cache):
    kept, a = cache
    return dense_backward(dout * (a > 0), kept)


def cross_entropy(scores, y):
    n = len(y)
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(n), y]).sum() / n
    dscores = p.copy()
    dscores[np.arange(n), y] -= 1
    return loss, dscores / n


class Deep:
    def __init__(self, sizes, reg=0.1):
        self.reg = reg
        self.num_layers = len(sizes) - 1
        self.params = {}
        for i in range(1, self.num_layers + 1):
            self.params[f"W{i}"] = 0.1 * np.random.randn(sizes[i - 1], sizes[i])
            self.params[f"b{i}"] = np.zeros(sizes[i])

    def loss(self, X, y=None):
        mode = "test" if y is None else "train"
        caches, out, L = [], X, self.num_layers
        for i in range(1, self.num_layers):
            out, cache = hidden_forward(out, self.params[f"W{i}"], self.params[f"b{i}"])
            caches.append(cache)
        scores, last = dense_forward(out, self.params[f"W{L}"], self.params[f"b{L}"])
        if mode == "test":
            return scores
        grads = {}
        loss, dscores = cross_entropy(scores, y)
        for i in range(1, L + 1):
            loss += 0.5 * self.reg * np.sum(self.params[f"W{i}"] ** 2)
        dout, dw, db = dense_backward(dscores, last)
        grads[f"W{L}"] = dw + self.reg * self.params[f"W{L}"]
        grads[f"b{L}"] = db
        for i in range(L - 1, 0, -1):
            dout, dw, db = hidden_backward(dout, caches[i - 1])
            grads[f"W{i}"] = dw + self.reg * self.params[f"W{i}"]
            grads[f"b{i}"] = db
        return loss, grads
