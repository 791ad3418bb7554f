import torch

x = torch.linspace(-3, 3, 200)
y = torch.sin(x)
a, b, c, d = torch.randn(()), torch.randn(()), torch.randn(()), torch.randn(())

for step in range(2000):
    y_pred = a + b * x + c * x ** 2 + d * x ** 3
    loss = (y_pred - y).pow(2).sum().item()
    if step % 100 == 99:
        print(step, loss)
    grad_y_pred = 2.0 * (y_pred - y)
    grad_a = grad_y_pred.sum()
    grad_b = (grad_y_pred * x).sum()
    grad_c = (grad_y_pred * x ** 2).sum()
    grad_d = (grad_y_pred * x ** 3).sum()
    a -= 1e-6 * grad_a
    b -= 1e-6 * grad_b
    c -= 1e-6 * grad_c
    d -= 1e-6 * grad_d
