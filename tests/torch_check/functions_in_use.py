"""Functions as they are written in training code, right in every type, with inputs of any size."""

import torch
import torch.nn.functional as F
from torch.autograd import Function


def T(rng, *shape):
    return torch.from_numpy(rng.standard_normal(shape))


class ScaleShift(Function):
    @staticmethod
    def forward(x, w, b, cfg):
        scale, _, _ = cfg
        y = x * w * scale
        return y + b

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, w, _, ctx.cfg = inputs
        ctx.save_for_backward(x, w)

    @staticmethod
    def backward(ctx, go):
        x, w = ctx.saved_tensors
        scale, dims, _ = ctx.cfg
        gx = gw = gb = None
        if ctx.needs_input_grad[0]:
            gx = go * w * scale
        if ctx.needs_input_grad[1]:
            gw = (go * x).sum(dim=dims) * scale
        if ctx.needs_input_grad[2]:
            gb = go.sum(dim=dims)
        return gx, gw, gb, None


def ScaleShift_in(rng, *, b=3, t=4, d=5):
    return T(rng, b, t, d), T(rng, d), T(rng, d), (0.5, (0, 1), "affine")


class LeakyInplace(Function):
    @staticmethod
    def forward(ctx, x, slope):
        mask = x > 0
        ctx.slope = slope
        ctx.save_for_backward(mask)
        x.copy_(torch.where(mask, x, x * slope))
        ctx.mark_dirty(x)
        return x

    @staticmethod
    def backward(ctx, grad):
        (mask,) = ctx.saved_tensors
        out = grad.clone()
        out[~mask] *= ctx.slope
        return out, None


def LeakyInplace_in(rng, *, n=4, d=5):
    return T(rng, n, d), 0.1


class ChunkedLinearMSE(Function):
    @staticmethod
    def forward(ctx, x, weight, target, chunk):
        grad_x = torch.zeros_like(x)
        grad_w = torch.zeros_like(weight)
        loss = x.new_zeros(())
        n = x.shape[0]
        for s in range(0, n, chunk):
            xc = x[s : s + chunk]
            err = xc @ weight.t() - target[s : s + chunk]
            loss += (err * err).sum() / n
            d = 2 * err / n
            grad_x[s : s + chunk] = d @ weight
            grad_w += d.t() @ xc
        ctx.save_for_backward(grad_x, grad_w)
        return loss

    @staticmethod
    def backward(ctx, g):
        gx, gw = ctx.saved_tensors
        return g * gx, g * gw, None, None


def ChunkedLinearMSE_in(rng, *, n=7, d=4, v=3):
    return T(rng, n, d).requires_grad_(), T(rng, v, d).requires_grad_(), T(rng, n, v), 3


class Checkpoint(Function):
    @staticmethod
    def forward(ctx, fn, x, w):
        ctx.fn = fn
        ctx.save_for_backward(x, w)
        with torch.no_grad():
            return fn(x, w)

    @staticmethod
    def backward(ctx, gy):
        x, w = [t.detach().requires_grad_() for t in ctx.saved_tensors]
        with torch.enable_grad():
            y = ctx.fn(x, w)
        gx, gw = torch.autograd.grad(y, (x, w), gy)
        return None, gx, gw


def _mlp(x, w):
    return torch.tanh(x @ w) ** 2


def Checkpoint_in(rng, *, n=4, d=3, k=5):
    return _mlp, T(rng, n, d), T(rng, d, k)


class SigmoidFocal(Function):
    @staticmethod
    def forward(ctx, logits, target, alpha, gamma):
        p = torch.sigmoid(logits)
        ctx.save_for_backward(p, target)
        ctx.alpha, ctx.gamma = alpha, gamma
        pt = p * target + (1 - p) * (1 - target)
        at = alpha * target + (1 - alpha) * (1 - target)
        return -(at * (1 - pt) ** gamma * torch.log(pt)).sum()

    @staticmethod
    def backward(ctx, grad):
        p, target = ctx.saved_tensors
        alpha, gamma = ctx.alpha, ctx.gamma
        pos = alpha * (1 - p) ** gamma * (gamma * p * torch.log(p) - (1 - p))
        neg = (1 - alpha) * p**gamma * (p - gamma * (1 - p) * torch.log(1 - p))
        dlogits = torch.where(target > 0.5, pos, neg)
        return grad * dlogits, None, None, None


