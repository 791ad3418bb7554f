"""Right Functions in the styles in which people write them: none may be an alarm."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch.autograd.function import once_differentiable

Fn = torch.autograd.Function


class Right(NamedTuple):
    function: Any
    inputs: tuple[Any, ...]
    options: dict[str, Any]


RIGHT: list[Right] = []


def R(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def case(inputs: tuple[Any, ...], **options: Any) -> Callable[[Any], Any]:
    def add(fn: Any) -> Any:
        RIGHT.append(Right(fn, inputs, options))
        return fn

    return add


@case((R(3, 4), R(4, 2)))
class SetUp(Fn):
    @staticmethod
    def forward(x, w):
        x = x.contiguous()
        return x @ w

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, w = inputs
        ctx.save_for_backward(x, w)

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g @ w.T, x.T @ g


@case((R(3), R(3), R(3)))
class Star(Fn):
    @staticmethod
    def forward(ctx, *xs):
        ctx.n = len(xs)
        return sum(x * i for i, x in enumerate(xs)), xs[0] * 2

    @staticmethod
    def backward(ctx, *grads):
        g, h = grads
        return tuple([h * 2] + [g * i for i in range(1, ctx.n)])


@case((R(3),))
class Once(Fn):
    @staticmethod
    @torch.amp.custom_fwd(device_type="cpu")
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    @once_differentiable
    @torch.amp.custom_bwd(device_type="cpu")
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x**2 * g


@case((R(3, 4), R(5, 4), R(5), True))
class Linear(Fn):
    @staticmethod
    def forward(ctx, input, weight, bias=None, act=False):
        ctx.save_for_backward(input, weight, bias)
        output = input.mm(weight.t())
        if bias is not None:
            output += bias.unsqueeze(0).expand_as(output)
        return output

    @staticmethod
    def backward(ctx, grad_output):
        input, weight, bias = ctx.saved_tensors
        grad_input = grad_weight = grad_bias = None
        if ctx.needs_input_grad[0]:
            grad_input = grad_output.mm(weight)
        if ctx.needs_input_grad[1]:
            grad_weight = grad_output.t().mm(input)
        if bias is not None and ctx.needs_input_grad[2]:
            grad_bias = grad_output.sum(0)
        return grad_input, grad_weight, grad_bias, None


RIGHT.append(Right(Linear, (R(3, 4), R(5, 4), None, True), {}))
RIGHT.append(Right(Linear, (R(3, 4), R(5, 4)), {}))
RIGHT.append(Right(Linear, (R(3, 4), R(5, 4), R(5)), {"needs": [True, False, True]}))
RIGHT.append(Right(Linear, (R(3, 4), R(5, 4).requires_grad_(), R(5)), {}))


@case((R(3),))
class Early(Fn):
    @staticmethod
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(x)
        a = torch.exp(x)
        b = torch.sin(x)
        return a, b

    @staticmethod
    def backward(ctx, ga, gb):
        if ga is None and gb is None:
            return None
        (x,) = ctx.saved_tensors
        gx = torch.zeros_like(x)
        if ga is not None:
            gx = gx + ga * torch.exp(x)
        if gb is not None:
            gx = gx + gb * torch.cos(x)
        return gx


def keep(ctx, *t):
    ctx.save_for_backward(*t)


@case((R(3),))
class Hands(Fn):
    @staticmethod
    def forward(ctx, x):
        keep(ctx, x)
        return torch.sin(x)

    @staticmethod
    def backward(ctx, g):
        x = ctx.saved_tensors[0]
        return g * x.cos()


def factory(k):
    class Closed(Fn):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**k

        @staticmethod
        def backward(ctx, g):
            return g * k * ctx.saved_tensors[0] ** (k - 1)

    return Closed


RIGHT.append(Right(factory(3), (R(4),), {}))


def _fwd(x, w):
    r = x @ w
    return r, torch.tanh(r)


def _bwd(g, x, w, t):
    dr = g * (1 - t * t)
    return dr @ w.T, x.T @ dr


@case((R(3, 4), R(4, 2)))
class Helpers(Fn):
    @staticmethod
    def forward(ctx, x, w):
        _, t = _fwd(x, w)
        ctx.save_for_backward(x, w, t)
        return t

    @staticmethod
    def backward(ctx, g):
        return _bwd(g, *ctx.saved_tensors)


@dataclass
class Conf:
    scale: float
    dim: int


@case((R(3, 4), Conf(2.0, -1)))
class WithConf(Fn):
    @staticmethod
    def forward(ctx, x, conf):
        ctx.conf = conf
        y = torch.softmax(x * conf.scale, conf.dim)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, dy):
        (y,) = ctx.saved_tensors
        s = (dy * y).sum(ctx.conf.dim, keepdim=True)
        return ctx.conf.scale * y * (dy - s), None


@case((R(4, 5), 2))
class TopK(Fn):
    @staticmethod
    def forward(ctx, x, k):
        values, index = x.topk(k, -1)
        ctx.mark_non_differentiable(index)
        ctx.save_for_backward(index)
        ctx.shape = x.shape
        return values, index

    @staticmethod
    def backward(ctx, grad_values, _):
        (index,) = ctx.saved_tensors
        return torch.zeros(ctx.shape, dtype=grad_values.dtype).scatter(-1, index, grad_values), None


@case((R(3, 4), R(4)))
class Recompute(Fn):
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return torch.tanh(x * w).sum(-1)

    @staticmethod
    def backward(ctx, g):
        x, w = (t.detach().requires_grad_() for t in ctx.saved_tensors)
        with torch.enable_grad():
            y = torch.tanh(x * w).sum(-1)
        return torch.autograd.grad(y, (x, w), g)


@case((R(3, 4),))
class Numpy(Fn):
    @staticmethod
    def forward(ctx, x):
        n = x.detach().numpy()
        ctx.save_for_backward(x)
        return torch.from_numpy(np.sin(n))

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * torch.cos(x)


@case((R(3, 4).bfloat16(), R(4).bfloat16()))
class BF(Fn):
    @staticmethod
    def forward(ctx, x, w):
        xf = x.float()
        rstd = torch.rsqrt(xf.pow(2).mean(-1, keepdim=True) + 1e-6)
        ctx.save_for_backward(x, w, rstd)
        return (xf * rstd).to(x.dtype) * w

    @staticmethod
    def backward(ctx, dy):
        x, w, rstd = ctx.saved_tensors
        xhat = x.float() * rstd
        wdy = (dy * w).float()
        dx = rstd * (wdy - xhat * (wdy * xhat).mean(-1, keepdim=True))
        dw = (dy.float() * xhat).sum(0)
        return dx.to(x.dtype), dw.to(w.dtype)


RIGHT.append(Right(BF, (R(3, 4), R(4)), {}))
RIGHT.append(Right(BF, (R(3, 4), R(4)), {"dtype": torch.bfloat16}))
RIGHT.append(Right(BF, (R(3, 4), R(4)), {"dtype": torch.float16}))
RIGHT.append(Right(BF, (R(3, 4), R(4)), {"dtype": "float32"}))


@case((R(2, 3, 4), 0.5))
class Drop(Fn):
    @staticmethod
    def forward(ctx, x, p):
        mask = (torch.rand_like(x) > p).to(x.dtype) / (1 - p)
        ctx.save_for_backward(mask)
        return x * mask

    @staticmethod
    def backward(ctx, g):
        (mask,) = ctx.saved_tensors
        return g * mask, None


@case((R(3, 4),))
class Ste(Fn):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(-1, 1)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        grad_input = grad_output.clone()
        grad_input[x < -1] = 0
        grad_input[x > 1] = 0
        return grad_input


@case((R(3, 4),))
class Item(Fn):
    @staticmethod
    def forward(ctx, x):
        m = x.max().item()
        e = torch.exp(x - m)
        p = e / e.sum(-1, keepdim=True)
        ctx.save_for_backward(p)
        return p

    @staticmethod
    def backward(ctx, dp):
        (p,) = ctx.saved_tensors
        return p * (dp - (dp * p).sum(-1, keepdim=True))


@case((R(3, 4), R(3, 4)))
class Detach(Fn):
    @staticmethod
    def forward(ctx, a, b):
        a, b = a.detach(), b.data
        ctx.save_for_backward(a, b)
        return a * b

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        return g * b, g * a


@case((R(3, 4),))
class Branch(Fn):
    @staticmethod
    def forward(ctx, x):
        out = torch.empty_like(x)
        torch.mul(x, 2, out=out)
        ctx.c = out.shape
        return out

    @staticmethod
    def backward(ctx, g):
        return g.mul(2)


@case((R(6),))
class EmptyLike(Fn):
    @staticmethod
    def forward(ctx, x):
        y = torch.empty_like(x)
        for i in range(len(x)):
            y[i] = x[: i + 1].sum()
        return y

    @staticmethod
    def backward(ctx, g):
        return g.flip(0).cumsum(0).flip(0)


@case((R(2, 3, 6, 6), R(4, 3, 3, 3), R(4)))
class Conv(Fn):
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w)
        return F.conv2d(x, w, b, padding=1)

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        gx = torch.nn.grad.conv2d_input(x.shape, w, g, padding=1)
        gw = torch.nn.grad.conv2d_weight(x, w.shape, g, padding=1)
        return gx, gw, g.sum((0, 2, 3))


@case((R(5, 7), torch.tensor([0, 2, -100, 6, 3])))
class CE(Fn):
    @staticmethod
    def forward(ctx, logits, target):
        mask = target != -100
        lp = F.log_softmax(logits, -1)
        t = target.clamp(min=0)
        nll = -lp.gather(1, t.unsqueeze(1)).squeeze(1) * mask
        n = mask.sum()
        ctx.save_for_backward(lp, t, mask)
        ctx.n = n.item()
        return nll.sum() / n

    @staticmethod
    def backward(ctx, grad_output):
        lp, t, mask = ctx.saved_tensors
        g = lp.exp()
        g.scatter_add_(1, t.unsqueeze(1), -torch.ones_like(t, dtype=g.dtype).unsqueeze(1))
        g *= mask.unsqueeze(1)
        return g * grad_output / ctx.n, None


@case((R(4, 5),))
class Mish(Fn):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.mul(torch.tanh(F.softplus(x)))

    @staticmethod
    def backward(ctx, grad_output):
        x = ctx.saved_tensors[0]
        s = torch.sigmoid(x)
        f = torch.tanh(F.softplus(x))
        return grad_output.mul(f + x * s * (1 - f * f))


@case((R(4, 5),))
class Sort(Fn):
    @staticmethod
    def forward(ctx, x):
        y, i = torch.sort(x, -1, descending=True)
        ctx.save_for_backward(i)
        return y

    @staticmethod
    def backward(ctx, g):
        (i,) = ctx.saved_tensors
        return torch.zeros_like(g).scatter_(-1, i, g)


@case((R(3, 4, 5), R(3, 5, 2)))
class Bmm(Fn):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return torch.einsum("bij,bjk->bik", a, b)

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        return torch.einsum("bik,bjk->bij", g, b), torch.einsum("bij,bik->bjk", a, g)


@case((R(2, 3, 4), 2))
class Roll(Fn):
    @staticmethod
    def forward(ctx, x, k):
        ctx.k = k
        return x.roll(k, dims=-1).transpose(0, 1)

    @staticmethod
    def backward(ctx, g):
        return g.transpose(0, 1).roll(-ctx.k, dims=-1), None


@case((R(3, 8), 0.3, True))
class SeedDrop(Fn):
    @staticmethod
    def forward(ctx, x, p, training):
        ctx.p, ctx.training = p, training
        ctx.rng = torch.get_rng_state()
        if not training:
            return x
        return F.dropout(x, p, True)

    @staticmethod
    def backward(ctx, g):
        if not ctx.training:
            return g, None, None
        now = torch.get_rng_state()
        torch.set_rng_state(ctx.rng)
        mask = F.dropout(torch.ones_like(g), ctx.p, True)
        torch.set_rng_state(now)
        return g * mask, None, None


@case((R(3, 4), R(4)))
class PlusEq(Fn):
    @staticmethod
    def forward(ctx, x, b):
        y = x.clone()
        y += b
        y.clamp_(min=0)
        ctx.save_for_backward(y > 0)
        return y

    @staticmethod
    def backward(ctx, g):
        (m,) = ctx.saved_tensors
        gx = g.clone()
        gx[~m] = 0
        return gx, gx.sum(0)


@case((R(4, 6), 2))
class Chunk(Fn):
    @staticmethod
    def forward(ctx, x, k):
        a, b = x.chunk(k, -1)
        s = torch.sigmoid(a)
        ctx.save_for_backward(s, a, b)
        return a * s * b

    @staticmethod
    def backward(ctx, g):
        s, a, b = ctx.saved_tensors
        da = g * b * (s + a * s * (1 - s))
        db = g * a * s
        return torch.cat([da, db], -1), None


class Ctxless:
    scale = 3.0


@case((R(5), Ctxless))
class ClassArg(Fn):
    @staticmethod
    def forward(ctx, x, cfg):
        ctx.cfg = cfg
        return x * cfg.scale

    @staticmethod
    def backward(ctx, g):
        return g * ctx.cfg.scale, None


@case(
    (R(4, 3), R(3)),
)
class Weird(Fn):
    """x is used twice, w through a helper that makes its own names."""

    @staticmethod
    def forward(ctx, *args):
        x, w = args
        ctx.args = [x, w]

        def f(z):
            return z * w + z

        return f(x), (x * x).sum(-1)

    @staticmethod
    def backward(ctx, *g):
        x, w = ctx.args
        g1, g2 = g
        return g1 * w + g1 + 2 * x * g2[:, None], (g1 * x).sum(0)


@case((R(2, 2, 4, 3), R(2, 2, 4, 3), R(2, 2, 4, 3), True))
class SDPA(Fn):
    @staticmethod
    def forward(ctx, q, k, v, causal):
        s = q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))
        if causal:
            n = s.size(-1)
            mask = torch.triu(torch.ones(n, n, dtype=torch.bool, device=s.device), diagonal=1)
            s = s.masked_fill(mask, float("-inf"))
        p = s.softmax(-1)
        ctx.save_for_backward(q, k, v, p)
        return p @ v

    @staticmethod
    def backward(ctx, do):
        q, k, v, p = ctx.saved_tensors
        dv = p.transpose(-2, -1) @ do
        dp = do @ v.transpose(-2, -1)
        ds = p * (dp - (dp * p).sum(-1, keepdim=True)) / math.sqrt(q.size(-1))
        return ds @ k, ds.transpose(-2, -1) @ q, dv, None


@case((torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64),))
class Inv(Fn):
    @staticmethod
    def forward(ctx, a):
        b = torch.linalg.inv(a)
        ctx.save_for_backward(b)
        return b

    @staticmethod
    def backward(ctx, g):
        (b,) = ctx.saved_tensors
        return -b.mT @ g @ b.mT


@case((R(3), R(3)))
class Unused(Fn):
    @staticmethod
    def forward(ctx, x, y):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return g * 2, None


@case((R(3, 3),))
class Largest(Fn):
    @staticmethod
    def forward(ctx, x):
        v, i = x.max(dim=1)
        ctx.mark_non_differentiable(i)
        ctx.save_for_backward(x, i)
        return v, i

    @staticmethod
    def backward(ctx, g, _):
        x, i = ctx.saved_tensors
        out = torch.zeros_like(x)
        out.scatter_(1, i.unsqueeze(1), g.unsqueeze(1))
        return out


@case((R(6, 4).abs() + 0.1,))
class Normalised(Fn):
    @staticmethod
    def forward(ctx, x):
        n = x.norm(dim=-1, keepdim=True).clamp_min(1e-12)
        y = x / n
        ctx.save_for_backward(y, n)
        return y

    @staticmethod
    def backward(ctx, g):
        y, n = ctx.saved_tensors
        return (g - y * (g * y).sum(-1, keepdim=True)) / n


@case((R(4), R(4)))
class Tup(Fn):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        outs = [x * y]
        outs.append(x + y)
        return tuple(outs)

    @staticmethod
    def backward(ctx, *gs):
        x, y = ctx.saved_tensors
        grads = []
        for other in (y, x):
            grads.append(gs[0] * other + gs[1])
        return (*grads,)


@case(
    (R(4, 4),),
)
class NoCtxSave(Fn):
    @staticmethod
    def forward(ctx, x):
        y = torch.relu(x)
        ctx.y = y
        return y

    @staticmethod
    def backward(ctx, g):
        return torch.where(ctx.y > 0, g, torch.zeros((), dtype=g.dtype))
