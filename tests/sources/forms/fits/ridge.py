import numpy as np

class RidgeRegression:
    def __init__(self, alpha=1.0, lr=0.01, n_iterations=100):
        self.alpha = alpha
        self.lr = lr
        self.n_iterations = n_iterations

    def initialize(self, n_features):
        limit = 1 / np.sqrt(n_features)
        self.w = np.random.uniform(-limit, limit, (n_features,))

    def fit(self, X, y):
        X = np.insert(X, 0, 1, axis=1)
        self.training_errors = []
        self.initialize(X.shape[1])
        for i in range(self.n_iterations):
            y_pred = X.dot(self.w)
            mse = np.mean(0.5 * (y - y_pred)**2 + self.alpha * 0.5 * self.w.T.dot(self.w))
            self.training_errors.append(mse)
            grad_w = -(y - y_pred).dot(X) / len(y) + self.alpha * self.w
            self.w -= self.lr * grad_w

    def predict(self, X):
        X = np.insert(X, 0, 1, axis=1)
        return X.dot(self.w)
