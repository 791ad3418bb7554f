"""Elementwise functions as people write them, and the forms that their derivatives usually take."""

from __future__ import annotations

from typing import NamedTuple


class Form(NamedTuple):
    """A forward that makes `h` of `x`, right ways to write `dx`, and where `x` may be drawn."""

    forward: tuple[str, ...]
    backward: tuple[str, ...]
    domain: str = "real"


FORMS: dict[str, Form] = {
    "sigmoid": Form(
        ("h = 1 / (1 + np.exp(-x))",),
        (
            "dh * h * (1 - h)",
            "dh * (h - h**2)",
            "dh * h - dh * h * h",
            "dh * np.exp(-x) / (1 + np.exp(-x))**2",
            "dh*(1-h)*(1-(1-h))",
        ),
        "real",
    ),
    "sigmoid e/(1+e)": Form(
        ("h = np.exp(x) / (1 + np.exp(x))",), ("dh * h * (1 - h)", "dh * (h - h**2)"), "real"
    ),
    "sigmoid tanh": Form(
        ("h = 0.5 * (1 + np.tanh(x / 2))",),
        ("dh * h * (1 - h)", "dh * (1 - np.tanh(x/2)**2) / 4"),
        "real",
    ),
    "tanh": Form(
        ("h = np.tanh(x)",),
        (
            "dh * (1 - h**2)",
            "dh * (1 - h * h)",
            "dh - dh * h**2",
            "dh * (1 - h) * (1 + h)",
            "dh / np.cosh(x)**2",
            "dh*(1-np.square(h))",
            "dh * (1.0 - np.tanh(x) ** 2)",
            "dh * 4 / (np.exp(x) + np.exp(-x))**2",
        ),
        "real",
    ),
    "tanh exp": Form(
        ("h = (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))",), ("dh * (1 - h**2)",), "real"
    ),
    "softplus": Form(
        ("h = np.log(1 + np.exp(x))",),
        (
            "dh / (1 + np.exp(-x))",
            "dh * np.exp(x) / (1 + np.exp(x))",
            "dh * (1 - np.exp(-h))",
            "dh*(1-1/(1+np.exp(x)))",
        ),
        "real",
    ),
    "softplus log1p": Form(
        ("h = np.log1p(np.exp(x))",),
        ("dh / (1 + np.exp(-x))", "dh * (1 - np.exp(-h))", "-dh*np.expm1(-h)"),
        "real",
    ),
    "softplus stable": Form(
        ("h = np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))",),
        ("dh / (1 + np.exp(-x))", "dh * (1 - np.exp(-h))"),
        "real",
    ),
    "logaddexp": Form(
        ("h = np.logaddexp(0, x)",), ("dh / (1 + np.exp(-x))", "dh * np.exp(x - h)"), "real"
    ),
    "logsigmoid": Form(
        ("h = -np.log(1 + np.exp(-x))",), ("dh * (1 - np.exp(h))", "dh / (1 + np.exp(x))"), "real"
    ),
    "log1p": Form(("h = np.log1p(x)",), ("dh / (1 + x)", "dh * np.exp(-h)"), "positive"),
    "log": Form(("h = np.log(1 + x)",), ("dh / (1 + x)", "dh * np.exp(-h)"), "positive"),
    "expm1": Form(("h = np.expm1(x)",), ("dh * (h + 1)", "dh * np.exp(x)"), "real"),
    "exp-1": Form(("h = np.exp(x) - 1",), ("dh * (h + 1)", "dh * np.exp(x)"), "real"),
    "elu": Form(
        ("h = np.where(x > 0, x, np.exp(x) - 1)",), ("dh * np.where(x > 0, 1, h + 1)",), "real"
    ),
    "exp": Form(("h = np.exp(x)",), ("dh * h", "dh * np.exp(x)"), "real"),
    "logx": Form(("h = np.log(x)",), ("dh / x", "dh * np.exp(-h)"), "positive"),
    "sqrt": Form(
        ("h = np.sqrt(x)",),
        ("dh / (2 * h)", "dh * 0.5 * x**-0.5", "0.5 * dh / np.sqrt(x)", "dh * h / (2 * x)"),
        "positive",
    ),
    "rsqrt": Form(
        ("h = (x + 1e-5) ** -0.5",),
        ("dh * -0.5 * (x + 1e-5) ** -1.5", "dh * -0.5 * h**3"),
        "positive",
    ),
    "recip": Form(("h = 1 / x",), ("-dh * h * h", "-dh / x**2", "-dh * h / x"), "positive"),
    "square": Form(("h = x**2",), ("2 * x * dh", "dh * 2 * h / x"), "positive"),
    "pow3": Form(("h = x**3",), ("3 * x**2 * dh", "dh * 3 * h / x"), "positive"),
    "pow2.5": Form(("h = x**2.5",), ("2.5 * x**1.5 * dh", "dh * 2.5 * h / x"), "positive"),
    "sin": Form(
        ("h = np.sin(x)",),
        ("dh * np.cos(x)", "dh * np.sqrt(1 - h**2) * np.sign(np.cos(x))"),
        "real",
    ),
    "cos": Form(("h = np.cos(x)",), ("-dh * np.sin(x)",), "real"),
    "tan": Form(("h = np.tan(x)",), ("dh * (1 + h**2)", "dh / np.cos(x)**2"), "real"),
    "arctan": Form(("h = np.arctan(x)",), ("dh / (1 + x**2)", "dh * np.cos(h)**2"), "real"),
    "arcsin": Form(("h = np.arcsin(x)",), ("dh / np.sqrt(1 - x**2)", "dh / np.cos(h)"), "unit"),
    "arccos": Form(("h = np.arccos(x)",), ("-dh / np.sqrt(1 - x**2)", "-dh / np.sin(h)"), "unit"),
    "arctanh": Form(
        ("h = np.arctanh(x)",),
        ("dh / (1 - x**2)", "dh / ((1 - x) * (1 + x))", "dh * np.cosh(h)**2"),
        "unit",
    ),
    "arcsin named": Form(("y = np.sqrt(1 - x**2)", "h = np.arcsin(x)"), ("dh / y",), "unit"),
    "sinh": Form(("h = np.sinh(x)",), ("dh * np.cosh(x)", "dh * np.sqrt(1 + h**2)"), "real"),
    "cosh": Form(
        ("h = np.cosh(x)",), ("dh * np.sinh(x)", "dh * np.sign(x)*np.sqrt(h**2-1)"), "real"
    ),
    "arcsinh": Form(("h = np.arcsinh(x)",), ("dh / np.sqrt(x**2 + 1)", "dh / np.cosh(h)"), "real"),
    "silu": Form(
        ("s = 1 / (1 + np.exp(-x))", "h = x * s"),
        ("dh * (s + h * (1 - s))", "dh * s * (1 + x * (1 - s))", "dh * (s + x * s * (1 - s))"),
        "real",
    ),
    "gelu tanh": Form(
        ("u = 0.7978845608 * (x + 0.044715 * x**3)", "t = np.tanh(u)", "h = 0.5 * x * (1 + t)"),
        ("dh * 0.5 * (1 + t + x * (1 - t**2) * 0.7978845608 * (1 + 3 * 0.044715 * x**2))",),
        "real",
    ),
    "mish": Form(
        ("sp = np.log(1 + np.exp(x))", "t = np.tanh(sp)", "h = x * t"),
        ("dh * (t + x * (1 - t**2) / (1 + np.exp(-x)))",),
        "real",
    ),
    "softsign": Form(
        ("h = x / (1 + np.abs(x))",), ("dh / (1 + np.abs(x))**2", "dh * (1 - np.abs(h))**2"), "real"
    ),
    "softmax": Form(
        ("e = np.exp(x - x.max(-1, keepdims=True))", "h = e / e.sum(-1, keepdims=True)"),
        (
            "h * (dh - (dh * h).sum(-1, keepdims=True))",
            "h * dh - h * (dh * h).sum(-1, keepdims=True)",
        ),
        "real",
    ),
    "softmax nomax": Form(
        ("e = np.exp(x)", "h = e / e.sum(-1, keepdims=True)"),
        ("h * (dh - (dh * h).sum(-1, keepdims=True))",),
        "real",
    ),
    "log softmax": Form(
        ("h = x - np.log(np.exp(x).sum(-1, keepdims=True))",),
        ("dh - np.exp(h) * dh.sum(-1, keepdims=True)",),
        "real",
    ),
    "lse": Form(("h = np.log(np.exp(x).sum(-1, keepdims=True))",), ("dh * np.exp(x - h)",), "real"),
    "norm": Form(("h = np.sqrt((x**2).sum(-1, keepdims=True))",), ("dh * x / h",), "real"),
    "normalise": Form(
        ("n = np.sqrt((x**2).sum(-1, keepdims=True))", "h = x / n"),
        ("(dh - h * (dh * h).sum(-1, keepdims=True)) / n",),
        "real",
    ),
    "layernorm": Form(
        (
            "m = x.mean(-1, keepdims=True)",
            "v = x.var(-1, keepdims=True)",
            "r = 1 / np.sqrt(v + 1e-5)",
            "h = (x - m) * r",
        ),
        ("r / 3 * (3 * dh - dh.sum(-1, keepdims=True) - h * (dh * h).sum(-1, keepdims=True))",),
        "real",
    ),
    "layernorm onepass": Form(
        (
            "m = x.mean(-1, keepdims=True)",
            "v = (x**2).mean(-1, keepdims=True) - m**2",
            "r = 1 / np.sqrt(v + 1e-5)",
            "h = (x - m) * r",
        ),
        ("r / 3 * (3 * dh - dh.sum(-1, keepdims=True) - h * (dh * h).sum(-1, keepdims=True))",),
        "real",
    ),
    "bce": Form(("p = 1 / (1 + np.exp(-x))", "h = -np.log(p)"), ("dh * (p - 1)",), "real"),
    "bce2": Form(
        (
            "p = 1 / (1 + np.exp(-x))",
            "y = (np.arange(x.size).reshape(x.shape) % 2) * 1.0",
            "h = -(y * np.log(p) + (1 - y) * np.log(1 - p))",
        ),
        ("dh * (p - y)",),
        "real",
    ),
    "clip log": Form(
        ("p = 1 / (1 + np.exp(-x))", "c = np.clip(p, 1e-7, 1 - 1e-7)", "h = -np.log(c)"),
        ("dh * -1 / c * ((p > 1e-7) & (p < 1 - 1e-7)) * p * (1 - p)",),
        "real",
    ),
    "diff of squares": Form(("h = (x - 1) * (x + 1)",), ("dh * 2 * x",), "real"),
    "hypot": Form(("h = np.sqrt(x**2 + 1)",), ("dh * x / h",), "real"),
    "1-exp": Form(("h = 1 - np.exp(-x)",), ("dh * (1 - h)", "dh * np.exp(-x)"), "positive"),
    "gumbel": Form(
        ("h = -np.log(-np.log(x))",), ("dh / (-x * np.log(x))", "dh*np.exp(h)/x"), "unit positive"
    ),
    "logit": Form(
        ("h = np.log(x / (1 - x))",), ("dh / (x * (1 - x))", "dh / (x - x**2)"), "unit positive"
    ),
    "entropy": Form(("h = -x * np.log(x)",), ("-dh * (np.log(x) + 1)",), "unit positive"),
    "sinc": Form(
        ("h = np.sin(x) / x",),
        ("dh * (np.cos(x) - h) / x", "dh*(x*np.cos(x)-np.sin(x))/x**2"),
        "positive",
    ),
}
