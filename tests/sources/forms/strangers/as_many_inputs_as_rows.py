"""A weight that has as many rows as the batch."""
import torch, torch.nn.functional as F
torch.manual_seed(1)
N, V, E, H = 24, 20, 6, 16
Xb = torch.randint(0, V, (N, 4)); Yb = torch.randint(0, V, (N,))
C = torch.randn(V, E, requires_grad=True)
W1 = (torch.randn(E * 4, H) * 0.2).requires_grad_()
b1 = (torch.randn(H) * 0.1).requires_grad_()
W2 = (torch.randn(H, V) * 0.2).requires_grad_()
b2 = (torch.randn(V) * 0.1).requires_grad_()
emb = C[Xb]
x = emb.view(-1, E * 4)
hpre = x @ W1 + b1
h = torch.sigmoid(hpre) * hpre   # swish
logits = h @ W2 + b2
loss = F.cross_entropy(logits, Yb) + 0.01 * (W1**2).mean()
for t in (logits, h, hpre, x, emb): t.retain_grad()
loss.backward()
with torch.no_grad():
    dlogits = F.softmax(logits, dim=1)
    dlogits[torch.arange(N), Yb] -= 1
    dlogits /= N
    dW2 = h.T @ dlogits
    db2 = dlogits.sum(0)
    dh = dlogits @ W2.T
    s = torch.sigmoid(hpre)
    dhpre = dh * (s + hpre * s * (1 - s))
    dW1 = x.T @ dhpre + 0.02 * W1 / W1.numel()
    db1 = dhpre.sum(0)
    dx = dhpre @ W1.T
    demb = dx.view_as(emb)
    dC = torch.zeros_like(C).index_put_((Xb,), demb, accumulate=True)
for n, d, p in [('W2', dW2, W2), ('b2', db2, b2), ('W1', dW1, W1), ('C', dC, C)]:
    print(n, torch.allclose(d, p.grad))
