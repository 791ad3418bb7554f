"""Three mistakes for every kernel: what is written, and what instead.

The line to be blamed is the one that was changed; where a line is left out, one that lacks it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mistake:
    """`old`, which stands in the kernel once, becomes `new`.

    `lacking` are texts of the statements that may be blamed in place of the line: they lack what
    was left out. `in_forward`: backward has no wrong line, since forward computes what is wrong.
    """

    old: str
    new: str
    lacking: tuple[str, ...] = ()
    in_forward: bool = False

    def planted(self, source: str) -> str:
        assert source.count(self.old) == 1, f"{self.old!r} stands there {source.count(self.old)} x"
        return source.replace(self.old, self.new)

    def line(self, source: str) -> int:
        """The line that is changed, counted in the right `source`."""
        return source.partition(self.old)[0].count("\n") + 1

    def lines(self, source: str) -> set[int]:
        """The lines that may be blamed, counted in the wrong source."""
        planted = self.planted(source)
        assert all(text in planted for text in self.lacking)
        lacking = {planted.partition(text)[0].count("\n") + 1 for text in self.lacking}
        return lacking or {self.line(source)}


def _of(*mistakes: tuple[str, str] | tuple[str, str, tuple[str, ...]]) -> tuple[Mistake, ...]:
    return tuple(Mistake(*mistake) for mistake in mistakes)


MISTAKES = {
    "rms_norm": _of(
        ("(dxhat * xhat).mean(-1, keepdim=True)", "(dxhat * xhat).sum(-1, keepdim=True)"),
        ("xhat = rows.float() * rstd", "xhat = rows.float()"),
        ("(dy * xhat).sum(0)", "(dy * xhat).half().sum(0)"),
    ),
    "layer_norm": _of(
        ("(width * dxhat - total - xhat * along)", "(width * dxhat - xhat * along)"),
        ("dbias = dy.reshape(-1, width).sum(0)", "dbias = dy.mean(1).sum(0)"),
        ("dxhat = dy * weight", "dxhat = dy"),
    ),
    "group_norm": _of(
        ("grad_bias += dy.sum(1)", "grad_bias = dy.sum(1)"),
        ("c1 = (dxhat * xhat).mean(1, keepdim=True)", "c1 = (dxhat * xhat).mean()"),
        (
            "mean[i, :, None]) * rstd[i, :, None]",
            "mean[0, :, None]) * rstd[i, :, None]",
        ),
    ),
    "linear_cross_entropy": _of(
        (
            "dlogits *= (kept[rows] * scale)[:, None]",
            "dlogits *= scale",
        ),
        ("scale = grad_loss / kept.sum()", "scale = grad_loss / x.shape[0]"),
        ("dweight += dlogits.T @ x[rows]", "dweight += dlogits.T @ x[: len(dlogits)]"),
    ),
    "cross_entropy": _of(
        (
            "grad_logits = probs * (1 + 2 * ctx.z * lse[:, None])",
            "grad_logits = probs * (1 + ctx.z * lse[:, None])",
        ),
        (
            "grad_logits -= ctx.smoothing / logits.shape[-1]",
            "grad_logits -= ctx.smoothing / logits.shape[0]",
        ),
        ("grad_logits *= (grad_loss * kept)[:, None]", "grad_logits *= grad_loss[:, None]"),
    ),
    "swiglu": _of(
        ("(sig + silu * (1 - sig))", "(sig + gate * (1 - sig))"),
        ("dup = dout * silu", "dup = dout * sig"),
        ("dgate = dout * up * (sig", "dgate = up * (sig"),
    ),
    "geglu": _of(
        ("(0.5 * (1 + t) + 0.5 * gate * (1 - t * t) * slope)", "(0.5 * (1 + t))"),
        ("(1 + 3 * 0.044715 * gate**2)", "(1 + 0.044715 * gate**2)"),
        ("torch.cat([grad_gate, grad_value], -1)", "torch.cat([grad_value, grad_gate], -1)"),
    ),
    "rotary": _of(
        (
            "dk = torch.cat([a * cos + b * sin, b * cos - a * sin], -1)",
            "dk = torch.cat([a * cos - b * sin, b * cos + a * sin], -1)",
        ),
        (
            "dq = torch.cat([a * cos + b * sin, b * cos - a * sin], -1)",
            "dq = torch.cat([b * cos - a * sin, a * cos + b * sin], -1)",
        ),
        ("a, b = dk_out.chunk(2, -1)", "b, a = dk_out.chunk(2, -1)"),
    ),
    "softcap": _of(
        ("ratio = capped / ctx.cap", "ratio = capped"),
        ("(1 - ratio * ratio)", "(1 - ratio)"),
        ("(1 - ratio * ratio)", "(1 - ratio * ratio) / ctx.cap"),
    ),
    "flash_attention": _of(
        ("delta = (do * out).sum(-1, keepdim=True)", "delta = (do * out).mean(-1, keepdim=True)"),
        ("dk[..., cols, :] += scale * ds.mT @ qi", "dk[..., cols, :] += ds.mT @ qi"),
        (
            "s = s.masked_fill(place[rows, None] < place[cols], -math.inf)",
            "s = s.masked_fill(place[rows, None] <= place[cols], -math.inf)",
        ),
    ),
    "gqa": _of(
        ("grad_k = (dscores.mT @ grouped).sum(2)", "grad_k = (dscores.mT @ grouped)[:, :, 0]"),
        ("grad_v = (probs.mT @ do).sum(2)", "grad_v = (probs.mT @ do).mean(2)"),
        (
            "(do @ v[:, :, None].mT - delta) * ctx.scale",
            "(do @ v[:, :, None].mT) * ctx.scale",
        ),
    ),
    "lora": _of(
        ("@ down * mask / (1 - ctx.p)", "@ down * mask"),
        ("grad_up = ctx.scaling * grad_output.T @ small", "grad_up = grad_output.T @ small"),
        ("grad_down = grad_small.T @ dropped", "grad_down = grad_small.T @ x"),
    ),
    "moe": _of(
        (
            "grad_x.index_add_(0, token, weighted @ weight[e].T)",
            "grad_x[token] = weighted @ weight[e].T",
        ),
        ("grad_weight[e] = rows.T @ weighted", "grad_weight[e] = rows.T @ upstream"),
        ("(upstream * (rows @ weight[e])).sum(-1)", "(upstream * (rows @ weight[e])).mean(-1)"),
    ),
    "causal_conv": _of(
        ("dx = dpadded[..., taps - 1 :]", "dx = dpadded[..., :time]"),
        ("(dpre * padded[..., i : i + time]).sum((0, 2))", "(dpre * x).sum((0, 2))"),
        ("dout * sig * (1 + pre * (1 - sig))", "dout * sig * (1 - sig)"),
    ),
    "selective_scan": _of(
        ("else torch.zeros_like(dh)", "else states[:, t]"),
        ("ddelta[:, t] += (dlog * A).sum(-1)", "ddelta[:, t] += dlog.sum(-1)"),
        ("dA += (dlog * delta[:, t, :, None]).sum(0)", "dA = (dlog * delta[:, t, :, None]).sum(0)"),
    ),
    "embedding": _of(
        (
            "rows = rows * kept[:, None]\n        ",
            "",
            ("rows = grad_output.reshape(", "grad_weight.index_add_("),
        ),
        (
            "grad_weight.index_add_(0, index.reshape(-1), rows)",
            "grad_weight[index.reshape(-1)] = rows",
        ),
        (
            "index.reshape(-1) != ctx.padding",
            "index.reshape(-1) > ctx.padding + 1",
        ),
    ),
    "distillation": _of(
        ("(ctx.temperature / rows)", "(1 / rows)"),
        ("(ctx.temperature / rows)", "ctx.temperature"),
        ("(torch.exp(logq) - p)", "(p - torch.exp(logq))"),
    ),
    "logcumsumexp": _of(
        (".tril().sum(-2)", ".triu().sum(-2)"),
        (".tril().sum(-2)", ".tril(-1).sum(-2)"),
        ("(grad_output[..., None] * shares)", "shares"),
    ),
    "topk_gate": _of(
        ("dtop = gate * (grad_gate - along)", "dtop = gate * grad_gate"),
        ("along = (grad_gate * gate).sum(-1, keepdim=True)", "along = (grad_gate * gate).sum()"),
        ("dlogits.scatter_(-1, index, dtop)", "dlogits[..., : index.shape[-1]] = dtop"),
    ),
    "preference_loss": (
        Mistake(
            "drejected[rows] = -dmargin[:, None]",
            "drejected[rows] = dmargin[:, None]",
            in_forward=True,
        ),
        Mistake(
            "-torch.sigmoid(-margin) * beta / n",
            "-torch.sigmoid(-margin) * beta / chunk",
            in_forward=True,
        ),
        Mistake(
            "grad_loss * drejected, grad_loss * dweight",
            "grad_loss * drejected, dweight",
        ),
    ),
    "bias_dropout_add": _of(
        ("grad_x = grad_output * mask / (1 - ctx.p)", "grad_x = grad_output * mask"),
        ("grad_bias = grad_x.sum((0, 1))", "grad_bias = grad_output.sum((0, 1))"),
        ("grad_residual = grad_output.clone()", "grad_residual = grad_output * mask"),
    ),
    "masked_softmax": _of(
        ("total = dscores.sum(-1, keepdim=True)", "total = grad_output.sum(-1, keepdim=True)"),
        ("dscores.mul_(ctx.scale)\n        ", "", ("dscores.addcmul_(",)),
        ("dscores.addcmul_(probs, total, value=-1)", "dscores.sub_(total)"),
    ),
    "add_rms_norm": _of(
        ("dtotal += dtotal_out\n        ", "", ("dtotal = rstd",)),
        ("xhat = total * rstd", "xhat = total"),
        (".sum(-1, keepdim=True) / width", ".sum(-1, keepdim=True)"),
    ),
    "dense_gelu_dense": _of(
        ("dpre = dhidden * (cdf + flat * pdf)", "dpre = dhidden * cdf"),
        ("torch.exp(-0.5 * flat * flat)", "torch.exp(-flat * flat)"),
        ("grad_b1 = dpre.sum(0)", "grad_b1 = dhidden.sum(0)"),
    ),
}

VJP_MISTAKES = {
    "rms_norm": _of(
        ("(dxhat * xhat).mean(-1, keepdims=True)", "(dxhat * xhat).sum(-1, keepdims=True)"),
        ("(dy * xhat).sum((0, 1))", "(dy * xhat).sum(0).mean(0)"),
        ("dx = rstd * (dxhat", "dx = (dxhat"),
    ),
    "layer_norm": _of(
        ("(dxhat - total - xhat * along)", "(dxhat - xhat * along)"),
        ("dbias = dy.sum(0)", "dbias = dy.mean(0)"),
        ("dxhat = dy * weight", "dxhat = dy"),
    ),
    "cross_entropy": _of(
        ("(1 + 0.04 * lse[:, None])", "(1 + 0.02 * lse[:, None])"),
        ("+ 0.1 / words", "+ 0.1 / rows"),
        (" - soft) / rows", " - soft)"),
    ),
    "swiglu": _of(
        ("(sig + silu * (1 - sig))", "(sig + gate * (1 - sig))"),
        ("dup = dout * silu", "dup = dout * sig"),
        ("dgate = dout * up * (sig", "dgate = up * (sig"),
    ),
    "geglu": _of(
        ("(0.5 * (1 + t) + 0.5 * gate * (1 - t * t) * slope)", "(0.5 * (1 + t))"),
        ("(1 + 3 * 0.044715 * gate**2)", "(1 + 0.044715 * gate**2)"),
        ("jnp.concatenate([dgate, dvalue]", "jnp.concatenate([dvalue, dgate]"),
    ),
    "rotary": _of(
        ("[a * cos + b * sin, b * cos - a * sin]", "[a * cos - b * sin, b * cos - a * sin]"),
        ("[a * cos + b * sin, b * cos - a * sin]", "[b * cos - a * sin, a * cos + b * sin]"),
        ("a, b = jnp.split(dout, 2", "b, a = jnp.split(dout, 2"),
    ),
    "attention": _of(
        (
            "(dout * out).sum(-1, keepdims=True)",
            "(dout * out).mean(-1, keepdims=True)",
        ),
        ("dk = ds.mT @ q", "dk = ds.mT @ q / width**0.5"),
        ("(dout @ v.mT - delta)", "(dout @ v.mT)"),
    ),
    "softcap": _of(
        ("ratio = capped / cap", "ratio = capped"),
        ("(1 - ratio * ratio)", "(1 - ratio)"),
        ("(1 - ratio * ratio)", "(1 - ratio * ratio) / cap"),
    ),
}
