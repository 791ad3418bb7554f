"""A support vector machine that says its loss in a method of its own."""

import numpy as np


class MarginWithLoss:
    def __init__(self, C=1.0, rate=0.01):
        self.C = C
        self.rate = rate

    def hinge_loss(self, X, y):
        off = np.maximum(0, 1 - y * (X @ self.w + self.b))
        return np.dot(self.w, self.w) / 2 + self.C * off.sum()

    def fit(self, X, y):
        self.w, self.b = np.zeros(X.shape[1]), 0.0
        for _ in range(100):
            inside = y * (X @ self.w + self.b) < 1
            d_w = self.w - self.C * (y * inside) @ X
            d_b = -self.C * (y * inside).sum()
            self.w -= self.rate * d_w
            self.b -= self.rate * d_b
