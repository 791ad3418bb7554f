"""PyTorch code on the engine's tensors, against PyTorch's own autograd, in float64."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch_examples import EXAMPLES, METHOD_EXAMPLES, NO_EXAMPLE, Example

from byhand.engine import Tensor, gradients
from byhand.errors import UnsupportedError
from byhand.torch_dialect import names as torch_names
from byhand.torch_dialect.tensor import TorchTensor

RNG = np.random.default_rng(11)
X = RNG.normal(size=(3, 4))


def tensors_in(result: Any) -> list[Any]:
    """The tensors of a result, be it one or several."""
    if isinstance(result, list | tuple):
        return [tensor for each in result for tensor in tensors_in(each)]
    return [result]


def compare(
    run: Callable[..., Any],
    inputs: list[Any],
    kind: type[Tensor] = TorchTensor,
    rtol: float = 1e-12,
) -> None:
    """`run` gives PyTorch's values on our tensors, and PyTorch's gradient for every input."""
    theirs = [torch.tensor(x, requires_grad=True) for x in inputs]
    ours = [kind(x) for x in inputs]
    expected, got = tensors_in(run(*theirs)), tensors_in(run(*ours))
    assert len(expected) == len(got)
    rng = np.random.default_rng(5)
    seeds: list[tuple[Tensor, Any]] = []
    total = torch.zeros((), dtype=torch.float64)
    for want, have in zip(expected, got, strict=True):
        if isinstance(have, Tensor):
            assert isinstance(have, kind)
            assert have.shape == tuple(want.shape)
            np.testing.assert_allclose(have.value, want.numpy(force=True), rtol, 1e-13)
            seeds.append((have, rng.normal(size=have.shape)))
            if want.requires_grad:
                total = total + (want * torch.tensor(seeds[-1][1])).sum()
        elif isinstance(want, torch.Tensor):
            assert not want.requires_grad
            assert (type(have), have.dtype) == (torch.Tensor, want.dtype)
            assert torch.equal(have, want)
        else:
            assert have == want
    if total.requires_grad:
        total.backward()
    mine = gradients(seeds)
    for k, (t, o) in enumerate(zip(theirs, ours, strict=True)):
        want = np.zeros(t.shape) if t.grad is None else t.grad.clone().numpy(force=True)
        have = mine.get(o, np.zeros(t.shape))
        np.testing.assert_allclose(have, want, 10 * rtol, 1e-12, err_msg=f"argument {k}")


def calls(table: dict[str, list[Example]]) -> list[Any]:
    return [
        pytest.param(name, example, kind, id=f"{name}-{k}-{kind.__name__}")
        for name, examples in table.items()
        for k, example in enumerate(examples)
        for kind in example.kinds
    ]


class TestEveryName:
    def test_every_function_has_an_example(self) -> None:
        assert set(EXAMPLES) == set(torch_names.FUNCTIONS)

    def test_every_method_that_is_no_function_has_an_example(self) -> None:
        functions, methods = torch_names.FUNCTIONS, torch_names.METHODS
        others = {name for name in methods if methods[name] is not functions.get(name)}
        assert set(METHOD_EXAMPLES) | NO_EXAMPLE == others

    @pytest.mark.parametrize(
        ("name", "example", "kind"), [*calls(EXAMPLES), *calls(METHOD_EXAMPLES)]
    )
    def test_agrees_with_pytorch(
        self, name: str, example: Example, kind: type[Tensor], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answered: list[str] = []
        call = torch_names.call

        def recording(table: Any, name: str, /, *args: Any, **options: Any) -> Any:
            answered.append(name)
            return call(table, name, *args, **options)

        monkeypatch.setattr(torch_names, "call", recording)
        compare(example.run, example.inputs(), kind, example.rtol)
        assert name in answered

    @pytest.mark.parametrize("name", sorted(NO_EXAMPLE))
    def test_what_chooses_device_or_precision_changes_nothing(self, name: str) -> None:
        x = TorchTensor(X)
        assert getattr(x, name)() is x


C = torch.linspace(0.5, 2, 12, dtype=torch.float64).reshape(3, 4)


class TestConstants:
    """Torch tensors beside ours: indices, labels, masks, numbers."""

    @pytest.mark.parametrize(
        "run",
        [
            lambda x: x + C,
            lambda x: C + x,
            lambda x: x - C,
            lambda x: C - x,
            lambda x: x * C,
            lambda x: C * x,
            lambda x: x / C,
            lambda x: C / x,
            lambda x: x @ C.T,
            lambda x: C.T @ x,
            lambda x: C**x,
            lambda x: (x * x) ** C,
            lambda x: C[0] * x,
            lambda x: torch.tensor(2.0) - x,
            lambda x: 2 - x / torch.tensor(3),
        ],
    )
    def test_operators(self, run: Callable[..., Any]) -> None:
        compare(run, [X])

    @pytest.mark.parametrize(
        "run",
        [
            lambda x: x[torch.tensor([2, 0, 2])],
            lambda x: x[torch.tensor([[0, 1], [2, 2]])],
            lambda x: x[torch.arange(3), torch.tensor([3, 0, 3])],
            lambda x: x[range(3), torch.tensor([3, 0, 3])],
            lambda x: x[:, torch.tensor([1, 1])],
            lambda x: x[..., None, torch.tensor(2)],
            lambda x: x[C > 1],
            lambda x: x[torch.tensor([True, False, True]), 1:],
            lambda x: x[[0, 0], 1],
            lambda x: x[x > 0],
        ],
    )
    def test_indices(self, run: Callable[..., Any]) -> None:
        compare(run, [X])

    def test_a_plain_tensor_takes_them_too_where_pytorch_asks_it(self) -> None:
        compare(lambda x: F.one_hot(torch.tensor([1, 3, 0]), 4) * x, [X], Tensor)
        compare(lambda x: torch.mul(x, C), [X], Tensor)

    def test_a_parameter_is_a_constant(self) -> None:
        layer = torch.nn.Linear(4, 2, dtype=torch.float64)
        compare(layer, [X])

    def test_a_number_does_not_decide_the_precision(self) -> None:
        x = TorchTensor(X.astype(np.float32))
        for y in (x * torch.tensor(2.0, dtype=torch.float64), torch.mul(torch.tensor(2.0), x)):
            assert y.dtype == torch.float32

    @pytest.mark.parametrize(
        "run",
        [
            lambda x: torch.zeros_like(x) + x,
            lambda x: torch.ones_like(x, dtype=torch.bool) * x,
            lambda x: torch.full_like(x, 3.0) * x,
            lambda x: torch.arange(x.shape[1]) * x,
            lambda x: torch.ones(x.size(), dtype=x.dtype, device=x.device) * x,
            lambda x: (x > 0).float() * x,
            lambda x: torch.gt(x, 0) * x,
            lambda x: ((x >= 0) & ~(x == 1)) * x,
            lambda x: ((x <= C) | (x != x)).double() * x,
            lambda x: torch.less(C, x) * x,
            lambda x: x.isnan().logical_not() * x,
            lambda x: x.gt(0) * x,
            lambda x: (x.argmax(1) == torch.tensor([1, 0, 2])).double(),
            lambda x: (x.all(), torch.allclose(x, x), torch.numel(x)),
        ],
    )
    def test_what_has_no_gradient_is_given_as_a_torch_tensor(self, run: Callable[..., Any]) -> None:
        compare(run, [X])


class TestAmbiguousMethods:
    """What NumPy and PyTorch mean by one method."""

    METHODS: tuple[Callable[[Any], Any], ...] = (
        lambda x: x.var(0),
        lambda x: x.std(1),
        lambda x: x.var(0, unbiased=False),
        lambda x: x.max(1),
        lambda x: x.max(1, keepdim=True).values,
        lambda x: x.min(0)[0],
        lambda x: x.sum(1, True),
        lambda x: x.mean(1, keepdim=True),
        lambda x: x.transpose(0, 1),
        lambda x: x.argmax(1, True),
        lambda x: x.repeat(2, 1),
        lambda x: x.squeeze(0),
        lambda x: x.flatten(),
        lambda x: x.flatten(-1),
        lambda x: x.cumsum(1),
        lambda x: x.take(torch.tensor([0, 5])),
        lambda x: x.size(),
        lambda x: x.size(-1),
        lambda x: x.T @ x,
    )

    @pytest.mark.parametrize("run", METHODS)
    def test_are_pytorchs_on_a_torch_tensor(self, run: Callable[..., Any]) -> None:
        compare(run, [X])

    @pytest.mark.parametrize("numpys", METHODS[:2])
    def test_are_numpys_on_a_plain_one(self, numpys: Callable[..., Any]) -> None:
        np.testing.assert_allclose(numpys(Tensor(X)).value, numpys(X), rtol=1e-14)

    def test_are_numpys_on_a_plain_one_in_shape(self) -> None:
        x = Tensor(X)
        assert x.max(1).shape == (3,)
        assert x.size == 12
        assert x.transpose(0, 1).shape == (3, 4)
        assert x.repeat(2, 1).shape == (3, 8)

    @pytest.mark.parametrize(
        "run",
        [
            lambda x: x.sum(dim=1),
            lambda x: x.sum(1, keepdim=True),
            lambda x: x.mean(dim=(0, 1), keepdim=True),
            lambda x: x.prod(dim=0),
            lambda x: x.max(dim=1),
            lambda x: x.min(1, keepdim=True).values,
            lambda x: x.var(dim=0),
            lambda x: x.std(dim=1, correction=0),
            lambda x: x.var(1, unbiased=False),
            lambda x: x.cumsum(dim=1),
            lambda x: x.squeeze(dim=1),
            lambda x: x.flatten(start_dim=0),
            lambda x: x.flatten(1),
            lambda x: x.transpose(dim0=0, dim1=1),
        ],
    )
    def test_a_keyword_of_pytorchs_decides(self, run: Callable[..., Any]) -> None:
        plain, theirs = run(Tensor(X)), run(torch.tensor(X))
        for have, want in zip(tensors_in(plain), tensors_in(theirs), strict=True):
            np.testing.assert_allclose(getattr(have, "value", have), want, rtol=1e-14)

    def test_a_wrong_keyword_is_still_an_error(self) -> None:
        with pytest.raises(TypeError, match="axes"):
            Tensor(X).sum(axes=1)

    def test_functions_mean_their_own_whichever_tensor_they_get(self) -> None:
        for kind in (Tensor, TorchTensor):
            np.testing.assert_allclose(np.var(kind(X), axis=0).value, np.var(X, axis=0))
            np.testing.assert_allclose(torch.var(kind(X), 0).value, torch.tensor(X).var(0))
            assert np.max(kind(X), axis=1).shape == (3,)

    @pytest.mark.parametrize(
        "run",
        [
            lambda x: np.einsum("ij,kj->ik", x, x) + np.tensordot(x, x.T, 1),
            lambda x: np.sum(np.split(x, 2, axis=1)[0] * 2),
            lambda x: np.linalg.norm(x) + np.average(x, weights=X),
            lambda x: np.repeat(np.tile(x, (1, 2)), 2, axis=0),
            lambda x: np.where(x > 0, np.pad(x, 1)[1:-1, 1:-1], np.clip(x, -1, None)),
            lambda x: np.hstack([np.diff(x), np.vstack([x, x])[:3]]),
            lambda x: np.sort(np.roll(x, 1)) + np.take_along_axis(x, np.argsort(X), 1),
            lambda x: np.std(x) + np.logaddexp.reduce(x, axis=None) + np.dot(x, x.T).sum(),
            lambda x: np.broadcast_arrays(x, X[0])[1] * x,
        ],
    )
    def test_numpy_code_gets_the_same_from_both(self, run: Callable[..., Any]) -> None:
        results: list[Any] = []
        for kind in (Tensor, TorchTensor):
            x = kind(X)
            out = run(x)
            results += [out.value, gradients([(out, np.ones(out.shape))])[x]]
        np.testing.assert_array_equal(results[0], results[2])
        np.testing.assert_array_equal(results[1], results[3])

    def test_item_is_a_number_without_a_gradient(self) -> None:
        compare(lambda x: x * x.sum().item(), [X])
        compare(lambda x: (x * x.data, x.requires_grad, x.data.requires_grad), [X])
        with pytest.raises(UnsupportedError, match="cut this value off"):
            Tensor(X).sum().item()

    def test_no_grad_cuts_the_gradient(self) -> None:
        def shifted(x: Any) -> Any:
            with torch.no_grad():
                top = 2 * x.max(1, keepdim=True).values
            return (x - top) * x

        compare(shifted, [X])

    def test_a_forward_that_runs_without_gradients_as_a_whole_is_recorded(self) -> None:
        with torch.no_grad():
            x = TorchTensor(X)
            loss = (x * 2).exp().sum()
        assert np.array_equal(gradients([(loss, np.ones(()))])[x], 2 * np.exp(2 * X))


IN_PLACE: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("add", "subtract", "sub", "multiply", "mul", "divide", "true_divide"), (C,)),
    **dict.fromkeys(("div", "hypot", "arctan2", "atan2", "xlogy", "logit"), ()),
    **dict.fromkeys(("hypot", "arctan2", "atan2", "xlogy"), (C.abs() + 1,)),
    **dict.fromkeys(("div", "clamp_min", "clamp_max", "remainder"), (0.4,)),
    "fmod": (0.4,),
    **dict.fromkeys(("clamp", "clip"), (0.2, 0.8)),
    **dict.fromkeys(("pow", "float_power"), (3,)),
    **dict.fromkeys(("cumsum", "cumprod", "squeeze", "unsqueeze"), (1,)),
    **dict.fromkeys(("transpose", "swapaxes", "swapdims"), (0, 1)),
    **dict.fromkeys(("addcmul", "addcdiv"), (C, C + 3)),
    "lerp": (C, 0.3),
    "addmm": (torch.ones(3, 2).double(), torch.ones(2, 4).double()),
    "masked_fill": (C > 0, 0.5),
    "scatter": (1, torch.tensor([[2], [0], [1]]), 7.0),
    "scatter_add": (1, torch.tensor([[2], [2], [1]]), C[:, :1]),
    "scatter_reduce": (1, torch.tensor([[2], [2], [1]]), C[:, :1], "sum"),
    "index_fill": (1, torch.tensor([2, 0]), 0.5),
    "index_copy": (0, torch.tensor([2, 0]), C[:2]),
    "index_put": ((torch.tensor([2, 0]), torch.tensor([1, 1])), C[0, :2]),
    "masked_scatter": (C > 0, C),
    "addr": (C[:, 0], C[0]),
    "index_add": (0, torch.tensor([1, 1]), C[:2]),
}
"""What a method is given besides the tensor that it changes."""

OTHERWISE = {"baddbmm", "addbmm", "addmv", "detach", "floor_divide", "heaviside"} | {
    f"{arc}{name}" for arc in ("a", "arc") for name in ("sinh", "cosh", "tanh")
}
"""For tensors of other shapes; what is no op; what PyTorch can't differentiate in place."""


