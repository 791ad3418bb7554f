"""The same with a cost class: cross-entropy, whose delta is a - y."""
import numpy as np

class CrossEntropyCost:
    @staticmethod
    def fn(a, y):
        return np.sum(np.nan_to_num(-y * np.log(a) - (1 - y) * np.log(1 - a)))

    @staticmethod
    def delta(z, a, y):
        return a - y

class Net:
    def __init__(self, sizes, cost=CrossEntropyCost):
        self.num_layers = len(sizes)
        self.biases = [np.random.randn(n, 1) for n in sizes[1:]]
        self.weights = [np.random.randn(n, k) / np.sqrt(k) for k, n in zip(sizes[:-1], sizes[1:])]
        self.cost = cost

    def backprop(self, x, y):
        nabla_b = [np.zeros_like(b) for b in self.biases]
        nabla_w = [np.zeros_like(w) for w in self.weights]
        a = x
        acts, zs = [x], []
        for b, w in zip(self.biases, self.weights):
            z = w @ a + b
            zs.append(z)
            a = 1 / (1 + np.exp(-z))
            acts.append(a)
        delta = self.cost.delta(zs[-1], acts[-1], y)
        nabla_b[-1] = delta
        nabla_w[-1] = delta @ acts[-2].T
        for l in range(2, self.num_layers):
            s = 1 / (1 + np.exp(-zs[-l]))
            delta = (self.weights[-l + 1].T @ delta) * s * (1 - s)
            nabla_b[-l] = delta
            nabla_w[-l] = delta @ acts[-l - 1].T
        return nabla_b, nabla_w
