import numpy as np
np.random.seed(0)
class Linear:
    def __init__(self, fan_in, fan_out, bias=True):
        self.weight = np.random.randn(fan_in, fan_out) / fan_in**0.5
        self.bias = np.zeros(fan_out) if bias else None
    def __call__(self, x):
        self.x = x
        self.out = x @ self.weight
        if self.bias is not None:
            self.out = self.out + self.bias
        return self.out
    def backward(self, dout):
        self.dweight = self.x.T @ dout
        if self.bias is not None:
            self.dbias = dout.sum(0)
        return dout @ self.weight.T
    def parameters(self):
        return [self.weight] + ([] if self.bias is None else [self.bias])

class BatchNorm1d:
    def __init__(self, dim, eps=1e-5, momentum=0.1):
        self.eps = eps
        self.momentum = momentum
        self.training = True
        self.gamma = np.ones(dim)
        self.beta = np.zeros(dim)
        self.running_mean = np.zeros(dim)
        self.running_var = np.ones(dim)
    def __call__(self, x):
        if self.training:
            xmean = x.mean(0, keepdims=True)
            xvar = x.var(0, keepdims=True)
        else:
            xmean = self.running_mean
            xvar = self.running_var
        self.std = np.sqrt(xvar + self.eps)
        self.xhat = (x - xmean) / self.std
        self.out = self.gamma * self.xhat + self.beta
        if self.training:
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * xmean
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * xvar
        return self.out
    def backward(self, dout):
        self.dgamma = (dout * self.xhat).sum(0)
        self.dbeta = dout.sum(0)
        dxhat = dout * self.gamma
        n = dout.shape[0]
        return (dxhat - dxhat.mean(0) - self.xhat * (dxhat * self.xhat).mean(0)) / self.std
    def parameters(self):
        return [self.gamma, self.beta]

class Tanh:
    def __call__(self, x):
        self.out = np.tanh(x)
        return self.out
    def backward(self, dout):
        return dout * (1 - self.out**2)
    def parameters(self):
        return []

layers = [Linear(5, 8, bias=False), BatchNorm1d(8), Tanh(), Linear(8, 3)]
X = np.random.randn(6, 5)
Y = np.random.randint(0, 3, 6)

x = X
for layer in layers:
    x = layer(x)
logits = x
m = logits - logits.max(1, keepdims=True)
probs = np.exp(m) / np.exp(m).sum(1, keepdims=True)
loss = -np.log(probs[np.arange(6), Y]).mean()

dlogits = probs.copy()
dlogits[np.arange(6), Y] -= 1
dlogits /= 6
dx = dlogits
for layer in reversed(layers):
    dx = layer.backward(dx)
for layer in layers:
    if isinstance(layer, Linear):
        layer.weight -= 0.1 * layer.dweight
