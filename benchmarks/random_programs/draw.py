"""Random forwards of up to 40 steps, as source text.

A forward is drawn statement by statement, and run as it grows, so that every next statement fits
the shapes that there are. Values stay of ordinary size, and away from the ties and kinks at which
gradients are a matter of taste. Sizes are dimensions of the problem, so that what is derived is
tried at other sizes, too.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

LONGEST = 40
LARGEST = 72  # elements
APART = 1e-4  # how far from a tie or a kink a value must be

HEAD = '''"""A random program."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def inputs(rng, *, n=3, m=4, k=2):
    return {
        "x": rng.normal(size=(n, m)),
        "W": rng.normal(size=(m, k)),
        "u": rng.normal(size=m),
        "c": rng.normal(size=(n, 1)),
        "t": rng.normal(size=(k, n, m)),
        "s": np.array(rng.normal()),
        "y": rng.integers(0, m, n),
    }


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


'''


@dataclass(frozen=True)
class Form:
    """An expression of one or two values, `a` and `b`.

    `least` and `most` are the axes that `a` may have. `apart` is what must not come near 0.
    """

    text: str
    least: int = 0
    most: int = 9
    apart: str = ""


def forms(least: int, most: int, *texts: str) -> tuple[Form, ...]:
    return tuple(Form(text, least, most) for text in texts)


SORTED = "np.diff(np.sort({a}, axis=-1))"

FORMS = (
    *forms(
        0,
        9,
        "np.tanh({a})",
        "np.sin({a}) * 2",
        "np.cos({a}) + {a}",
        "np.exp(-({a} ** 2))",
        "np.exp2(np.sin({a}))",
        "np.expm1({a} / 4)",
        "np.log(1.5 + np.cos({a}))",
        "np.log1p({a} ** 2)",
        "np.log2(2 + np.sin({a}))",
        "np.log10(2 + {a} ** 2)",
        "np.sqrt(1 + {a} ** 2)",
        "np.cbrt(3 + np.sin({a}))",
        "np.square({a}) / 4",
        "np.reciprocal(2 + np.sin({a}))",
        "np.arctan({a})",
        "np.arcsin(np.sin({a}) * 0.8)",
        "np.arccos(np.tanh({a}) * 0.9)",
        "np.arcsinh({a})",
        "np.arccosh(1.5 + {a} ** 2)",
        "np.arctanh(np.tanh({a}) * 0.9)",
        "np.sinh(np.sin({a}))",
        "np.cosh(np.cos({a}))",
        "np.tan(np.tanh({a}))",
        "1 / (1 + np.exp(-{a}))",
        "-{a} + 0.5",
        "3 - {a}",
        "{a} / 3",
        "1 / (2 + np.sin({a}))",
        "(1.5 + np.sin({a})) ** 1.5",
        "1.5 ** np.sin({a})",
        "{a}.copy()",
        "{a}.sum()",
        "{a}.mean()",
        "np.linalg.norm({a} + 3)",
        "{a}.reshape(-1)",
        "{a} * {a}.size / 10",
        "sum([v * v for v in ({a}, 2 * {a})])",
        "{a}[..., None]",
        "np.where(np.isfinite({a}), {a}, 0.0)",
        "np.zeros_like({a}) + {a} * np.sign(2 + np.cos({a}))",
    ),
    Form("np.abs({a})", apart="{a}"),
    Form("{a} * ({a} > 0)", apart="{a}"),
    Form("np.maximum({a}, 0)", apart="{a}"),
    Form("np.clip({a}, -0.5, 0.7)", apart="np.stack([{a} + 0.5, {a} - 0.7])"),
    *forms(
        1,
        9,
        "{a}.sum(axis=0)",
        "{a}.sum(axis=-1, keepdims=True)",
        "{a}.mean(axis=0, keepdims=True)",
        "{a}.mean(axis=-1)",
        "{a} - {a}.mean(axis=-1, keepdims=True)",
        "{a}.var(axis=-1, keepdims=True)",
        "({a} - {a}.mean(0)) / np.sqrt({a}.var(0) + 0.1)",
        "np.logaddexp.reduce({a}, axis=-1)",
        "softmax({a})",
        "np.cumsum({a}, axis=-1)",
        "np.cumprod(1 + np.sin({a}) / 3, axis=0)",
        "{a}[1:]",
        "{a}[:-1] * {a}[1:]",
        "{a}[[0, -1, 0]]",
        "{a}[0]",
        "{a}[::-1]",
        "{a}[::2]",
        "{a}[len({a}) // 2 :]",
        "{a}.take([0, 1, 1], axis=-1)",
        "np.concatenate([{a}, {a} * 2])",
        "np.stack([{a}, np.sin({a})], axis=-1)",
        "np.stack([row * 2 for row in {a}])",
        "np.stack([{a}[i] * {a}[i] for i in range(len({a}))])",
        "sum(row * row for row in {a})",
        "np.roll({a}, 1, axis=-1)",
        "np.flip({a}, axis=0)",
        "np.repeat({a}, 2, axis=0)",
        "np.tile({a}, 2)",
        "np.diff({a}, axis=0)",
        "np.append({a}, {a}[:1], axis=0)",
        "np.pad({a}[..., None], [(0, 0)] * {a}.ndim + [(1, 0)])[..., 0] + {a}",
        "np.expand_dims({a}, 0)",
        "np.broadcast_to({a}, (2, *{a}.shape))",
        "np.array_split({a}, 2)[1]",
        "np.average({a}, axis=0)",
    ),
    Form("(1.2 + np.sin({a})).prod(axis=-1)", 1),
    Form("np.std({a} * 2, axis=-1)", 1, apart="np.std({a} * 2, axis=-1)"),
    Form("np.max({a}, axis=-1, keepdims=True)", 1, apart=SORTED),
    Form("{a}.min(axis=-1)", 1, apart=SORTED),
    Form("np.sort({a}, axis=-1)", 1, apart=SORTED),
    Form("np.take_along_axis({a}, np.argsort({a}, axis=-1), axis=-1)[..., :2]", 1, apart=SORTED),
    Form("{a}.max()", 1, apart="np.diff(np.sort({a}, axis=None))"),
    Form("{a} * ({a} == {a}.max(axis=-1, keepdims=True))", 1, apart=SORTED),
    *forms(1, 1, "np.outer({a}, {a})", "np.inner({a}, {a})", "{a}[:, None] * {a}"),
    *forms(1, 1, "sliding_window_view({a}, 2) * 2", "{a}[None, :]"),
    *forms(
        2,
        9,
        "{a}.swapaxes(0, 1)",
        "{a}.transpose()",
        "{a}.sum(axis=(0, 1))",
        "{a}[:, ::2]",
        "{a}[:, 0]",
        "{a}[:, [0, 0]]",
        "{a}[..., -1]",
        "{a}.reshape({a}.shape[0], -1)",
        "{a}.mean(axis=(0, -1), keepdims=True)",
        "np.moveaxis({a}, 0, -1)",
        "np.linalg.norm({a} + 2, axis=-1, keepdims=True)",
        "np.squeeze({a}[:, :1], axis=1)",
        "np.concatenate([{a}, -{a}], axis=1)",
        "np.tensordot({a}, {a}, axes=([0, 1], [0, 1]))",
        "np.split({a}, [1], axis=1)[1]",
        "np.tril({a})",
        "np.triu({a}, 1)",
        "np.einsum('i...->i', {a})",
    ),
    *forms(
        2,
        2,
        "{a}.T",
        "{a} @ {a}.T / 4",
        "np.einsum('ij,ij->i', {a}, {a})",
        "np.einsum('ij,kj->ik', {a}, {a}) / 3",
        "np.einsum('ij->ji', {a})",
        "np.diagonal({a})",
        "np.trace({a})",
        "np.pad({a}, ((1, 0), (0, 1)))",
        "sliding_window_view({a}, 2, axis=1).sum(axis=-1)",
        "np.hstack([{a}, {a}[:, :1]])",
        "np.linalg.inv({a} @ {a}.T / 9 + 2 * np.eye(len({a})))",
    ),
    *forms(3, 3, "{a}.transpose(0, 2, 1)", "{a}.transpose(2, 0, 1)", "{a} @ {a}.mT / 4"),
    *forms(3, 3, "np.einsum('bij,bkj->bik', {a}, {a}) / 4", "{a}.sum(axis=(0, 2))"),
    *forms(
        0,
        9,
        "{a} + {b}",
        "{a} - {b}",
        "{a} * {b}",
        "{a} / (1.5 + np.sin({b}))",
        "({a} - {b}) ** 2",
        "(1.5 + np.cos({a})) ** np.sin({b})",
        "np.logaddexp({a}, {b})",
        "np.hypot({a}, {b} + 3)",
        "np.arctan2({a}, 3 + np.sin({b}))",
        "np.where({b} > 100, {b}, {a})",
    ),
    Form("np.maximum({a}, {b})", apart="{a} - {b}"),
    Form("np.minimum({a}, {b})", apart="{a} - {b}"),
    Form("np.where({a} > {b}, {a}, 2 * {b})", apart="{a} - {b}"),
    *forms(
        1,
        9,
        "{a} @ {b}",
        "{a} @ {b} / {a}.shape[-1]",
        "np.dot({a}, {b})",
        "{a} @ {b}.T",
        "np.concatenate([{a}, {b}])",
        "np.stack([{a}, {b}])",
        "np.outer({a}, {b})",
        "np.tensordot({a}, {b}, axes=1)",
        "np.linalg.solve({a} @ {a}.mT / 9 + 2 * np.eye({a}.shape[-2]), {b})",
    ),
    *forms(2, 9, "{a}[np.arange(len(y)), y]", "{a}[y % len({a})]", "{a}[:, y % {a}.shape[1]]"),
    *forms(
        2,
        2,
        "np.einsum('ij,jk->ik', {a}, {b})",
        "np.einsum('ij,kj->ki', {a}, {b})",
        "np.concatenate([{a}, {b}], axis=1)",
        "np.vstack([{a}, {b}])",
        "np.take_along_axis({a}, y[:, None], axis=1)",
    ),
)

BLOCKS = (  # statements of several lines; the last name that they bind is `h`
    "{h} = {a}.copy()\n{h}[0] = {b}",
    "{h} = {a} * 1\n{h}[1:] += {b}",
    "{h} = {a} + 0\n{h} += {b}",
    "{h} = {a} + {b}\n{h} *= 0.5",
    "{h} = {a}\nfor i in range(3):\n    {h} = np.tanh({h} + {b})",
    "{h} = np.zeros_like({a})\nfor i in range(len({a})):\n    {h}[i] = {a}[i] * i",
    "{h} = 0.0\nfor i in range(len({a})):\n    {h} = {h} + np.sin({a}[i]) * {b}",
    "hs{h} = [{b}]\nfor i in range(len({a})):\n    hs{h}.append(np.tanh(hs{h}[-1] * {a}[i]))\n"
    "{h} = hs{h}[-1]",
    "{h} = {a}\nfor i in range(2):\n    for j in range(2):\n        {h} = np.sin({h} + j * {b})",
    "{h}, {h}b = np.split(np.concatenate([{a}, {a}]), 2)",
    "{h}b, {h} = {a} * {b}, {a} + 1",
    "{h}_n = len({a})\n{h} = {a}.sum(axis=0) / {h}_n",
)


@dataclass(frozen=True)
class RandomProgram:
    """A problem without a backward."""

    seed: int
    body: str

    @property
    def source(self) -> str:
        return f"{HEAD}def forward(x, W, u, c, t, s, y):\n{textwrap.indent(self.body, '    ')}"


def draw(seed: int, longest: int = LONGEST) -> RandomProgram:
    """The program of this seed: always the same one."""
    rng = np.random.default_rng([seed, 4])
    space: dict[str, Any] = {}
    exec(HEAD, space)
    held: dict[str, Any] = space["inputs"](np.random.default_rng(0))
    y = held.pop("y")
    space["y"] = y
    lines: list[str] = []
    for number in range(int(rng.integers(1, longest + 1))):
        line = _statement(rng, held, space, number)
        lines.append(line)
    kept = [name for name in held if rng.random() < 0.4] or list(held)[-1:]
    if list(held)[-1] not in kept:
        kept.append(list(held)[-1])
    terms = [f"({name} * {rng.normal():.3f}).sum()" for name in kept]
    lines += [f"loss = {terms[0]}", *(f"loss = loss + {term}" for term in terms[1:])]
    if rng.random() < 0.5:
        lines[-len(terms) :] = ["loss = " + " + ".join(terms)]
    return RandomProgram(seed, "\n".join([*lines, "return loss"]) + "\n")


def _statement(
    rng: np.random.Generator, held: dict[str, Any], space: Mapping[str, Any], number: int
) -> str:
    """A statement that fits what is held; what it binds is held then."""
    while True:
        a, b = _pick(rng, held), _pick(rng, held)
        new = rng.random() < 0.9
        steps = [name for name in held if name.startswith("h")]
        name = f"h{number}" if new or not steps else str(rng.choice(steps))
        if rng.random() < 0.12:
            line, apart = str(rng.choice(BLOCKS)).format(a=a, b=b, h=f"h{number}"), ""
        else:
            form = FORMS[rng.integers(len(FORMS))]
            if not form.least <= np.ndim(held[a]) <= form.most:
                continue
            line = f"{name} = {form.text.format(a=a, b=b)}"
            apart = form.apart.format(a=a, b=b)
        bound = _bound(line, apart, held, space)
        if bound:
            held.update(bound)
            return line


def _pick(rng: np.random.Generator, held: Mapping[str, Any]) -> str:
    """A name, one time in two of the last few."""
    names = list(held)
    return str(rng.choice(names[-3:] if rng.random() < 0.5 else names))


def _bound(
    line: str, apart: str, held: Mapping[str, Any], space: Mapping[str, Any]
) -> dict[str, Any]:
    """What a statement binds, or nothing: if it raises, or gives values that aren't ordinary."""
    copies = {name: np.array(value) for name, value in held.items()}
    local = {**space, **copies}
    try:
        with np.errstate(all="ignore"):
            if apart and not np.all(np.abs(eval(apart, local)) > APART):
                return {}
            exec(line, local)
    except (ValueError, IndexError, TypeError, ZeroDivisionError, np.linalg.LinAlgError):
        return {}
    found = {
        name: np.asarray(value)
        for name, value in local.items()
        if name.startswith("h") and value is not copies.get(name) and _is_floats(value)
    }
    return found if all(map(_ordinary, found.values())) else {}


def _is_floats(value: Any) -> bool:
    return isinstance(value, (np.ndarray, np.float64))


def _ordinary(value: np.ndarray) -> bool:
    return 0 < value.size <= LARGEST and value.ndim <= 4 and bool(np.all(np.abs(value) < 20))
