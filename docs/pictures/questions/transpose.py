"""A product of matrices, and where each transpose in its backward comes from."""


def inputs(rng, *, n=4, features=3, outputs=2):
    return {
        "x": rng.normal(size=(n, features)),
        "W": rng.normal(size=(features, outputs)),
    }


def forward(x, W):
    out = x @ W
    loss = (out**2).sum() / 2
    return loss


def backward(x, W, out):
    dout = out
    dW = x.T @ dout
    dx = dout @ W.T