class TestInPlace:
    @pytest.mark.parametrize(
        "name",
        sorted(
            name
            for name in torch_names.METHODS
            if hasattr(torch.Tensor, f"{name}_") and name not in OTHERWISE
        ),
    )
    def test_every_method_that_changes_its_tensor(self, name: str) -> None:
        inside = np.full((3, 4), 0.1) + RNG.uniform(0.1, 0.8, (3, 4))

        def run(x: Any) -> Any:
            y = x * 1
            before = y * 2
            getattr(y, f"{name}_")(*IN_PLACE.get(name, ()))
            return y * 3, before * before

        compare(run, [inside])

    @pytest.mark.parametrize(
        "run",
        [
            lambda y: torch.relu_(y),
            lambda y: F.relu_(y),
            lambda y: F.relu(y, inplace=True),
            lambda y: torch.nn.LeakyReLU(0.1, inplace=True)(y),
            lambda y: y.zero_(),
            lambda y: y.fill_(0.5),
            lambda y: y.copy_(C),
            lambda y: y.copy_(y[0] * 2),
            lambda y: y.sub_(y.mean(1, keepdim=True)).div_(C),
        ],
    )
    def test_what_changes_its_tensor_by_another_way(self, run: Callable[[Any], Any]) -> None:
        def both(x: Any) -> Any:
            y = x * 1
            made = run(y)
            return y * 3, made.tanh()

        compare(both, [X])

    def test_it_takes_nothing_larger_than_it_is(self) -> None:
        with pytest.raises(ValueError, match=r"add_ can't put what has shape \(3, 4\) into"):
            TorchTensor(X[0]).add_(torch.tensor(X))


