"""The data are set in __init__, the loss is a method, gradients are attributes."""
import numpy as np

class MLP:
    def __init__(self, X, Y, hidden=5, lr=0.1):
        self.X = X
        self.Y = Y
        self.lr = lr
        self.W1 = np.random.randn(X.shape[1], hidden) * 0.5
        self.b1 = np.zeros(hidden)
        self.W2 = np.random.randn(hidden, Y.shape[1]) * 0.5
        self.b2 = np.zeros(Y.shape[1])

    def forward(self):
        self.h = np.tanh(self.X @ self.W1 + self.b1)
        self.out = self.h @ self.W2 + self.b2
        return self.out

    def loss(self):
        return 0.5 * np.mean(np.sum((self.out - self.Y) ** 2, axis=1))

    def backward(self):
        n = self.X.shape[0]
        dout = (self.out - self.Y) / n
        self.dW2 = self.h.T @ dout
        self.db2 = dout.sum(axis=0)
        dh = dout @ self.W2.T
        dz = dh * (1 - self.h ** 2)
        self.dW1 = self.X.T @ dz
        self.db1 = dz.sum(axis=0)

    def step(self):
        self.W1 -= self.lr * self.dW1
        self.b1 -= self.lr * self.db1
        self.W2 -= self.lr * self.dW2
        self.b2 -= self.lr * self.db2
