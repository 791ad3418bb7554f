import numpy as np


class TwoLayers:
    def __init__(self, n_in, n_hidden, n_out):
        self.W1 = 0.1 * np.random.randn(n_in, n_hidden)
        self.b1 = np.zeros(n_hidden)
        self.W2 = 0.1 * np.random.randn(n_hidden, n_out)
        self.b2 = np.zeros(n_out)
        self.lr = 0.1

    def scores(self, X):
        z1 = X @ self.W1 + self.b1
        a1 = np.maximum(0, z1)
        return z1, a1, a1 @ self.W2 + self.b2

    def compute_loss(self, X, Y):
        _, _, out = self.scores(X)
        return np.sum((out - Y) ** 2) / len(X)

    def compute_gradients(self, X, Y):
        z1, a1, out = self.scores(X)
        delta = 2 * (out - Y) / len(X)
        dW2 = a1.T @ delta
        db2 = delta.sum(axis=0)
        back = (delta @ self.W2.T) * (z1 > 0)
        dW1 = X.T @ back
        db1 = back.sum(axis=0)
        return dW1, db1, dW2, db2

    def train(self, X, Y, steps=100):
        for _ in range(steps):
            dW1, db1, dW2, db2 = self.compute_gradients(X, Y)
            self.W1 -= self.lr * dW1
            self.b1 -= self.lr * db1
            self.W2 -= self.lr * dW2
            self.b2 -= self.lr * db2