class TestRefusals:
    @pytest.mark.parametrize(
        ("run", "says"),
        [
            (lambda x: torch.zeros(3, 4).add_(x), r"write x = x\.add\(\.\.\.\)"),
            (lambda x: F.dropout(x, 0.1), "draw the mask in inputs"),
            (lambda x: torch.randn_like(x), "draw in inputs"),
            (lambda x: torch.histc(x), r"torch\.histc has no rule"),
            (lambda x: x.mode(1), r"torch\.mode has no rule"),
            (
                lambda x: torch.fft.rfft(x),
                r"^torch\.fft\.rfft .*complex .* x @ np\.cos",
            ),
            (lambda x: torch.fft.fftshift(x), "has no rule"),
            (lambda x: F.grid_sample(x, x), r"grid_sample\w* has no rule"),
            (lambda x: F.interpolate(x[None, None], 5, mode="bicubic"), "bicubic"),
            (lambda x: x.scatter_reduce(1, torch.tensor([[0]]), x, "prod"), "sum"),
            (lambda x: torch.linalg.solve_triangular(x, x, upper=True, left=False), "left=True"),
            (lambda x: F.embedding_bag(torch.tensor([0]), x, torch.tensor([0])), "one in each row"),
            (lambda x: torch.sum(x, dim=1, dtype=torch.int64), "dtype"),
            (lambda x: torch.exp(x, out=C), "out"),
            (lambda x: x.softmax(), "along which axis"),
            (lambda x: torch.linalg.norm(x, 2), "matrix norm"),
            (lambda x: F.embedding(torch.tensor([0]), x, max_norm=1.0), "max_norm"),
            (lambda x: F.batch_norm(x, C[0], C[1], training=True), "pass None for both"),
            (lambda x: F.mse_loss(x, x, reduction="median"), "reduction"),
            (lambda x: F.poisson_nll_loss(x, x, full=True), "full"),
            (lambda x: F.instance_norm(x, C[0], C[1]), "statistics of the input"),
            (lambda x: F.avg_pool1d(x, 2, ceil_mode=True), "ceil_mode"),
            (lambda x: F.scaled_dot_product_attention(x, x, x, dropout_p=0.1), "at random"),
            (lambda x: F.gelu(x, approximate="erf"), "approximate"),
            (lambda x: torch.norm(x, p="nuc"), "order 'nuc'"),
            (lambda x: x.scatter_add(1, torch.tensor([[0, 1]]), x), "as long as input"),
            (lambda x: F.mse_loss(x, x, reduce=False), "reduce"),
            (lambda x: x.chunk(), "missing a required argument"),
            (lambda x: x.numpy(), "cut this value off"),
        ],
    )
    def test_says_what_to_do(self, run: Callable[..., Any], says: str) -> None:
        with pytest.raises(UnsupportedError, match=says):
            run(TorchTensor(X))

    def test_writing_into_a_torch_tensor(self) -> None:
        out = torch.zeros(3, 4)
        with pytest.raises(UnsupportedError, match=r"torch\.stack"):
            out[0] = TorchTensor(X)[0]
        assert not out.any()

    def test_a_misspelt_method_is_no_attribute(self) -> None:
        for kind in (Tensor, TorchTensor):
            assert not hasattr(kind(X), "sofmax")
            assert not hasattr(kind(X), "__array_interface__")

    def test_a_constant_may_do_anything(self) -> None:
        x = TorchTensor(X)
        compare(lambda x: x.detach().cummax(1).values * x, [X])
        compare(lambda x: torch.median(x.detach()) * x, [X])
        assert x.detach().tolist() == X.tolist()


