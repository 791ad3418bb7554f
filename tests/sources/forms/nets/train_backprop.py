"""Linear regression in one method with the loss and step inside."""
import numpy as np

class LogisticRegression:
    def __init__(self, lr=0.1, steps=100):
        self.lr, self.steps = lr, steps

    def fit(self, X, y):
        n, d = X.shape
        self.w = np.zeros(d)
        self.b = 0.0
        for _ in range(self.steps):
            p = 1 / (1 + np.exp(-(X @ self.w + self.b)))
            dw = X.T @ (p - y) / n
            db = np.mean(p - y)
            self.w -= self.lr * dw
            self.b -= self.lr * db