def SigmoidFocal_in(rng, *, n=6, c=3):
    return T(rng, n, c), torch.from_numpy((rng.random((n, c)) > 0.5).astype(float)), 0.25, 2.0


class GridSample(Function):
    @staticmethod
    def forward(ctx, input, grid):
        ctx.save_for_backward(input, grid)
        return F.grid_sample(
            input, grid, mode="bilinear", padding_mode="zeros", align_corners=False
        )

    @staticmethod
    def backward(ctx, grad_output):
        input, grid = ctx.saved_tensors
        gi, gg = torch.ops.aten.grid_sampler_2d_backward(
            grad_output, input, grid, 0, 0, False, [True, True]
        )
        return gi, gg


def GridSample_in(rng, *, n=2, c=2, h=4, w=5, oh=3, ow=3):
    return T(rng, n, c, h, w), torch.from_numpy(rng.uniform(-0.9, 0.9, size=(n, oh, ow, 2)))


class DeformGather(Function):
    @staticmethod
    def forward(ctx, value, pos):
        L = value.shape[0]
        lo = pos.floor().clamp(0, L - 2).long()
        frac = pos - lo
        out = value[lo] * (1 - frac)[:, None] + value[lo + 1] * frac[:, None]
        ctx.save_for_backward(value, lo, frac)
        return out

    @staticmethod
    def backward(ctx, g):
        value, lo, frac = ctx.saved_tensors
        dvalue = torch.zeros_like(value)
        dvalue.index_add_(0, lo, g * (1 - frac)[:, None])
        dvalue.index_add_(0, lo + 1, g * frac[:, None])
        dpos = (g * (value[lo + 1] - value[lo])).sum(-1)
        return dvalue, dpos


def DeformGather_in(rng, *, L=6, q=5, d=3):
    return T(rng, L + 1, d), torch.from_numpy(rng.random(q) * L)


class MaxPool2d(Function):
    @staticmethod
    def forward(ctx, x, k):
        out, idx = F.max_pool2d(x, k, return_indices=True)
        ctx.save_for_backward(idx)
        ctx.shape = x.shape
        return out

    @staticmethod
    def backward(ctx, g):
        (idx,) = ctx.saved_tensors
        b, c, h, w = ctx.shape
        gx = g.new_zeros(b, c, h * w)
        gx.scatter_add_(2, idx.flatten(2), g.flatten(2))
        return gx.view(ctx.shape), None


def MaxPool2d_in(rng, *, b=2, c=2, h=4, w=6):
    return T(rng, b, c, h, w), 2


class LinearScan(Function):
    @staticmethod
    def forward(ctx, a, x, h0):
        h = h0
        hs = []
        for t in range(x.shape[1]):
            h = a[:, t] * h + x[:, t]
            hs.append(h)
        out = torch.stack(hs, dim=1)
        ctx.save_for_backward(a, out, h0)
        return out

    @staticmethod
    def backward(ctx, gout):
        a, out, h0 = ctx.saved_tensors
        ga = torch.empty_like(a)
        gx = torch.empty_like(out)
        gh = torch.zeros_like(h0)
        for t in range(a.shape[1] - 1, -1, -1):
            gh = gh + gout[:, t]
            prev = out[:, t - 1] if t > 0 else h0
            gx[:, t] = gh
            ga[:, t] = gh * prev
            gh = gh * a[:, t]
        return ga, gx, gh


def LinearScan_in(rng, *, b=2, t=4, d=3):
    return T(rng, b, t, d), T(rng, b, t, d), T(rng, b, d)


class AlibiWindowAttention(Function):
    @staticmethod
    def forward(ctx, q, k, v, slopes, window):
        _, H, steps, D = q.shape
        scale = D**-0.5
        i = torch.arange(steps, device=q.device)
        dist = i[:, None] - i[None, :]
        keep = (dist >= 0) & (dist < window)
        s = torch.einsum("bhid,bhjd->bhij", q, k) * scale - slopes.view(1, H, 1, 1) * dist
        s = s.masked_fill(~keep, float("-inf"))
        p = torch.softmax(s, -1)
        o = torch.einsum("bhij,bhjd->bhid", p, v)
        ctx.save_for_backward(q, k, v, p, dist)
        ctx.scale = scale
        return o

    @staticmethod
    def backward(ctx, do):
        q, k, v, p, dist = ctx.saved_tensors
        dv = torch.einsum("bhij,bhid->bhjd", p, do)
        dp = torch.einsum("bhid,bhjd->bhij", do, v)
        ds = p * (dp - (dp * p).sum(-1, keepdim=True))
        dq = torch.einsum("bhij,bhjd->bhid", ds, k) * ctx.scale
        dk = torch.einsum("bhij,bhid->bhjd", ds, q) * ctx.scale
        dslopes = -(ds * dist).sum((0, 2, 3))
        return dq, dk, dv, dslopes, None


