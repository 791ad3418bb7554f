import torch
torch.manual_seed(0)
n, m, nh = 20, 5, 6
x = torch.randn(n, m)
y = torch.randn(n)
w1 = torch.randn(m, nh); b1 = torch.zeros(nh)
w2 = torch.randn(nh, 1); b2 = torch.zeros(1)

def lin(x, w, b): return x @ w + b
def relu(x): return x.clamp_min(0.)

l1 = lin(x, w1, b1)
l2 = relu(l1)
out = lin(l2, w2, b2)
diff = out[:,0] - y
loss = diff.pow(2).mean()

diff.g = 2.*diff / n
out.g = diff.g[:,None]
l2.g = out.g @ w2.t()
w2.g = l2.t() @ out.g
b2.g = out.g.sum(0)
l1.g = (l1 > 0).float() * l2.g
w1.g = x.t() @ l1.g
b1.g = l1.g.sum(0)
