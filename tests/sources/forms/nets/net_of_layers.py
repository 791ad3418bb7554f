"""A net that makes its own layers, keeps its parameters in a dict besides, and gathers gradients."""

from collections import OrderedDict

import numpy as np


class Dense:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class Rectifier:
    def forward(self, x):
        self.below = x <= 0
        return np.where(self.below, 0, x)

    def backward(self, dout):
        return np.where(self.below, 0, dout)


class Softmax:
    def forward(self, x, t):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.p, self.t = e / e.sum(axis=1, keepdims=True), t
        return -np.log(self.p[np.arange(len(t)), t]).mean()

    def backward(self, dout=1):
        dx = self.p.copy()
        dx[np.arange(len(self.t)), self.t] -= 1
        return dx * dout / len(self.t)


class Stack:
    def __init__(self, n_in, n_hidden, n_out, decay=0.1):
        self.decay = decay
        self.params = {
            "W1": 0.1 * np.random.randn(n_in, n_hidden),
            "b1": np.zeros(n_hidden),
            "W2": 0.1 * np.random.randn(n_hidden, n_out),
            "b2": np.zeros(n_out),
        }
        self.layers = OrderedDict()
        self.layers["Dense1"] = Dense(self.params["W1"], self.params["b1"])
        self.layers["Rectifier1"] = Rectifier()
        self.layers["Dense2"] = Dense(self.params["W2"], self.params["b2"])
        self.last = Softmax()

    def predict(self, x):
        for layer in self.layers.values():
            x = layer.forward(x)
        return x

    def loss(self, x, t):
        kept_small = sum(0.5 * self.decay * np.sum(self.params[k] ** 2) for k in ("W1", "W2"))
        return self.last.forward(self.predict(x), t) + kept_small

    def gradient(self, x, t):
        self.loss(x, t)
        dout = self.last.backward(1)
        for layer in reversed(list(self.layers.values())):
            dout = layer.backward(dout)
        grads = {}
        for i in (1, 2):
            layer = self.layers["Dense" + str(i)]
            grads["W" + str(i)] = layer.dW + self.decay * layer.W
        grads["b1"] = self.layers["Dense1"].db
        grads["b2"] = self.layers["Dense2"].db
        return grads
