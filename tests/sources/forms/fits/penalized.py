import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


class LogReg:
    def __init__(self, lr=0.1, epochs=1000, l2=0.0):
        self.lr, self.epochs, self.l2 = lr, epochs, l2

    def predict_proba(self, X):
        return sigmoid(X @ self.w + self.b)

    def fit(self, X, y):
        m, n = X.shape
        rng = np.random.default_rng(0)
        self.w = rng.normal(scale=0.01, size=n)
        self.b = 0.0
        for _ in range(self.epochs):
            p = self.predict_proba(X)
            err = p - y
            grad_w = X.T @ err / m + self.l2 * self.w
            grad_b = err.mean()
            self.w -= self.lr * grad_w
            self.b -= self.lr * grad_b
        return self

    def predict(self, X):
        return (self.predict_proba(X) >= 0.5).astype(int)
