import numpy as np

class SoftmaxClassifier:
    def __init__(self, lr=0.1, epochs=10, batch_size=32, reg_strength=1e-4):
        self.lr = lr
        self.epochs = epochs
        self.batch_size = batch_size
        self.reg_strength = reg_strength
        self.loss_history = []

    def fit(self, X, y):
        n_samples, n_features = X.shape
        n_classes = len(np.unique(y))
        self.W = np.random.randn(n_features, n_classes) * 0.01
        self.b = np.zeros(n_classes)
        y_onehot = np.eye(n_classes)[y]
        for epoch in range(self.epochs):
            idx = np.random.permutation(n_samples)
            X_shuffled, y_shuffled = X[idx], y_onehot[idx]
            for i in range(0, n_samples, self.batch_size):
                X_batch = X_shuffled[i:i + self.batch_size]
                y_batch = y_shuffled[i:i + self.batch_size]
                logits = X_batch @ self.W + self.b
                probs = self._softmax(logits)
                loss = -np.mean(np.sum(y_batch * np.log(probs), axis=1)) + 0.5 * self.reg_strength * np.sum(self.W ** 2)
                self.loss_history.append(loss)
                grad_logits = (probs - y_batch) / X_batch.shape[0]
                grad_W = X_batch.T @ grad_logits + self.reg_strength * self.W
                grad_b = grad_logits.sum(axis=0)
                self.W -= self.lr * grad_W
                self.b -= self.lr * grad_b

    def _softmax(self, z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)
