"""The recurrent net and the transformer against PyTorch's own layers: the same model, not only a
right backward."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from test_models import forward_and_backward

from byhand.program.problem import load


def as_tensors(value: Any) -> Any:
    if isinstance(value, list):
        return [as_tensors(item) for item in value]
    if not isinstance(value, np.ndarray):
        return value
    return torch.tensor(value, requires_grad=value.dtype.kind == "f")


def loss_of(logits: torch.Tensor, Y: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(logits.flatten(0, 1), Y.flatten(), ignore_index=-1)


def assert_same(model: str, inputs: dict[str, Any], t: dict[str, Any], expected: Any) -> None:
    """The loss and every gradient of the model are those of PyTorch's `expected`."""
    loss, _, answers = forward_and_backward(load(model), inputs)
    assert np.isclose(loss, expected.item(), rtol=1e-12)
    expected.backward()
    for name, value in t.items():
        if isinstance(value, list):
            pairs = zip(answers[f"d{name}"], value, strict=True)
        elif isinstance(value, torch.Tensor) and value.requires_grad:
            pairs = [(answers[f"d{name}"], value)]
        else:
            continue
        for found, tensor in pairs:
            np.testing.assert_allclose(found, tensor.grad.numpy(), rtol=0, atol=1e-13)


def test_the_recurrent_net_is_pytorchs() -> None:
    inputs = load("rnn").inputs(3, n=5, block=6)
    t = {k: as_tensors(v) for k, v in inputs.items()}
    features, hidden = inputs["Wx"].shape
    net = torch.nn.RNN(features, hidden, batch_first=True, dtype=torch.float64)
    weights = {
        "weight_ih_l0": t["Wx"].T,
        "weight_hh_l0": t["Wh"].T,
        "bias_ih_l0": t["bh"],
        "bias_hh_l0": torch.zeros(hidden, dtype=torch.float64),
    }
    start = t["start"].expand(5, hidden)[None].contiguous()
    states, _ = torch.func.functional_call(net, weights, (t["C"][t["X"]], start))
    assert_same("rnn", inputs, t, loss_of(states @ t["W"] + t["b"], t["Y"]))


def test_the_transformer_is_pytorchs() -> None:
    inputs = load("transformer").inputs(3, n=3, layers=2, heads=3, head=4, block=6)
    t = {k: as_tensors(v) for k, v in inputs.items()}
    width = (12,)

    def split(x: torch.Tensor) -> torch.Tensor:
        return x.unflatten(-1, (3, 4)).transpose(1, 2)

    x = t["C"][t["X"]] + t["P"]
    for i in range(2):
        ln = F.layer_norm(x, width, t["gains1"][i], t["biases1"][i])
        q, k, v = (ln @ t["Wqkvs"][i] + t["bqkvs"][i]).chunk(3, dim=-1)
        heads = F.scaled_dot_product_attention(split(q), split(k), split(v), is_causal=True)
        x = x + heads.transpose(1, 2).flatten(2) @ t["Wos"][i] + t["bos"][i]
        ln = F.layer_norm(x, width, t["gains2"][i], t["biases2"][i])
        u = F.gelu(ln @ t["W1s"][i] + t["b1s"][i], approximate="tanh")
        x = x + u @ t["W2s"][i] + t["b2s"][i]
    logits = F.layer_norm(x, width, t["gain"], t["bias"]) @ t["W"]
    assert_same("transformer", inputs, t, loss_of(logits, t["Y"]))
