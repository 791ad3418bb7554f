"""Layers that take one example: a column, whose softmax is turned; a vector, whose outer products
are the gradients of weights."""

import numpy as np


class Shares:
    def forward(self, scores):
        e = np.exp(scores)
        self.p = e / np.sum(e)
        return self.p

    def backward(self, dout):
        return np.dot((np.identity(np.size(self.p)) - self.p.T) * self.p, dout)


class Gated:
    def __init__(self, n_in, n_state):
        self.U = np.random.randn(n_state, n_in)
        self.V = np.random.randn(n_state, n_state)
        self.c = np.random.randn(n_state)

    def forward(self, x, before):
        self.x, self.before = x, before
        self.gate = 1 / (1 + np.exp(-(self.U @ x + self.V @ before + self.c)))
        return self.gate * before

    def backward(self, dout):
        draw = dout * self.before * self.gate * (1 - self.gate)
        self.dU = np.outer(draw, self.x)
        self.dV = np.outer(draw, self.before)
        self.dc = draw
        return self.U.T @ draw, dout * self.gate + self.V.T @ draw
