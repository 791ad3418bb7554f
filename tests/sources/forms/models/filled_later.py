import numpy as np

class Dense:
    def __init__(self, units):
        self.units = units
        self.W = None
        self.b = None

    def forward(self, x):
        if self.W is None:
            self.W = np.random.randn(x.shape[1], self.units) * 0.3
            self.b = np.zeros((1, self.units))
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad):
        self.dW = self.x.T @ grad
        self.db = grad.sum(axis=0, keepdims=True)
        return grad @ self.W.T

class ReLU:
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, grad):
        return grad * self.mask

class Sequential:
    def __init__(self):
        self.layers = []

    def add(self, layer):
        self.layers.append(layer)

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad):
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad

if __name__ == "__main__":
    np.random.seed(0)
    X = np.random.randn(16, 5)
    y = X @ np.random.randn(5, 2)
    model = Sequential()
    model.add(Dense(7))
    model.add(ReLU())
    model.add(Dense(2))
    for epoch in range(100000):
        out = model.forward(X)
        loss = np.mean((out - y) ** 2)
        model.backward(2 * (out - y) / out.size)
        for layer in model.layers:
            if hasattr(layer, "W"):
                layer.W -= 0.01 * layer.dW
                layer.b -= 0.01 * layer.db
