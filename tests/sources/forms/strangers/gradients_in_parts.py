import torch

torch.manual_seed(1)
n, m, nh = 20, 6, 5
x_train, y_train = torch.randn(n, m), torch.randn(n, 1)
w1, b1, w2, b2 = torch.randn(m, nh), torch.zeros(nh), torch.randn(nh, 1), torch.zeros(1)

def lin(x, w, b): return x @ w + b
def relu(x): return x.clamp_min(0.)
def mse(output, targ): return (output - targ).pow(2).mean()

def mse_grad(inp, targ):
    inp.g = 2. * (inp - targ) / inp.shape[0]

def relu_grad(inp, out):
    inp.g = (inp > 0).float() * out.g

def lin_grad(inp, out, w, b):
    inp.g = out.g @ w.t()
    w.g = inp.t() @ out.g
    b.g = out.g.sum(0)

def forward_and_backward(inp, targ):
    l1 = lin(inp, w1, b1)
    l2 = relu(l1)
    out = lin(l2, w2, b2)
    loss = mse(out, targ)
    mse_grad(out, targ)
    lin_grad(l2, out, w2, b2)
    relu_grad(l1, l2)
    lin_grad(inp, l1, w1, b1)

forward_and_backward(x_train, y_train)
