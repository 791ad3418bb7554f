import torch

n, m, nh = 20, 6, 5
x_train, y_train = torch.randn(n, m), torch.randn(n)
w1, b1, w2, b2 = torch.randn(m, nh), torch.zeros(nh), torch.randn(nh, 1), torch.zeros(1)

def lin(x, w, b):
    return x @ w + b

def lin_grad(inp, out, w, b):
    inp.g = out.g @ w.t()
    w.g = inp.t() @ out.g
    b.g = out.g.sum(0)

def forward_and_backward(inp, targ):
    l1 = lin(inp, w1, b1)
    l2 = l1.clamp_min(0.0)
    out = lin(l2, w2, b2)
    diff = out[:, 0] - targ
    loss = diff.pow(2).mean()
    out.g = 2.0 * diff[:, None] / inp.shape[0]
    lin_grad(l2, out, w2, b2)
    l1.g = (l1 > 0).float() * l2.g
    lin_grad(inp, l1, w1, b1)

forward_and_backward(x_train, y_train)
