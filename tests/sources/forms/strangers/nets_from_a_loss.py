import numpy as np

class NeuralNetwork:
    def __init__(self, inputs, hidden, outputs):
        self.W1 = np.random.randn(inputs, hidden) * 0.1
        self.b1 = np.zeros((1, hidden))
        self.W2 = np.random.randn(hidden, outputs) * 0.1
        self.b2 = np.zeros((1, outputs))

    def sigmoid(self, z):
        return 1 / (1 + np.exp(-z))

    def forward(self, X):
        self.z1 = X @ self.W1 + self.b1
        self.a1 = self.sigmoid(self.z1)
        self.z2 = self.a1 @ self.W2 + self.b2
        self.a2 = self.sigmoid(self.z2)
        return self.a2

    def compute_loss(self, y_true, y_pred):
        m = y_true.shape[0]
        return -np.sum(y_true * np.log(y_pred) + (1 - y_true) * np.log(1 - y_pred)) / m

    def backward(self, X, y, output):
        m = X.shape[0]
        dz2 = output - y
        self.dW2 = self.a1.T @ dz2 / m
        self.db2 = np.sum(dz2, axis=0, keepdims=True) / m
        dz1 = dz2 @ self.W2.T * self.a1 * (1 - self.a1)
        self.dW1 = X.T @ dz1 / m
        self.db1 = np.sum(dz1, axis=0, keepdims=True) / m

class Climber:
    def __init__(self, n_in, n_hidden, n_out, lr=0.1):
        self.weights1 = np.random.randn(n_in, n_hidden)
        self.weights2 = np.random.randn(n_hidden, n_out)
        self.lr = lr

    def feedforward(self, X):
        self.h = 1 / (1 + np.exp(-np.dot(X, self.weights1)))
        return 1 / (1 + np.exp(-np.dot(self.h, self.weights2)))

    def backprop(self, X, y, o):
        o_delta = (y - o) * o * (1 - o)
        h_delta = o_delta.dot(self.weights2.T) * self.h * (1 - self.h)
        d_weights1 = X.T.dot(h_delta)
        d_weights2 = self.h.T.dot(o_delta)
        self.weights1 += self.lr * d_weights1
        self.weights2 += self.lr * d_weights2
