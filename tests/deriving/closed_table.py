"""The closed forms that the literature gives, as data: one for each of many forwards.

A forward is a problem file, and its closed form is the file's own `backward`, written as a good
engineer would write it, with the source cited in the file's docstring. Where a file's own backward
takes small steps, or is the sum of known parts, the closed form and the source stand here.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property

from deriving_cases import ALL

from byhand.program.problem import Problem, load


@dataclass(frozen=True)
class Known:
    """A forward with a closed form that is known.

    `forward` is the name of its problem file; `source` and `cited` are the closed form and whose it
    is, if they aren't the file's; `to_match` are those where a derived form may take no more
    operations than the known one.
    """

    forward: str
    source: str = ""
    cited: str = ""
    to_match: bool = False

    @cached_property
    def problem(self) -> Problem:
        return load(ALL[self.forward])

    @property
    def closed(self) -> str:
        return self.source or backward_in(self.forward)

    @property
    def citation(self) -> str:
        return self.cited or " ".join(self.problem.doc.partition("\n\n")[2].split())

    @property
    def names(self) -> tuple[str, ...]:
        """The gradients that are compared: of every float input that isn't data."""
        drawn = self.problem.inputs()
        return tuple(
            name
            for name, value in drawn.items()
            if name not in self.problem.data and "float" in str(getattr(value, "dtype", ""))
        )


def backward_in(name: str) -> str:
    """The text of the backward in a problem file."""
    text = ALL[name].read_text(encoding="utf-8")
    found = [
        node
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef) and node.name == "backward"
    ]
    source = ast.get_source_segment(text, found[0])
    assert source is not None
    return source + "\n"


LAYER_NORM = """\
def backward(gain, std, normed, dout):
    dgain = (dout * normed).sum(axis=0)
    dbias = dout.sum(axis=0)
    g = dout * gain
    mean_g = g.mean(axis=1, keepdims=True)
    along = (g * normed).mean(axis=1, keepdims=True)
    dx = (g - mean_g - normed * along) / std
"""

RMS_NORM = """\
def backward(gain, inv, normed, dout):
    dgain = (dout * normed).sum(axis=0)
    g = dout * gain
    dx = inv * (g - normed * (g * normed).mean(axis=-1, keepdims=True))
"""

ATTENTION = """\
def backward(x, Wq, Wk, Wv, q, k, v, weights, dout):
    head = q.shape[-1]
    dv = weights.transpose(0, 2, 1) @ dout
    dweights = dout @ v.transpose(0, 2, 1)
    along = (weights * dweights).sum(axis=-1, keepdims=True)
    dproducts = weights * (dweights - along) / np.sqrt(head)
    dq = dproducts @ k
    dk = dproducts.transpose(0, 2, 1) @ q
    dWq = np.einsum("nti,ntj->ij", x, dq)
    dWk = np.einsum("nti,ntj->ij", x, dk)
    dWv = np.einsum("nti,ntj->ij", x, dv)
    dx = dq @ Wq.T + dk @ Wk.T + dv @ Wv.T
"""

CONVOLUTION = """\
def backward(x, W, windows, a, dout):
    places = a.shape[1]
    dz = (dout / places)[:, None] * (a > 0)
    db = dz.sum(axis=(0, 1))
    dW = np.einsum("npwc,npf->wcf", windows, dz)
    dwindows = np.einsum("npf,wcf->npwc", dz, W)
    dx = np.zeros_like(x)
    for i in range(places):
        dx[:, i : i + W.shape[0]] += dwindows[:, i]
"""

LLM_C = "Karpathy's llm.c (2024), train_gpt2.c, "

TABLE = (
    # Losses.
    Known("cross_entropy_staged", to_match=True),
    Known("cross_entropy_logsumexp", to_match=True),
    Known("cross_entropy_softmax", to_match=True),
    Known("cross_entropy_one_hot", to_match=True),
    Known("cross_entropy_smoothed", to_match=True),
    Known("cross_entropy_soft"),
    Known("focal_loss"),
    Known("huber_loss"),
    Known("hinge_multiclass"),
    Known("svm"),
    Known("bce_logits", to_match=True),
    Known("bce_naive", to_match=True),
    Known("distillation"),
    Known("info_nce"),
    Known("info_nce_cosine"),
    Known("triplet"),
    Known("mse"),
    Known("cosine_loss"),
    Known("vae"),
    # Norms.
    Known("batch_norm_bessel", to_match=True),
    Known("batch_norm", to_match=True),
    Known("batch_norm_3d"),
    Known("batch_norm_one_pass"),
    Known("batch_norm_one_pass_bessel"),
    Known("layer_norm", LAYER_NORM, LLM_C + "`layernorm_backward`.", to_match=True),
    Known("layer_norm_closed", cited=LLM_C + "`layernorm_backward`.", to_match=True),
    Known("layer_norm_one_pass"),
    Known(
        "rms_norm",
        RMS_NORM,
        'Zhang and Sennrich, "Root mean square layer normalization" (2019), section 4.2, with the '
        "normalised input in the place of the input.",
        to_match=True,
    ),
    Known("rms_norm_torch", to_match=True),
    Known("group_norm"),
    Known("instance_norm"),
    Known("l2_normalise"),
    Known("weight_norm"),
    # Attention.
    Known("softmax", to_match=True),
    Known("log_softmax"),
    Known("attention_plain", to_match=True),
    Known("attention", ATTENTION, LLM_C + "`attention_backward`.", to_match=True),
    Known("attention_closed", cited=LLM_C + "`attention_backward`.", to_match=True),
    Known("attention_flash"),
    Known("multi_head_attention", to_match=True),
    Known("transformer_block"),
    # Activations.
    Known("gelu_erf"),
    Known("gelu_tanh"),
    Known("silu", to_match=True),
    Known("swiglu"),
    Known("softplus"),
    Known("softplus_stable"),
    Known("mish"),
    Known("elu"),
    Known("tanh_layer"),
    # Models and their parts.
    Known(
        "gru_cell",
        cited='Cho et al., "Learning phrase representations using RNN encoder-decoder" (2014), '
        "equations 5 to 8 for the gates; the chain rule gate by gate.",
    ),
    Known("lstm_cell"),
    Known(
        "conv1d",
        CONVOLUTION,
        'Chellapilla, Puri and Simard, "High performance convolutional neural networks for '
        'document processing" (2006): products with the unfolded input.',
    ),
    Known(
        "tied_embedding",
        cited='Press and Wolf, "Using the output embedding to improve language models" (2017), '
        "section 3: the updates of the input embedding and of the output embedding add up.",
    ),
    Known("linear_regression"),
    Known(
        "bce",
        cited="Bishop, Pattern Recognition and Machine Learning (2006), equation 4.91.",
        to_match=True,
    ),
    Known("softmax_regression"),
    Known(
        "mlp",
        backward_in("mlp_fused"),
        'Karpathy, "Becoming a Backprop Ninja" (2022), exercises 2, 3 and 4.',
    ),
    Known("mlp_fused", cited='Karpathy, "Becoming a Backprop Ninja" (2022), exercise 4.'),
)
