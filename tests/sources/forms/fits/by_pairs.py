"""A logistic regression whose steps are taken one example after the other."""

import numpy as np


class OneByOne:
    def __init__(self, lr=0.1, epochs=10):
        self.lr, self.epochs = lr, epochs

    def fit(self, X, y):
        self.weights = np.zeros(X.shape[1])
        self.bias = 0.0
        for _ in range(self.epochs):
            for x_i, y_i in zip(X, y):
                z = np.dot(x_i, self.weights) + self.bias
                p = 1 / (1 + np.exp(-z))
                dz = p - y_i
                dw = dz * x_i
                self.weights -= self.lr * dw
                self.bias -= self.lr * dz