def AlibiWindowAttention_in(rng, *, b=2, h=2, t=5, d=3):
    return (
        T(rng, b, h, t, d),
        T(rng, b, h, t, d),
        T(rng, b, h, t, d),
        torch.from_numpy(rng.random(h)),
        3,
    )


class FusedAddRMSNorm(Function):
    @staticmethod
    def forward(ctx, x, residual, weight, eps):
        h = x + residual
        hf = h.float() if h.dtype != torch.float64 else h
        rstd = torch.rsqrt(hf.square().mean(-1, keepdim=True) + eps)
        ctx.save_for_backward(h, weight, rstd)
        return (hf * rstd).to(h.dtype) * weight, h

    @staticmethod
    def backward(ctx, dy, dh):
        h, weight, rstd = ctx.saved_tensors
        hf = h.float() if h.dtype != torch.float64 else h
        n = hf * rstd
        wdy = (dy * weight).to(hf.dtype)
        dx = rstd * (wdy - n * (wdy * n).mean(-1, keepdim=True)) + dh
        dx = dx.to(h.dtype)
        dw = (dy * n.to(dy.dtype)).flatten(0, -2).sum(0)
        return dx, dx, dw, None


def FusedAddRMSNorm_in(rng, *, b=2, t=3, d=5):
    return T(rng, b, t, d), T(rng, b, t, d), T(rng, d), 1e-6


class ImplicitSqrt(Function):
    @staticmethod
    def forward(ctx, a):
        x = torch.ones_like(a)
        for _ in range(30):
            x = 0.5 * (x + a / x)
        ctx.save_for_backward(x)
        return x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g / (2 * x)


def ImplicitSqrt_in(rng, *, n=5):
    return (torch.from_numpy(rng.random(n) + 0.5),)


class Sparsemax(Function):
    @staticmethod
    def forward(ctx, z, dim=-1):
        zs, _ = z.sort(dim=dim, descending=True)
        rng = torch.arange(1, z.size(dim) + 1, dtype=z.dtype, device=z.device)
        css = zs.cumsum(dim) - 1
        support = (rng * zs > css).sum(dim=dim, keepdim=True)
        tau = css.gather(dim, support - 1) / support.to(z.dtype)
        out = torch.clamp(z - tau, min=0)
        ctx.save_for_backward(out, support)
        ctx.dim = dim
        return out

    @staticmethod
    def backward(ctx, g):
        out, support = ctx.saved_tensors
        g = g.clone()
        g[out == 0] = 0
        v_hat = g.sum(dim=ctx.dim, keepdim=True) / support.to(g.dtype)
        return torch.where(out != 0, g - v_hat, g), None


def Sparsemax_in(rng, *, n=4, d=6):
    return (T(rng, n, d),)


class LSQ(Function):
    @staticmethod
    def forward(ctx, x, alpha, g, qn, qp):
        ctx.save_for_backward(x, alpha)
        ctx.other = g, qn, qp
        q = (x / alpha).round().clamp(qn, qp)
        return q * alpha

    @staticmethod
    def backward(ctx, grad):
        x, alpha = ctx.saved_tensors
        g, qn, qp = ctx.other
        q = x / alpha
        small = (q < qn).to(x.dtype)
        big = (q > qp).to(x.dtype)
        mid = 1.0 - small - big
        grad_alpha = (
            ((small * qn + big * qp + mid * (-q + q.round())) * grad * g).sum().unsqueeze(0)
        )
        return mid * grad, grad_alpha, None, None, None


def LSQ_in(rng, *, n=6, d=5):
    return 3 * T(rng, n, d), torch.tensor([0.7]).double(), 1.0, -4, 3


