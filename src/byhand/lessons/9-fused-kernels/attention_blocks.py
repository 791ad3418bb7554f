"""9.7 Attention backward, block by block

The same as in 9.6, but p is never there as a whole: the loop takes one block of keys
and values at a time, as the kernel does. A block's `dk` and `dv` are complete when
the block is done. `dq` needs all blocks. `mean`, that of softmax, needs none.

The mask is causal: a query looks at keys up to its own place. lse knows of the mask,
but a score that you compute again doesn't: what must p be there? Write what stands in
the loop; `keys` are the block's places.
"""

import torch


def _kernel(q, k, v, ahead):
    """What a fused kernel returns: the mixed values, and the logsumexp of each row."""
    scores = torch.where(ahead, -torch.inf, q @ k.mT * q.shape[-1] ** -0.5)
    lse = torch.logsumexp(scores, -1, keepdim=True)
    return torch.exp(scores - lse) @ v, lse


def inputs(rng, *, heads=2, time=7, head=3):
    def floats():
        return torch.from_numpy(rng.normal(size=(heads, time, head)))

    return {"q": floats(), "k": floats(), "v": floats(), "block": 3}


def forward(q, k, v, block):
    time = q.shape[-2]
    ahead = torch.arange(time) > torch.arange(time)[:, None]
    out, lse = _kernel(q, k, v, ahead)
    return out


def backward(q, k, v, block, out, lse, dout):
    time, scale = q.shape[-2], q.shape[-1] ** -0.5
    places = torch.arange(time)
    dq, dk, dv = torch.zeros_like(q), torch.empty_like(k), torch.empty_like(v)
    mean = (out * dout).sum(-1, keepdim=True)
    for start in range(0, time, block):
        keys = slice(start, start + block)
        # BEGIN SOLUTION
        kb, vb = k[:, keys], v[:, keys]
        p = torch.exp(q @ kb.mT * scale - lse)
        p = torch.where(places[keys] > places[:, None], 0.0, p)
        ds = p * (dout @ vb.mT - mean) * scale
        dv[:, keys] = p.mT @ dout
        dk[:, keys] = ds.mT @ q
        dq += ds @ kb
        # END SOLUTION
