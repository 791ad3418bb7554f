import numpy as np

class Dense:
    def __init__(self, input_size, output_size):
        self.weights = np.random.randn(output_size, input_size)
        self.bias = np.random.randn(output_size, 1)

    def forward(self, input):
        self.input = input
        return np.dot(self.weights, self.input) + self.bias

    def backward(self, output_gradient, learning_rate):
        weights_gradient = np.dot(output_gradient, self.input.T)
        input_gradient = np.dot(self.weights.T, output_gradient)
        self.weights -= learning_rate * weights_gradient
        self.bias -= learning_rate * output_gradient
        return input_gradient

class Patches:
    def __init__(self, size):
        self.size = size
        self.W = np.random.randn(size)

    def forward(self, x):
        self.x = x
        n = x.shape[1] - self.size + 1
        out = np.zeros((len(x), n))
        for i in range(n):
            out[:, i] = x[:, i : i + self.size] @ self.W
        return out

    def backward(self, dout):
        self.dW = np.zeros_like(self.W)
        dx = np.zeros_like(self.x)
        for i in range(dout.shape[1]):
            self.dW += dout[:, i] @ self.x[:, i : i + self.size]
            dx[:, i : i + self.size] += np.outer(dout[:, i], self.W)
        return dx

def compute_cost(X, y, w, b, lambda_=1):
    m, n = X.shape
    f_wb = 1 / (1 + np.exp(-(X @ w + b)))
    cost = -np.mean(y * np.log(f_wb) + (1 - y) * np.log(1 - f_wb))
    return cost + lambda_ / (2 * m) * np.sum(w ** 2)

def compute_gradient(X, y, w, b, lambda_=1):
    m, n = X.shape
    err = 1 / (1 + np.exp(-(X @ w + b))) - y
    dj_dw = X.T @ err / m + lambda_ / m * w
    dj_db = np.sum(err) / m
    return dj_db, dj_dw