def LSQ_ref(x, alpha, g, qn, qp):
    q = (x / alpha).clamp(qn, qp)
    q = q + (torch.round(q) - q).detach()
    return q * alpha


class Rotary(Function):
    @staticmethod
    def forward(ctx, q, cos, sin):
        ctx.save_for_backward(cos, sin)
        q1, q2 = q.chunk(2, dim=-1)
        return torch.cat((q1 * cos - q2 * sin, q2 * cos + q1 * sin), dim=-1)

    @staticmethod
    def backward(ctx, dq):
        cos, sin = ctx.saved_tensors
        d1, d2 = dq.chunk(2, dim=-1)
        return torch.cat((d1 * cos + d2 * sin, d2 * cos - d1 * sin), dim=-1), None, None


def Rotary_in(rng, *, b=2, t=5, half=3):
    return T(rng, b, t, 2 * half), T(rng, t, half), T(rng, t, half)


class StateSpaceScan(Function):
    @staticmethod
    def forward(ctx, u, delta, A, B, C):
        dA = torch.exp(delta[..., None] * A)
        dBu = (delta * u)[..., None] * B[:, :, None]
        h = torch.zeros_like(dA[:, 0])
        hs = []
        for t in range(u.shape[1]):
            h = dA[:, t] * h + dBu[:, t]
            hs.append(h)
        states = torch.stack(hs, 1)
        ctx.save_for_backward(u, delta, A, B, C, dA, states)
        return (states * C[:, :, None]).sum(-1)

    @staticmethod
    def backward(ctx, dy):
        u, delta, A, B, C, dA, states = ctx.saved_tensors
        dC = (dy[..., None] * states).sum(2)
        dstates = dy[..., None] * C[:, :, None]
        dh = torch.zeros_like(dA[:, 0])
        grad_A, ddelta, du, dB = (torch.zeros_like(each) for each in (A, delta, u, B))
        for t in reversed(range(u.shape[1])):
            dh = dh + dstates[:, t]
            before = states[:, t - 1] if t else torch.zeros_like(dh)
            ddecay = dh * before * dA[:, t]
            grad_A += (ddecay * delta[:, t, :, None]).sum(0)
            ddelta[:, t] = (ddecay * A).sum(-1) + (dh * B[:, t, None]).sum(-1) * u[:, t]
            du[:, t] = (dh * B[:, t, None]).sum(-1) * delta[:, t]
            dB[:, t] = (dh * (delta * u)[:, t, :, None]).sum(1)
            dh = dh * dA[:, t]
        return du, ddelta, grad_A, dB, dC


def StateSpaceScan_in(rng, *, b=2, t=4, d=3, n=5):
    delta = torch.from_numpy(rng.uniform(0.1, 1, size=(b, t, d)))
    return T(rng, b, t, d), delta, -T(rng, d, n).abs(), T(rng, b, t, n), T(rng, b, t, n)


def bias_gelu(bias, y):
    x = bias + y
    return x * 0.5 * (1.0 + torch.tanh(0.79788456 * x * (1 + 0.044715 * x * x)))


def bias_gelu_back(g, bias, y):
    x = bias + y
    t = torch.tanh(0.79788456 * x * (1 + 0.044715 * x * x))
    slope = 0.5 * x * ((1 - t * t) * (0.79788456 + 0.1070322243 * x * x)) + 0.5 * (1 + t)
    return slope * g


class BiasGelu(Function):
    @staticmethod
    def forward(ctx, input, bias):
        ctx.save_for_backward(input, bias)
        return bias_gelu(bias, input)

    @staticmethod
    def backward(ctx, grad_output):
        input, bias = ctx.saved_tensors
        tmp = bias_gelu_back(grad_output, bias, input)
        return tmp, tmp.sum(dim=tuple(range(tmp.dim() - 1)))


def BiasGelu_in(rng, *, s=3, b=2, h=5):
    return T(rng, s, b, h), T(rng, h)


class JensenShannon(Function):
    @staticmethod
    def forward(ctx, log_q, log_p, beta=0.5):
        q, p = log_q.exp(), log_p.exp()
        log_m = (beta * p + (1 - beta) * q).log()
        n = log_q.shape[0]
        loss = (beta * p * (log_p - log_m) + (1 - beta) * q * (log_q - log_m)).sum() / n
        dlog_q = (1 - beta) * q * (log_q - log_m) / n
        ctx.save_for_backward(dlog_q)
        return loss

    @staticmethod
    def backward(ctx, grad_output):
        (dlog_q,) = ctx.saved_tensors
        return dlog_q * grad_output, None, None


