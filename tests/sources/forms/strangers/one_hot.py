import numpy as np

def softmax(x):
    x = x.T
    x = x - np.max(x, axis=0)
    y = np.exp(x) / np.sum(np.exp(x), axis=0)
    return y.T

class SoftmaxWithLoss:
    def __init__(self):
        self.y, self.t = None, None

    def forward(self, x, t):
        self.t = t
        self.y = softmax(x)
        return -np.sum(t * np.log(self.y + 1e-7)) / len(t)

    def backward(self, dout=1):
        batch_size = self.t.shape[0]
        dx = (self.y - self.t) / batch_size
        return dx

def forward_propagation(X, parameters):
    W1, b1 = parameters["W1"], parameters["b1"]
    Z1 = np.dot(W1, X) + b1
    A1 = np.exp(Z1) / np.sum(np.exp(Z1), axis=0, keepdims=True)
    return A1, (Z1, A1)

def compute_cost(A1, Y):
    return -np.sum(Y * np.log(A1)) / Y.shape[1]

def backward_propagation(X, Y, cache):
    m = X.shape[1]
    Z1, A1 = cache
    dZ1 = A1 - Y
    dW1 = 1 / m * np.dot(dZ1, X.T)
    db1 = 1 / m * np.sum(dZ1, axis=1, keepdims=True)
    return {"dW1": dW1, "db1": db1}
