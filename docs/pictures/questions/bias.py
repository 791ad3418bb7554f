"""A linear layer, of whose bias the gradient is averaged over the batch in place of summed."""


def inputs(rng, *, n=5, features=4, outputs=3):
    return {
        "x": rng.normal(size=(n, features)),
        "W": rng.normal(size=(features, outputs)),
        "b": rng.normal(size=outputs),
    }


def forward(x, W, b):
    product = x @ W
    out = product + b
    loss = (out**2).mean()
    return loss


def backward(x, W, out):
    dout = 2 * out / out.size
    db = dout.mean(axis=0)
    dproduct = dout
    dW = x.T @ dproduct
    dx = dproduct @ W.T