def JensenShannon_in(rng, *, n=3, v=5):
    return torch.log_softmax(T(rng, n, v), -1), torch.log_softmax(T(rng, n, v), -1)


class DistillIgnored(Function):
    @staticmethod
    def forward(ctx, student, teacher, target, temperature):
        keep = target != -100
        n = keep.sum().clamp(min=1)
        logq = torch.log_softmax(student / temperature, -1)
        logp = torch.log_softmax(teacher / temperature, -1)
        rows = (logp.exp() * (logp - logq)).sum(-1)
        ctx.save_for_backward(logq, logp.exp(), keep, n)
        ctx.temperature = temperature
        return rows.masked_fill(~keep, 0.0).sum() / n * temperature**2

    @staticmethod
    def backward(ctx, grad_output):
        logq, p, keep, n = ctx.saved_tensors
        grad = (logq.exp() - p) * ctx.temperature
        grad = grad.masked_fill(~keep[:, None], 0.0)
        grad = grad / n
        return grad * grad_output, None, None, None


def DistillIgnored_in(rng, *, n=5, v=6):
    target = torch.from_numpy(rng.integers(0, v, n))
    target[1] = -100
    return T(rng, n, v), T(rng, n, v), target, 2.0


class SegmentSoftmax(Function):
    @staticmethod
    def forward(ctx, scores, seg, n_seg):
        mx = scores.new_full((n_seg, scores.shape[1]), float("-inf"))
        mx = mx.scatter_reduce(0, seg[:, None].expand_as(scores), scores, "amax")
        e = torch.exp(scores - mx[seg])
        z = torch.zeros_like(mx).index_add_(0, seg, e)
        p = e / z[seg]
        ctx.save_for_backward(p, seg)
        ctx.n_seg = n_seg
        return p

    @staticmethod
    def backward(ctx, dp):
        p, seg = ctx.saved_tensors
        gp = dp * p
        acc = gp.new_zeros(ctx.n_seg, gp.shape[1])
        acc.index_add_(0, seg, gp)
        dscores = gp - p * acc[seg]
        return dscores, None, None


def SegmentSoftmax_in(rng, *, e=7, h=2, n=3):
    return T(rng, e, h), torch.from_numpy(rng.integers(0, n, e)), n


class GRPOLoss(Function):
    @staticmethod
    def forward(ctx, logp, old_logp, ref_logp, adv, mask, eps_low, eps_high, beta):
        ratio = torch.exp(logp - old_logp)
        clipped = ratio.clamp(1 - eps_low, 1 + eps_high)
        A = adv.unsqueeze(1)
        unclipped_obj, clipped_obj = ratio * A, clipped * A
        delta = ref_logp - logp
        kl = torch.exp(delta) - delta - 1
        per_token = -torch.min(unclipped_obj, clipped_obj) + beta * kl
        count = mask.sum(1).clamp(min=1.0)
        loss = ((per_token * mask).sum(1) / count).mean()
        use = unclipped_obj <= clipped_obj
        ctx.save_for_backward(ratio, A, use, delta, mask, count)
        ctx.beta = beta
        return loss

    @staticmethod
    def backward(ctx, grad_loss):
        ratio, A, use, delta, mask, count = ctx.saved_tensors
        w = mask / count.unsqueeze(1) / mask.shape[0]
        dper = grad_loss * w
        dlogp = dper * (-ratio * A * use + ctx.beta * (1 - torch.exp(delta)))
        return dlogp, None, None, None, None, None, None, None


def GRPOLoss_in(rng, *, b=3, t=5):
    logp = -torch.from_numpy(rng.random((b, t)) * 3)
    mask = torch.from_numpy((rng.random((b, t)) > 0.3).astype(float))
    old, ref = logp + 0.4 * T(rng, b, t), logp + 0.3 * T(rng, b, t)
    return logp, old, ref, T(rng, b), mask, 0.2, 0.28, 0.04


