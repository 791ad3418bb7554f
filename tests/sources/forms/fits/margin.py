"""A support vector machine on all examples at once."""

import numpy as np


class Margin:
    def __init__(self, C=1.0, lr=0.01, epochs=100):
        self.C = C
        self.lr = lr
        self.epochs = epochs

    def fit(self, X, y):
        self.w = np.random.randn(X.shape[1]) * 0.01
        self.b = 0.0
        for _ in range(self.epochs):
            margin = y * (X @ self.w + self.b)
            inside = np.where(margin < 1)[0]
            d_w = self.w - self.C * y[inside] @ X[inside]
            d_b = -self.C * np.sum(y[inside])
            self.w = self.w - self.lr * d_w
            self.b = self.b - self.lr * d_b