def draw(*shape: int) -> Any:
    return RNG.normal(size=shape)


def mlp(C: Any, W1: Any, b1: Any, gain: Any, bias: Any, W2: Any, b2: Any) -> Any:
    """The lecture's, step by step."""
    Xb = torch.arange(24).reshape(8, 3) % 5
    Yb = torch.arange(8) % 5
    n = Yb.shape[0]
    emb = C[Xb]
    embcat = emb.view(emb.shape[0], -1)
    hprebn = embcat @ W1 + b1
    bnmeani = 1 / n * hprebn.sum(0, keepdim=True)
    bndiff = hprebn - bnmeani
    bndiff2 = bndiff**2
    bnvar = 1 / (n - 1) * bndiff2.sum(0, keepdim=True)
    bnvar_inv = (bnvar + 1e-5) ** -0.5
    hpreact = gain * (bndiff * bnvar_inv) + bias
    h = torch.tanh(hpreact)
    logits = h @ W2 + b2
    logit_maxes = logits.max(1, keepdim=True).values
    counts = (logits - logit_maxes).exp()
    counts_sum = counts.sum(1, keepdims=True)
    probs = counts * counts_sum**-1
    logprobs = probs.log()
    return -logprobs[range(n), Yb].mean()


MLP = [draw(5, 2), draw(6, 7), draw(7), draw(1, 7), draw(1, 7), draw(7, 5), draw(5)]


