"""A linear regression whose steps are taken one example after the other."""

import numpy as np


class LinearBySteps:
    def __init__(self, rate=0.01, rounds=30):
        self.rate = rate
        self.rounds = rounds

    def fit(self, X, y):
        n, d = X.shape
        self.w = np.zeros(d)
        self.b = 0.0
        for _ in range(self.rounds):
            for i in range(n):
                row = X[i]
                guess = np.dot(row, self.w) + self.b
                off = guess - y[i]
                self.w -= self.rate * off * row
                self.b -= self.rate * off
        return self
