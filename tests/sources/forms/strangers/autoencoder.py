import numpy as np
class Autoencoder:
    def __init__(self, n_in=6, n_hidden=3, lr=0.01):
        self.W = np.random.randn(n_in, n_hidden) * 0.1
        self.b_enc = np.zeros(n_hidden)
        self.b_dec = np.zeros(n_in)
        self.lr = lr
    def sigmoid(self, z):
        return 1 / (1 + np.exp(-z))
    def forward(self, X):
        self.X = X
        self.H = self.sigmoid(X @ self.W + self.b_enc)
        self.R = self.H @ self.W.T + self.b_dec
        return self.R
    def loss(self, X):
        return 0.5 * np.mean(np.sum((self.R - X) ** 2, axis=1))
    def backward(self, X):
        n = X.shape[0]
        dR = (self.R - X) / n
        self.db_dec = dR.sum(axis=0)
        dH = dR @ self.W
        dZ = dH * self.H * (1 - self.H)
        self.db_enc = dZ.sum(axis=0)
        self.dW = X.T @ dZ + dR.T @ self.H
    def step(self):
        self.W -= self.lr * self.dW
        self.b_enc -= self.lr * self.db_enc
        self.b_dec -= self.lr * self.db_dec
