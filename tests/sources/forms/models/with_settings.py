import torch
import torch.nn.functional as F

class Linear:
    def __init__(self, fan_in, fan_out):
        self.weight = torch.randn((fan_in, fan_out)) / fan_in**0.5
        self.bias = torch.zeros(fan_out)

    def __call__(self, x):
        self.x = x
        return x @ self.weight + self.bias

    def backward(self, dout):
        self.dweight = self.x.T @ dout
        self.dbias = dout.sum(0)
        return dout @ self.weight.T

class BatchNorm1d:
    def __init__(self, dim, eps=1e-5, momentum=0.1):
        self.eps = eps
        self.momentum = momentum
        self.gamma = torch.ones(dim)
        self.beta = torch.zeros(dim)
        self.running_mean = torch.zeros(dim)

    def __call__(self, x):
        mean, var = x.mean(0, keepdim=True), x.var(0, keepdim=True)
        self.inv = 1 / torch.sqrt(var + self.eps)
        self.xhat = (x - mean) * self.inv
        self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
        return self.gamma * self.xhat + self.beta

    def backward(self, dout):
        n = dout.shape[0]
        self.dgamma = (dout * self.xhat).sum(0)
        self.dbeta = dout.sum(0)
        inner = n * dout - dout.sum(0) - n / (n - 1) * self.xhat * (dout * self.xhat).sum(0)
        return self.gamma * self.inv / n * inner

torch.manual_seed(1)
X, Y = torch.randint(0, 9, (100, 3)), torch.randint(0, 9, (100,))
C = torch.randn((9, 4))
layers = [Linear(12, 7), BatchNorm1d(7), Linear(7, 9)]
batch_size = 16
for i in range(1000):
    ix = torch.randint(0, X.shape[0], (batch_size,))
    Xb, Yb = X[ix], Y[ix]
    emb = C[Xb]
    x = emb.view(emb.shape[0], -1)
    for layer in layers:
        x = layer(x)
    loss = F.cross_entropy(x, Yb)
    dx = F.softmax(x, 1)
    dx[range(batch_size), Yb] -= 1
    dx /= batch_size
    for layer in reversed(layers):
        dx = layer.backward(dx)
    demb = dx.view(emb.shape)
    dC = torch.zeros_like(C)
    dC.index_add_(0, Xb.view(-1), demb.view(-1, 4))
    C -= 0.1 * dC