def short_mlp(C: Any, W1: Any, b1: Any, gain: Any, bias: Any, W2: Any, b2: Any) -> Any:
    Xb, Yb = torch.arange(24).reshape(8, 3) % 5, torch.arange(8) % 5
    hpreact = F.embedding(Xb, C).flatten(1) @ W1 + b1
    normal = (hpreact - hpreact.mean(0, keepdim=True)) / hpreact.std(0, keepdim=True)
    logits = F.linear((gain * normal + bias).tanh(), W2.t(), b2)
    return F.cross_entropy(logits, Yb, ignore_index=0)


def gru(x: Any, Wx: Any, Wh: Any, b: Any) -> Any:
    """Cho et al. (2014), over a short sequence."""
    h = x.new_zeros(x.shape[1], Wh.shape[0])
    states = []
    for xt in x.unbind(0):
        xr, xz, xn = (xt @ Wx + b).chunk(3, dim=-1)
        hr, hz, hn = (h @ Wh).split(h.shape[-1], dim=-1)
        z = torch.sigmoid(xz + hz)
        new = torch.tanh(xn + torch.sigmoid(xr + hr) * hn)
        h = (1 - z) * new + z * h
        states.append(h)
    return torch.stack(states, dim=1)


def block(x: Any, Wqkv: Any, Wo: Any, Wup: Any, Wdown: Any, g1: Any, b1: Any, g2: Any) -> Any:
    """A causal block, its attention written out."""
    B, T, width = x.size()
    heads = 2
    qkv = F.linear(F.layer_norm(x, (width,), g1, b1), Wqkv)
    q, k, v = (
        part.view(B, T, heads, width // heads).transpose(1, 2) for part in qkv.split(width, dim=2)
    )
    att = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
    att = att.masked_fill(torch.tril(torch.ones(T, T)) == 0, float("-inf"))
    y = F.softmax(att, dim=-1) @ v
    x = x + y.transpose(1, 2).contiguous().view(B, T, width) @ Wo
    hidden = F.gelu(F.layer_norm(x, (width,), weight=g2) @ Wup, approximate="tanh")
    return x + F.dropout(hidden @ Wdown, 0.1, training=False)


def wavenet(x: Any, w1: Any, b1: Any, w2: Any, W: Any) -> Any:
    h = F.relu(F.conv1d(F.pad(x, (2, 0)), w1, b1))
    h = F.silu(F.conv1d(h, w2, stride=2, dilation=2)).mean(dim=-1)
    return F.cross_entropy(h @ W, torch.tensor([1, 0]), label_smoothing=0.1)


def variational(x: Any, W: Any, V: Any, noise: Any) -> Any:
    mu, logvar = (x @ W).chunk(2, dim=1)
    z = mu + noise * torch.exp(0.5 * logvar)
    kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    target = (x.detach() > 0).to(x.dtype)
    return F.binary_cross_entropy_with_logits(z @ V, target, reduction="sum") + kl


MODELS: list[Any] = [
    pytest.param(mlp, MLP, id="mlp"),
    pytest.param(short_mlp, MLP, id="short-mlp"),
    pytest.param(gru, [draw(4, 2, 3), draw(3, 15), draw(5, 15), draw(15)], id="gru"),
    pytest.param(
        block,
        [draw(2, 5, 4), draw(12, 4), draw(4, 4), draw(4, 16), draw(16, 4), *draw(3, 4)],
        id="attention",
    ),
    pytest.param(
        wavenet, [draw(2, 3, 9), draw(4, 3, 3), draw(4), draw(5, 4, 2), draw(5, 3)], id="conv1d"
    ),
    pytest.param(variational, [draw(5, 4), draw(4, 6), draw(3, 4), draw(5, 3)], id="variational"),
]


@pytest.mark.parametrize(("model", "inputs"), MODELS)
def test_whole_models(model: Callable[..., Any], inputs: list[Any]) -> None:
    compare(model, inputs)


@pytest.mark.parametrize(("model", "inputs"), MODELS)
def test_whole_models_depend_on_every_input(model: Callable[..., Any], inputs: list[Any]) -> None:
    """Else comparing two gradients that are both nothing would prove nothing."""
    tensors = [TorchTensor(x) for x in inputs]
    out = model(*tensors)
    found = gradients([(out, draw(*out.shape))])
    assert all(np.any(found[tensor]) for tensor in tensors)


@pytest.mark.parametrize(("model", "inputs"), MODELS)
def test_whole_models_keep_their_precision(model: Callable[..., Any], inputs: list[Any]) -> None:
    tensors = [TorchTensor(x.astype(np.float32)) for x in inputs]
    out = model(*tensors)
    found = gradients([(out, np.ones(out.shape, np.float32))])
    assert {gradient.dtype.name for gradient in found.values()} == {"float32"}


def test_the_engine_does_not_import_torch() -> None:
    code = """
import sys
import numpy as np
from byhand.engine import Tensor, gradients
from byhand.torch_dialect.tensor import TorchTensor
x = Tensor(np.ones((3, 4)))
values, indices = x.exp().softmax(-1).view(4, 3).max(dim=1)
gradients([(values, np.ones(4))])
(TorchTensor(np.ones((3, 4))).unsqueeze(0) * 2).sum().backward()
assert type(indices) is np.ndarray
sys.exit("torch" in sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


INTEGERS, MASK, WIDE = torch.arange(4), torch.arange(4) > 1, torch.tensor(2.0).double()


@pytest.mark.parametrize(
    "run",
    [
        lambda x: x - INTEGERS,
        lambda x: INTEGERS * x,
        lambda x: x / (INTEGERS + 1),
        lambda x: 1 / (INTEGERS + 1) * x,
        lambda x: x**INTEGERS,
        lambda x: torch.rsqrt(x * x + INTEGERS + 1),
        lambda x: x * MASK,
        lambda x: x * WIDE,
        lambda x: torch.where(MASK, x, WIDE),
        lambda x: torch.maximum(x, WIDE),
        lambda x: x + torch.ones(4).double(),
        lambda x: x[0, 0] * INTEGERS,
        lambda x: x.sum(-1, keepdim=True) * (INTEGERS > 1),
        lambda x: x.clone().add_(INTEGERS),
    ],
)
def test_what_is_computed_of_float32_has_pytorchs_type(run: Callable[..., Any]) -> None:
    """Integers, and arrays without axes, don't widen it, as they do in NumPy."""
    given = torch.from_numpy(X).float()
    want, have = run(given), run(TorchTensor(given.numpy()))
    assert have.dtype == want.dtype
    np.testing.assert_allclose(have.value, want.numpy(), 1e-6)


def test_a_cast_to_complex_is_refused_and_cuts_nothing_off() -> None:
    with pytest.raises(UnsupportedError, match="complex64 is complex"):
        TorchTensor(X).to(torch.complex64)
