"""A support vector machine: an example within its margin moves the plane, the others shrink it."""

import numpy as np


class MarginByRows:
    def __init__(self, lr=0.001, reg=0.01, n_iters=1000):
        self.lr = lr
        self.reg = reg
        self.n_iters = n_iters

    def fit(self, X, y):
        signs = np.where(y <= 0, -1, 1)
        self.w = np.zeros(X.shape[1])
        self.b = 0
        for _ in range(self.n_iters):
            for i, x in enumerate(X):
                outside = signs[i] * (np.dot(x, self.w) - self.b) >= 1
                if outside:
                    self.w -= self.lr * (2 * self.reg * self.w)
                else:
                    self.w -= self.lr * (2 * self.reg * self.w - signs[i] * x)
                    self.b -= self.lr * signs[i]
