import numpy as np

class SoftmaxRegression:
    def __init__(self, n_classes, lr=0.1, epochs=100, reg=1e-3):
        self.n_classes = n_classes
        self.lr = lr
        self.epochs = epochs
        self.reg = reg
        self.losses = []

    @staticmethod
    def softmax(z):
        z = z - np.max(z, axis=1, keepdims=True)
        e = np.exp(z)
        return e / np.sum(e, axis=1, keepdims=True)

    def _one_hot(self, y):
        out = np.zeros((len(y), self.n_classes))
        out[np.arange(len(y)), y] = 1
        return out

    def _loss(self, probs, Y):
        n = Y.shape[0]
        return -np.sum(Y * np.log(probs + 1e-12)) / n

    def fit(self, X, y):
        n, d = X.shape
        self.W = np.random.randn(d, self.n_classes) * 0.01
        self.b = np.zeros((1, self.n_classes))
        Y = self._one_hot(y)
        for epoch in range(self.epochs):
            scores = X @ self.W + self.b
            probs = self.softmax(scores)
            loss = self._loss(probs, Y)
            self.losses.append(loss)
            dscores = (probs - Y) / n
            dW = X.T @ dscores
            db = np.sum(dscores, axis=0, keepdims=True)
            self.W -= self.lr * dW
            self.b -= self.lr * db
        return self

    def predict(self, X):
        return np.argmax(self.softmax(X @ self.W + self.b), axis=1)
