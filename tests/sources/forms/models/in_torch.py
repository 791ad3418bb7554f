
import torch
import torch.nn.functional as F

class Linear:
    def __init__(self, fan_in, fan_out, bias=True):
        self.weight = torch.randn((fan_in, fan_out)) / fan_in**0.5
        self.bias = torch.zeros(fan_out) if bias else None
    def __call__(self, x):
        self.x = x
        self.out = x @ self.weight
        if self.bias is not None:
            self.out = self.out + self.bias
        return self.out
    def backward(self, dout):
        self.weight_grad = self.x.T @ dout
        if self.bias is not None:
            self.bias_grad = dout.sum(0)
        return dout @ self.weight.T

class Tanh:
    def __call__(self, x):
        self.out = torch.tanh(x)
        return self.out
    def backward(self, dout):
        return dout * (1 - self.out ** 2)

torch.manual_seed(42)
n_embd, n_hidden, vocab_size = 3, 7, 5
C = torch.randn((vocab_size, n_embd))
layers = [Linear(n_embd * 2, n_hidden, bias=False), Tanh(), Linear(n_hidden, vocab_size)]
with torch.no_grad():
    layers[-1].weight *= 0.1
Xb = torch.randint(0, vocab_size, (6, 2))
Yb = torch.randint(0, vocab_size, (6,))

emb = C[Xb]
x = emb.view(emb.shape[0], -1)
for layer in layers:
    x = layer(x)
loss = F.cross_entropy(x, Yb)

# backward
dlogits = F.softmax(x, 1)
dlogits[range(6), Yb] -= 1
dlogits /= 6
d = dlogits
for layer in reversed(layers):
    d = layer.backward(d)
demb = d.view(emb.shape)
dC = torch.zeros_like(C)
for k in range(Xb.shape[0]):
    for j in range(Xb.shape[1]):
        dC[Xb[k, j]] += demb[k, j]
