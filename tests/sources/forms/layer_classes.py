"""Layers as classes, in several ways of keeping parameters and gradients."""

import numpy as np

class Linear:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) * 0.1
        self.b = np.zeros(n_out)
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db += dout.sum(axis=0)
        return dout @ self.W.T

class Affine:
    def __init__(self, W, b):
        self.params = {"W": W, "b": b}
        self.grads = {}
        self.x = None

    def forward(self, x):
        self.x = x
        out = np.dot(x, self.params["W"]) + self.params["b"]
        return out

    def backward(self, grad_output):
        dx = np.dot(grad_output, self.params["W"].T)
        self.grads["W"] = np.dot(self.x.T, grad_output)
        self.grads["b"] = np.sum(grad_output, axis=0)
        return dx

class ReLU:
    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dout[self.mask] = 0
        dx = dout
        return dx

class Tanh:
    def __call__(self, x):
        self.out = np.tanh(x)
        return self.out

    def backward(self, dout):
        return dout * (1 - self.out ** 2)

class BatchNorm:
    def __init__(self, dim, eps=1e-5):
        self.eps = eps
        self.gamma = np.ones(dim)
        self.beta = np.zeros(dim)
        self.running_mean = np.zeros(dim)

    def forward(self, x):
        self.mean = x.mean(0)
        self.var = x.var(0)
        self.xhat = (x - self.mean) / np.sqrt(self.var + self.eps)
        self.running_mean = 0.9 * self.running_mean + 0.1 * self.mean
        return self.gamma * self.xhat + self.beta

    def backward(self, dout):
        n = dout.shape[0]
        self.dgamma = (dout * self.xhat).sum(0)
        self.dbeta = dout.sum(0)
        dxhat = dout * self.gamma
        dx = (n * dxhat - dxhat.sum(0) - self.xhat * (dxhat * self.xhat).sum(0)) / n
        return dx / np.sqrt(self.var + self.eps)

class SoftmaxWithLoss:
    def __init__(self):
        self.loss = None

    def forward(self, x, t):
        self.t = t
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        self.loss = -np.sum(np.log(self.y[np.arange(len(x)), t])) / len(x)
        return self.loss

    def backward(self, dout=1):
        n = self.t.shape[0]
        dx = self.y.copy()
        dx[np.arange(n), self.t] -= 1
        dx = dx / n
        return dx

class Embedding:
    def __init__(self, num_embeddings, embedding_dim):
        self.weight = np.random.randn(num_embeddings, embedding_dim)
        self.weight_grad = np.zeros_like(self.weight)

    def forward(self, ix):
        self.ix = ix
        return self.weight[ix]

    def backward(self, grad):
        self.weight_grad = np.zeros_like(self.weight)
        np.add.at(self.weight_grad, self.ix, grad)

class LayerNorm:
    def __init__(self, dim):
        self.g = np.ones(dim)
        self.dg = np.zeros(dim)

    def forward(self, x):
        self.mu = x.mean(-1, keepdims=True)
        self.c = x - self.mu
        self.s = np.sqrt((self.c ** 2).mean(-1, keepdims=True) + 1e-5)
        self.n = self.c / self.s
        return self.n * self.g

    def backward(self, dout):
        for j in range(len(self.g)):
            self.dg[j] = (dout[:, j] * self.n[:, j]).sum()
        dn = dout * self.g
        return (dn - dn.mean(-1, keepdims=True) - self.n * (dn * self.n).mean(-1, keepdims=True)) / self.s
