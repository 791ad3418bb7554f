import numpy as np

class Full:
    def __init__(self, n_in, n_out):
        self.weights = np.random.randn(n_in, n_out) * 0.3
        self.bias = np.zeros((1, n_out))
        self.rate = 0.1

    def forward(self, x):
        self.x = x
        return x @ self.weights + self.bias

    def backward(self, error):
        down = error @ self.weights.T
        self.weights -= self.rate * self.x.T @ error
        self.bias -= self.rate * error.sum(axis=0, keepdims=True)
        return down

class Slow:
    def __init__(self, n_in, n_out):
        self.weights = np.random.randn(n_in, n_out) * 0.3
        self.bias = np.zeros((1, n_out))

    def forward(self, x):
        self.x = x
        return x @ self.weights + self.bias

    def backward(self, error, learning_rate):
        down = error @ self.weights.T
        weights_error = self.x.T @ error
        self.weights -= learning_rate * weights_error
        self.bias -= learning_rate * np.sum(error, axis=0, keepdims=True)
        return down

def mse(y_true, y_pred):
    return np.mean((y_true - y_pred) ** 2)

def mse_prime(y_true, y_pred):
    return 2 * (y_pred - y_true) / y_true.size