class BilinearSample(Function):
    @staticmethod
    def forward(ctx, img, xy):
        _, H, W = img.shape
        x, y = xy[:, 0], xy[:, 1]
        x0, y0 = x.floor().clamp(max=W - 2), y.floor().clamp(max=H - 2)
        fx, fy = x - x0, y - y0
        i, j = y0.long(), x0.long()
        a, b = img[:, i, j], img[:, i, j + 1]
        c, d = img[:, i + 1, j], img[:, i + 1, j + 1]
        ctx.save_for_backward(i, j, fx, fy, a, b, c, d)
        ctx.shape = img.shape
        return (a * (1 - fx) + b * fx) * (1 - fy) + (c * (1 - fx) + d * fx) * fy

    @staticmethod
    def backward(ctx, g):
        i, j, fx, fy, a, b, c, d = ctx.saved_tensors
        C, H, W = ctx.shape
        dimg = g.new_zeros(C, H * W)
        dimg.index_add_(1, i * W + j, g * (1 - fx) * (1 - fy))
        dimg.index_add_(1, i * W + j + 1, g * fx * (1 - fy))
        dimg.index_add_(1, (i + 1) * W + j, g * (1 - fx) * fy)
        dimg.index_add_(1, (i + 1) * W + j + 1, g * fx * fy)
        dfx = (g * ((b - a) * (1 - fy) + (d - c) * fy)).sum(0)
        dfy = (g * ((c - a) * (1 - fx) + (d - b) * fx)).sum(0)
        return dimg.view(C, H, W), torch.stack((dfx, dfy), dim=1)


def BilinearSample_in(rng, *, c=2, h=4, w=5, n=6):
    side = torch.tensor([w + 1.0, h + 1.0], dtype=torch.float64)
    return T(rng, c, h + 2, w + 2), torch.from_numpy(rng.random((n, 2))) * side


class GaussianNLL(Function):
    @staticmethod
    def forward(ctx, A, r):
        S = A @ A.T + torch.eye(A.shape[0], dtype=A.dtype)
        Sinv_r = torch.linalg.solve(S, r)
        ctx.save_for_backward(A, S, Sinv_r)
        return 0.5 * (r @ Sinv_r) + 0.5 * torch.logdet(S)

    @staticmethod
    def backward(ctx, g):
        A, S, Sinv_r = ctx.saved_tensors
        dS = 0.5 * (torch.linalg.inv(S) - torch.outer(Sinv_r, Sinv_r))
        dA = 2 * dS @ A
        return g * dA, g * Sinv_r


def GaussianNLL_in(rng, *, n=4, k=3):
    return T(rng, n, k), T(rng, n)


class NewtonRoot(Function):
    """Of x^3 + a x = b: what rounding may do to thirty steps of it has no bound that tells."""

    @staticmethod
    def forward(ctx, a, b):
        x = torch.ones_like(a)
        for _ in range(30):
            x = x - (x**3 + a * x - b) / (3 * x**2 + a)
        ctx.save_for_backward(a, x)
        return x

    @staticmethod
    def backward(ctx, g):
        a, x = ctx.saved_tensors
        w = g / (3 * x**2 + a)
        return -w * x, w


def NewtonRoot_in(rng, *, n=4):
    return 1 + torch.from_numpy(rng.random(n)), 1 + torch.from_numpy(rng.random(n))


class EmbeddingBagMean(Function):
    """Bags of rows of a table, each row weighted."""

    @staticmethod
    def forward(ctx, idx, weight, per_sample):
        rows = weight[idx]
        ctx.save_for_backward(idx, weight, per_sample)
        return (rows * per_sample[..., None]).sum(1) / idx.shape[1]

    @staticmethod
    def backward(ctx, g):
        idx, weight, per_sample = ctx.saved_tensors
        g = g / idx.shape[1]
        grad_rows = g[:, None, :] * per_sample[..., None]
        grad_weight = torch.zeros_like(weight)
        grad_weight.index_add_(0, idx.reshape(-1), grad_rows.reshape(-1, weight.shape[1]))
        grad_per_sample = (g[:, None, :] * weight[idx]).sum(-1)
        return None, grad_weight, grad_per_sample


def EmbeddingBagMean_in(rng, *, b=4, k=3, d=2):
    return {
        "idx": torch.from_numpy(rng.integers(0, 5, size=(b, k))),
        "weight": T(rng, 5, d),
        "per_sample": T(rng, b, k),
    }
