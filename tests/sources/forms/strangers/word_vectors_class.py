import numpy as np


class Word2Vec:
    def __init__(self, vocab_size, dim=8, lr=0.05):
        self.lr = lr
        self.W1 = np.random.uniform(-0.8, 0.8, (vocab_size, dim))
        self.W2 = np.random.uniform(-0.8, 0.8, (dim, vocab_size))

    def softmax(self, u):
        e = np.exp(u - np.max(u))
        return e / e.sum(axis=0)

    def forward(self, x):
        self.h = np.dot(self.W1.T, x)
        self.u = np.dot(self.W2.T, self.h)
        self.y = self.softmax(self.u)
        return self.y

    def backpropagate(self, x, t):
        e = self.y - np.asarray(t)
        dW2 = np.outer(self.h, e)
        X = np.dot(self.W2, e)
        dW1 = np.outer(x, X)
        self.W1 = self.W1 - self.lr * dW1
        self.W2 = self.W2 - self.lr * dW2

    def train(self, X_train, y_train, epochs):
        for epoch in range(epochs):
            self.loss = 0
            for j in range(len(X_train)):
                self.forward(X_train[j])
                self.backpropagate(X_train[j], y_train[j])
                self.loss += -np.sum(y_train[j] * np.log(self.y))
            print("epoch", epoch, "loss", self.loss)


words = ["the", "cat", "sat", "on", "a", "mat"]
one_hot = np.eye(len(words))
w2v = Word2Vec(len(words))
w2v.train(one_hot[:-1], one_hot[1:], 3)
