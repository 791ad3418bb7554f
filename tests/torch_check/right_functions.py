"""Right Functions in the styles in which people write them: none may be an alarm."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.autograd.function import once_differentiable
from torch.library import custom_op

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


@custom_op("zoo::mul", mutates_args=())
def mul(x: torch.Tensor, w: torch.Tensor, s: float) -> torch.Tensor:
    return x * w * s


def mul_setup(ctx, inputs, output):
    x, w, s = inputs
    ctx.save_for_backward(x, w)
    ctx.s = s


def mul_backward(ctx, g):
    x, w = ctx.saved_tensors
    return g * w * ctx.s, (g * x).sum(0) * ctx.s, None


mul.register_autograd(mul_backward, setup_context=mul_setup)
RIGHT.append(Right(mul, (R(3, 4), R(4), 0.5), {}))


@custom_op("zoo::two", mutates_args=())
def two(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.sin(x), torch.cos(x)


def two_setup(ctx, inputs, output):
    ctx.save_for_backward(*output)


def two_backward(ctx, gs, gc):
    s, c = ctx.saved_tensors
    return gs * c - gc * s


two.register_autograd(two_backward, setup_context=two_setup)
RIGHT.append(Right(two, (R(3, 4),), {}))


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
